"""Which parameters of a function are text, lists and mappings, by their JSON Schema."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .captures import Shape


def shapes_of(schema: dict[str, Any]) -> dict[str, Shape]:
    """The shape of each property that has one; one that may be anything has none."""
    definitions: dict[str, Any] = schema.get("$defs", {})
    shapes: dict[str, Shape] = {}
    for name, described in schema.get("properties", {}).items():
        if (shape := _shape(set(_types(described, definitions)))) is not None:
            shapes[name] = shape
    return shapes


def _shape(types: set[str]) -> Shape | None:
    types.discard("null")
    if "any" in types or not types:
        return None
    if types == {"array"}:
        return "list"
    return "map" if types == {"object"} else "text"


def _types(schema: dict[str, Any], definitions: dict[str, Any]) -> Iterator[str]:
    if "$ref" in schema:
        name: str = schema["$ref"].rpartition("/")[2]
        yield from _types(definitions.get(name, {}), {})
    elif "type" in schema:
        kinds: Any = schema["type"]
        yield from [kinds] if isinstance(kinds, str) else kinds
    elif "enum" in schema or "const" in schema:
        yield "string"
    else:
        members: list[Any] = schema.get("anyOf") or schema.get("oneOf") or []
        for member in members:
            yield from _types(member, definitions)
        if not members:
            yield "any"
