"""The commands that tools become: names that are safe on a command line, and kinds of arguments."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from ..schemas import (
    Schema,
    alternatives,
    choices_of,
    kind_of,
    mapping,
    members_of,
    resolved,
)
from ..terminal import shown, shown_in_line

if TYPE_CHECKING:
    from fastmcp.wire.features import Tool

Command: TypeAlias = dict[str, Any]

_SIMPLE: Final = {"string": "text", "integer": "integer", "number": "number", "boolean": "flag"}
_SEVERAL: Final = {"string": "texts", "integer": "integers", "number": "numbers"}


def commands_of(tools: Iterable[Tool]) -> list[Command]:
    """For each tool what a command line needs of it, in nothing but what Python's literals have."""
    taken: set[str] = set()
    return [_command(tool, taken) for tool in tools]


def _command(tool: Tool, taken: set[str]) -> Command:
    schema = tool.input_schema
    flags = {"--help"}
    return {
        "name": tool.name,
        "command": _free(_safe(tool.name) or "tool", taken),
        "help": shown((tool.description or "").strip()),
        "arguments": [
            _argument(name, member, schema, required, flags)
            for name, (member, required) in members_of(schema).items()
        ],
    }


def _argument(
    name: str, member: Any, whole: Schema, required: bool, taken: set[str]
) -> dict[str, Any]:
    read = resolved(member, whole)
    kind, choices = _kind(read, whole)
    flag = "--" + (_safe(name.replace("_", "-")) or "argument")
    also = _negated if kind == "flag" else None
    return {
        "name": name,
        "flag": _free(flag, taken, also),
        "kind": kind,
        "required": required,
        "choices": choices,
        "help": _help(mapping(member), read, kind),
    }


def _safe(name: str) -> str:
    return re.sub(r"[^\w.-]+", "-", name).strip("-.")


def _negated(flag: str) -> str:
    return f"--no-{flag[2:]}"


def _free(name: str, taken: set[str], also: Callable[[str], str] | None = None) -> str:
    """The name, or with a number the first that is not taken; from now on it is."""
    number = 1
    candidate = name
    while candidate in taken or (also is not None and also(candidate) in taken):
        number += 1
        candidate = f"{name}-{number}"
    taken.add(candidate)
    if also is not None:
        taken.add(also(candidate))
    return candidate


def _kind(schema: Schema, whole: Schema) -> tuple[str, list[str] | None]:
    """How an argument is written, and what it may be, if that is one of a few texts."""
    branches = [each for each in alternatives(schema, whole) if kind_of(each) != "null"]
    if len(branches) != 1:
        kinds = {kind_of(each) for each in branches}
        return ("either" if not branches or kinds & {"string", None} else "json"), None
    [branch] = branches
    if choices := choices_of(branch):
        plain = all(isinstance(each, str) and each.isprintable() for each in choices)
        return ("text", choices) if plain else ("either", None)
    kind = kind_of(branch)
    if kind == "array":
        inner = resolved(branch.get("items"), whole)
        return _SEVERAL.get(kind_of(inner) or "", "json"), None
    return _SIMPLE.get(kind or "", "either" if kind is None else "json"), None


def _help(member: Schema, read: Schema, kind: str) -> str:
    told = member.get("description") or read.get("description")
    text = told.strip() if isinstance(told, str) else ""
    if kind == "json" and read:
        text += f" (JSON of the schema {json.dumps(read)})"
    if "default" in member:
        text += f" (default: {json.dumps(member['default'])})"
    return shown_in_line(" ".join(text.split()))
