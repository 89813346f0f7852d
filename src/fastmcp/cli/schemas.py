"""JSON Schemas as servers wrote them: a keyword may have any value."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, TypeAlias, cast

from fastmcp._components.schemas.pointers import pointed_at

Schema: TypeAlias = Mapping[str, Any]

_MOST_REFERENCES: Final = 8
SEVERAL: Final = ("anyOf", "oneOf", "allOf")
"""The keywords that have several schemas."""


def mapping(value: Any) -> Schema:
    """The value, if it is an object; else an empty one."""
    return cast("Schema", value) if isinstance(value, Mapping) else {}


def array(value: Any) -> Sequence[Any]:
    """The value, if it is an array; else an empty one."""
    return cast("list[Any]", value) if isinstance(value, list) else []


def members_of(schema: Schema) -> dict[str, tuple[Any, bool]]:
    """The schema of each member of an object, and whether the member is required."""
    required = array(schema.get("required"))
    return {
        name: (member, name in required)
        for name, member in mapping(schema.get("properties")).items()
    }


def resolved(schema: Any, whole: Schema) -> Schema:
    """A schema, or the one of the same document that it refers to."""
    found = mapping(schema)
    for _ in range(_MOST_REFERENCES):
        reference = found.get("$ref")
        if not isinstance(reference, str) or not reference.startswith("#"):
            return found
        found = mapping(pointed_at(whole, reference))
    return {}


def alternatives(schema: Any, whole: Schema) -> list[Schema]:
    """The schemas of which a value fits one; with a single `type` each, if any."""
    return list(_alternatives(schema, whole, set()))


def _alternatives(schema: Any, whole: Schema, seen: set[int]) -> Iterator[Schema]:
    read = resolved(schema, whole)
    if id(read) in seen:
        return
    seen.add(id(read))
    several = next((found for name in SEVERAL if (found := array(read.get(name)))), ())
    for each in several:
        yield from _alternatives(each, whole, seen)
    if not several:
        kinds = array(read.get("type"))
        yield from ({**read, "type": kind} for kind in kinds)
        if not kinds:
            yield read


def kind_of(schema: Schema) -> str | None:
    """The `type` that a schema names; None where it names none, or several."""
    kind = schema.get("type")
    return kind if isinstance(kind, str) else None


def choices_of(schema: Schema) -> list[Any]:
    """The values that a schema allows, where it lists them."""
    return [schema["const"]] if "const" in schema else list(array(schema.get("enum")))
