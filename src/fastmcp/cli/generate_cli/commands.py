"""The commands that tools become: names that are safe on a command line, and kinds of arguments."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final, TypeAlias, cast

from ..terminal import shown, shown_in_line

if TYPE_CHECKING:
    from fastmcp.wire.features import Tool

Schema: TypeAlias = Mapping[str, Any]
Command: TypeAlias = dict[str, Any]

DEEPEST: Final = 8
_SIMPLE: Final = {"string": "text", "integer": "integer", "number": "number", "boolean": "flag"}
_SEVERAL: Final = {"string": "texts", "integer": "integers", "number": "numbers"}


def commands_of(tools: Iterable[Tool]) -> list[Command]:
    """For each tool what a command line needs of it, in nothing but what Python's literals have."""
    taken: set[str] = set()
    return [_command(tool, taken) for tool in tools]


def _command(tool: Tool, taken: set[str]) -> Command:
    schema = _mapping(tool.input_schema)
    required = schema.get("required")
    names = _mapping(schema.get("properties"))
    flags = {"--help"}
    return {
        "name": tool.name,
        "command": _free(_safe(tool.name) or "tool", taken),
        "help": shown((tool.description or "").strip()),
        "arguments": [
            _argument(name, member, schema, isinstance(required, list) and name in required, flags)
            for name, member in names.items()
        ],
    }


def _argument(
    name: str, member: Any, whole: Schema, required: bool, taken: set[str]
) -> dict[str, Any]:
    read = _resolved(member, whole)
    kind, choices = _kind(read, whole)
    flag = "--" + (_safe(name.replace("_", "-")) or "argument")
    also = _negated if kind == "flag" else None
    return {
        "name": name,
        "flag": _free(flag, taken, also),
        "kind": kind,
        "required": required,
        "choices": choices,
        "help": _help(_mapping(member), read, kind),
    }


def _safe(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9_.-]+", "-", name).strip("-.")


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
    choices = schema.get("enum")
    if isinstance(choices, list) and choices:
        texts = cast("list[Any]", choices)
        plain = all(isinstance(each, str) and each.isprintable() for each in texts)
        return ("text", texts) if plain else ("either", None)
    branches = [each for each in _branches(schema, whole) if each.get("type") != "null"]
    if len(branches) == 1 and branches[0] is not schema:
        return _kind(branches[0], whole)
    kinds = {each.get("type") for each in branches}
    if len(branches) > 1:
        return ("either" if "string" in kinds else "json"), None
    kind = schema.get("type")
    if kind == "array":
        inner = _resolved(schema.get("items"), whole)
        return _SEVERAL.get(str(inner.get("type")), "json"), None
    return _SIMPLE.get(str(kind), "either" if kind is None else "json"), None


def _branches(schema: Schema, whole: Schema) -> list[Schema]:
    """What a value may be: one of several, or what the schema itself says."""
    several = schema.get("anyOf") or schema.get("oneOf")
    if isinstance(several, list):
        return [_resolved(each, whole) for each in cast("list[Any]", several)]
    kinds = schema.get("type")
    if isinstance(kinds, list):
        return [{**schema, "type": each} for each in cast("list[Any]", kinds)]
    return [schema]


def _resolved(schema: Any, whole: Schema) -> Schema:
    """A schema, or the one of the same document that it refers to."""
    found = _mapping(schema)
    for _ in range(DEEPEST):
        reference = found.get("$ref")
        if not isinstance(reference, str) or not reference.startswith("#/"):
            return found
        place: Any = whole
        for key in reference[2:].split("/"):
            place = _mapping(place).get(key.replace("~1", "/").replace("~0", "~"))
        found = _mapping(place)
    return {}


def _help(member: Schema, read: Schema, kind: str) -> str:
    told = member.get("description") or read.get("description")
    text = told.strip() if isinstance(told, str) else ""
    if kind == "json" and read:
        text += f" (JSON of the schema {json.dumps(read)})"
    if "default" in member:
        text += f" (default: {json.dumps(member['default'])})"
    return shown_in_line(" ".join(text.split()))


def _mapping(value: Any) -> Schema:
    return cast("Schema", value) if isinstance(value, Mapping) else {}
