"""Tools written down for a model."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, cast

from fastmcp.tools.base import Tool

from ...context import Context

# More values than these, and more names inside of an object, are not spelt out.
_VALUES = 8
_NAMES = 16

NONE_FOUND = "No tools matched the query."


def serialize_tools_for_output_json(tools: Sequence[Tool]) -> list[dict[str, Any]]:
    """The tools as `tools/list` shows them."""
    context = Context.current_or_none()
    portable = context is None or context.fastmcp.dereference_schemas
    return [tool._entry(portable=portable).model_dump(exclude_none=True) for tool in tools]


def serialize_tools_for_output_markdown(tools: Sequence[Tool]) -> str:
    """The tools as headings and lists, in about a third of what their JSON takes."""
    return "\n\n".join(map(_section, tools)) if tools else NONE_FOUND


def _section(tool: Tool) -> str:
    lines = [f"### {tool.name}"]
    if tool.description:
        lines += ["", tool.description.strip()]
    lines += ["", "**Parameters**", *_members(tool.parameters)]
    if tool.output_schema is not None:
        lines += ["", "**Returns**", *_members(tool.output_schema)]
    return "\n".join(lines)


def _members(schema: Any) -> list[str]:
    """A line for each property of an object, or one for what is none."""
    properties = _dict(schema).get("properties")
    if properties is None:
        return [f"- `value` ({_type(schema)})"]
    if not properties:
        return ["*(no parameters)*"]
    required = _list(schema.get("required"))
    definitions = _dict(schema.get("$defs"))
    return [
        f"- `{name}` ({_qualities(each, name in required)}){_names_within(each, definitions)}"
        for name, each in _dict(properties).items()
    ]


def _qualities(schema: Any, required: bool) -> str:
    """The type of a property, its values, its default, and whether it has to be given."""
    qualities = [_type(schema)]
    members = _dict(schema)
    values = _values(members)
    if values and len(values) <= _VALUES:
        qualities.append("one of " + "/".join(map(_written, values)))
    if members.get("default") is not None:
        qualities.append(f"default {_written(members['default'])}")
    return ", ".join([*qualities, "required"] if required else qualities)


def _type(schema: Any) -> str:
    """A short name for what a schema describes."""
    members = _dict(schema)
    named = members.get("type")
    if named == "array":
        return f"{_type(members.get('items'))}[]"
    if isinstance(named, str) and named:
        return named
    if isinstance(named, list):
        return _one_of([{"type": each} for each in _list(named)])
    for key in ("anyOf", "oneOf"):
        if key in members:
            return _one_of(_list(members[key]))
    known = "$ref" in members or "allOf" in members or "properties" in members
    return "object" if known else "any"


def _one_of(branches: list[Any]) -> str:
    types = list(dict.fromkeys(map(_type, branches)))
    others = [each for each in types if each != "null"]
    if not others:
        return "null" if types else "any"
    return " | ".join(others) + ("?" if len(others) < len(types) else "")


def _values(schema: dict[str, Any]) -> list[Any] | None:
    """The values that a property may have, None where they are not all listed."""
    if "const" in schema:
        return [schema["const"]]
    if isinstance(schema.get("enum"), list):
        return schema["enum"]
    found: list[Any] = []
    for branch in map(_dict, _list(schema.get("anyOf"))):
        if branch.get("type") == "null":
            continue
        values = _values(branch)
        if values is None:
            return None
        found += [value for value in values if value not in found]
    return found or None


def _names_within(schema: Any, definitions: dict[str, Any]) -> str:
    """The names of the members of an object, or of those in a list or a union: what a caller needs
    for using a value, at a fraction of the length of their schemas.
    """
    names: dict[str, None] = {}
    seen: set[int] = set()
    waiting = [schema]
    while waiting:
        members = _dict(waiting.pop(0))
        reference = members.get("$ref")
        if isinstance(reference, str):
            members = _dict(definitions.get(reference.removeprefix("#/$defs/")))
        if id(members) in seen:
            continue
        seen.add(id(members))
        if members.get("type") == "array":
            waiting.append(members.get("items"))
            continue
        names.update(dict.fromkeys(_dict(members.get("properties"))))
        for key in ("allOf", "oneOf", "anyOf"):
            waiting += _list(members.get(key))
    if not names:
        return ""
    shown = ", ".join(f"`{name}`" for name in list(names)[:_NAMES])
    rest = len(names) - _NAMES
    return f": {shown}, +{rest} more" if rest > 0 else f": {shown}"


def _written(value: Any) -> str:
    return json.dumps(value, default=str)


def _dict(value: Any) -> dict[str, Any]:
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}


def _list(value: Any) -> list[Any]:
    return cast("list[Any]", value) if isinstance(value, list) else []
