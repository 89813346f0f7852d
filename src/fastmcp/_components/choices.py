"""The values that a parameter can have, when its JSON Schema lists them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any


def choices_of(schema: dict[str, Any], property: str) -> list[str]:
    """The values of an enumerated property, as text; empty when it can be anything."""
    found: dict[str, Any] = schema.get("properties", {}).get(property, {})
    return [_text(value) for value in _values(found, schema.get("$defs", {}))]


def has_choices(schema: dict[str, Any]) -> bool:
    """Whether some property is enumerated."""
    return any(choices_of(schema, name) for name in schema.get("properties", ()))


def _values(schema: dict[str, Any], definitions: dict[str, Any]) -> Iterator[Any]:
    if "enum" in schema:
        yield from schema["enum"]
    elif "const" in schema:
        yield schema["const"]
    elif schema.get("type") == "boolean":
        yield from (True, False)
    elif "$ref" in schema:
        yield from _values(definitions.get(schema["$ref"].rpartition("/")[2], {}), {})
    else:
        for member in schema.get("anyOf", ()):
            yield from _values(member, definitions)


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
