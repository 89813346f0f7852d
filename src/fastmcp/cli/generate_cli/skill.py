"""SKILL.md: what tells an agent of a generated command line. What the server says of itself is put
there on lines of its own, with what Markdown would take for its own spelt out.
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterable, Iterator
from typing import Any, Final

from ..terminal import shown_in_line
from .commands import Command

_PLACEHOLDERS: Final = {
    "text": "TEXT",
    "integer": "INTEGER",
    "number": "NUMBER",
    "texts": "TEXT",
    "integers": "INTEGER",
    "numbers": "NUMBER",
    "either": "VALUE",
    "json": "JSON",
}
_OTHERS: Final = (
    "list-tools",
    "list-resources",
    "read-resource URI",
    "list-prompts",
    "get-prompt NAME NAME=VALUE",
)


def skill_text(server: str, file: str, commands: Iterable[Command], launch: list[str]) -> str:
    """The text, for a script of that file name, which `launch` starts."""
    name = re.sub(r"[^a-z0-9]+", "-", server.lower()).strip("-") or "mcp"
    about = f"Command line for the MCP server {_plain(server)}: its tools, resources and prompts."
    start = shlex.join([*launch, file])
    lines = [
        "---",
        f"name: {name[:60]}-cli",
        f"description: {json.dumps(about, ensure_ascii=False)}",
        "---",
        "",
        f"# {_plain(server)}",
        "",
        "## Tools",
    ]
    for command in commands:
        lines += ["", *_tool(command, start)]
    lines += ["", "## Others", "", "```bash", *(f"{start} {each}" for each in _OTHERS), "```", ""]
    return "\n".join(lines)


def _tool(command: Command, start: str) -> Iterator[str]:
    yield f"### {command['command']}"
    if about := _plain(command["help"]):
        yield from ("", about)
    needed = [_usage(each) for each in command["arguments"] if each["required"]]
    yield from ("", "```bash")
    yield " ".join([start, "call-tool", command["command"], *needed])
    yield "```"
    if not command["arguments"]:
        return
    yield from ("", "| Flag | Value | Required | Meaning |", "| --- | --- | --- | --- |")
    for each in command["arguments"]:
        choices = each["choices"] or [_PLACEHOLDERS.get(each["kind"], "")]
        value = _plain(" or ".join(choices))
        several = ", repeatable" if each["kind"].endswith("s") else ""
        needs = "yes" if each["required"] else "no"
        yield f"| `{each['flag']}` | {value}{several} | {needs} | {_plain(each['help'])} |"


def _usage(argument: dict[str, Any]) -> str:
    value = _PLACEHOLDERS.get(argument["kind"])
    return argument["flag"] if value is None else f"{argument['flag']} {value}"


def _plain(text: str) -> str:
    """A text on one line, in which nothing is Markdown or HTML."""
    line = shown_in_line(" ".join(text.split()))
    return re.sub(r"([\\`*_\[\]<>#|!~])", r"\\\1", line)
