"""`fastmcp list`, as a process."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

Run = Callable[..., subprocess.CompletedProcess[str]]

TOOLS = """\

tools:
  greet(name: string, times: integer = 1)  Greet somebody.
  details(value: object)
  either(value: integer | string | null)
  chart()  Draw a chart.
  brew(seconds: number = 2)  Make tea, which takes a while.
  order(cups: integer = 1)  Order tea.
  fail()  Fail.
  nothing()  Do nothing.
"""
RESOURCES = """\

resources:
  config://app  The configuration.
  logo://png  The logo.

resource templates:
  user://{id}  One user.
"""
PROMPTS = """\

prompts:
  ask(topic)  Ask something.
"""
TITLE = "shop 1 (MCP 2026-07-28)\n"


@pytest.mark.parametrize(
    ("flags", "listed"),
    [
        ([], TOOLS + RESOURCES + PROMPTS),
        (["--tools"], TOOLS),
        (["--resources"], RESOURCES),
        (["--prompts", "--resources"], RESOURCES + PROMPTS),
    ],
    ids=str,
)
def test_each_thing_has_a_line(run: Run, flags: list[str], listed: str) -> None:
    """With how it is called, and the first line of its description; flags say of which kinds."""
    made = run("list", "server.py", *flags)

    assert (made.returncode, made.stdout, made.stderr) == (0, TITLE + listed, "")


def test_what_is_not_there_has_no_heading(run: Run) -> None:
    """A server without anything is its name alone."""
    assert run("list", "server.py:other").stdout == "other 2 (MCP 2026-07-28)\n"


@pytest.mark.parametrize("command", [("list",), ("list", "--resources"), ("inspect",)], ids=str)
def test_a_server_need_not_know_of_each_kind(run: Run, command: tuple[str, ...]) -> None:
    """One that has tools alone answers questions about the others with an error."""
    made = run(*command, "--command", f"{sys.executable} odd.py")
    document = run(*command, "--json", "--command", f"{sys.executable} odd.py")

    assert (made.returncode, made.stderr) == (0, "")
    assert (document.returncode, document.stderr) == (0, "")
    assert json.loads(document.stdout)["resources"] == []


def test_a_schema_may_be_anything(run: Run) -> None:
    """What it does not say of a parameter is left out."""
    made = run("list", "--command", f"{sys.executable} odd.py")
    lines = [line.strip() for line in made.stdout.splitlines()[3:]]

    assert lines == [
        "text(value: string)",
        "perhaps_text(value: string | null)",
        "reference(value: code)",
        'choice(value: "1" | "2")',
        'constant(value: "1")',
        "all_of(value: code)",
        "several(value: string | integer)",
        "switch(value: boolean)",
        "number(value: integer)",
        "loop(value: value)",
        "true(value)",
        "of_no_type(value)",
        "no_schema()",
        "odd_members()",
        "broken_image()",
        "größe(名前?: string)",
    ]


def test_schemas_follow_their_tool(run: Run, example: Path) -> None:
    """What it takes, and what it gives, as JSON that can be copied."""
    example.joinpath("server.py").write_text(
        "from fastmcp import FastMCP\n"
        "mcp = FastMCP('x')\n"
        "@mcp.tool\n"
        "def add(a: int) -> dict[str, int]: return {}\n"
    )
    lines = run("list", "server.py", "--input-schema", "--output-schema").stdout.splitlines()

    place = lines.index("  add(a: integer)")
    text = "\n".join(lines[place + 1 :])
    taken, _, given = text.removeprefix("    input: ").partition("    output: ")
    assert json.loads(taken)["required"] == ["a"]
    assert json.loads(given)["additionalProperties"] == {"type": "integer"}


def test_json_has_all_of_it_as_the_protocol_does(run: Run) -> None:
    """One object; the kinds that were not asked for are not in it."""
    whole = json.loads(run("list", "server.py", "--json").stdout)
    prompts = json.loads(run("list", "server.py", "--json", "--prompts").stdout)

    assert whole["serverInfo"] == {"name": "shop", "version": "1"}
    assert whole["instructions"] == "Ask for tea."
    assert whole["tools"][0]["inputSchema"]["required"] == ["name"]
    assert [each["uri"] for each in whole["resources"]] == ["config://app", "logo://png"]
    assert whole["resourceTemplates"][0]["uriTemplate"] == "user://{id}"
    assert prompts["prompts"] == whole["prompts"]
    assert not {"tools", "resources", "resourceTemplates"} & prompts.keys()


def test_signatures_tell_of_choices_and_what_may_be_left_out(run: Run, example: Path) -> None:
    """Enumerations, lists, models and alternatives, in a few words."""
    example.joinpath("server.py").write_text(
        "from typing import Any, Literal\n"
        "from pydantic import BaseModel\n"
        "from fastmcp import FastMCP\n"
        "mcp = FastMCP('x')\n"
        "class Cup(BaseModel):\n"
        "    size: int\n"
        "@mcp.tool\n"
        "def f(a: Literal['x', 'y'], b: list[int], c: Any, d: Cup | None = None) -> None: ...\n"
    )

    line = run("list", "--tools").stdout.splitlines()[-1].strip()

    assert line.startswith('f(a: "x" | "y", b: array of integer, c, d: ')
    assert line.endswith(" | null = null)")


def test_texts_of_a_server_cannot_command_the_terminal(run: Run, example: Path) -> None:
    """Control characters are spelt out, and a name stays on its line."""
    example.joinpath("server.py").write_text(
        "from fastmcp import FastMCP\n"
        "mcp = FastMCP('x\\x1b[31m')\n"
        "@mcp.tool(description='first\\x1b]0;title\\x07\\nsecond')\n"
        "def f() -> None: ...\n"
    )

    printed = run("list").stdout

    assert "\x1b" not in printed and "\x07" not in printed
    assert "f()  first\\x1b]0;title\\x07" in printed
