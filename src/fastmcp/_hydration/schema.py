"""A JSON Schema as it is read here: references followed, `allOf` joined, limits kept.

Nothing is ever fetched. What is not understood allows everything.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from typing import Any, TypeAlias, cast
from urllib.parse import unquote

Json: TypeAlias = dict[str, Any]
Node: TypeAlias = Json | bool

MAX_SUBSCHEMAS = 5_000
MAX_DEPTH = 64

_STRUCTURE = frozenset(
    {
        *("$ref", "allOf", "anyOf", "oneOf", "type", "format", "const", "enum"),
        *("properties", "required", "additionalProperties", "items", "prefixItems"),
        *("minItems", "maxItems", "uniqueItems", "minLength", "maxLength", "pattern"),
        *("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "nullable"),
    }
)
_OF_NAMES = ("properties", "patternProperties")
_OF_ONE = ("items", "additionalProperties")
_BRANCHES = ("anyOf", "oneOf")


class TooLarge(ValueError):
    """A schema has more parts, or is nested deeper, than anything that describes a value."""


class Document:
    """A whole schema, which the references inside it point into."""

    __slots__ = ("_depth", "_read", "root")

    def __init__(self, root: Any) -> None:
        self.root = root
        self._read = 0
        self._depth = 0

    @contextmanager
    def deeper(self) -> Generator[None]:
        """While a subschema is read.

        Raises:
            TooLarge: it is one too many.
        """
        self._read += 1
        self._depth += 1
        if self._read > MAX_SUBSCHEMAS or self._depth > MAX_DEPTH:
            raise TooLarge("The JSON Schema is too large or too deeply nested")
        try:
            yield
        finally:
            self._depth -= 1

    def target(self, ref: Any) -> Any:
        """What a reference inside the schema points to; None for any other reference."""
        if not isinstance(ref, str) or not (ref == "#" or ref.startswith("#/")):
            return None
        node: Any = self.root
        for step in unquote(ref[1:]).split("/")[1:]:
            step = step.replace("~1", "/").replace("~0", "~")
            if isinstance(node, list) and step.isdecimal() and len(step) < 9:
                items = cast("list[Any]", node)
                node = items[int(step)] if int(step) < len(items) else None
            else:
                node = cast("Json", node).get(step) if isinstance(node, dict) else None
        return cast("Any", node) if isinstance(node, (dict, bool)) else None

    def followed(self, node: Any) -> tuple[Any, str | None]:
        """The subschema that a chain of mere references ends at, and the name it has there."""
        name: str | None = None
        seen: set[int] = set()
        while isinstance(node, dict):
            schema = cast("Json", node)
            says = schema.keys() & _STRUCTURE
            if id(schema) in seen:
                return True, name  # a circle of references says nothing
            seen.add(id(schema))
            if says == {"$ref"}:
                node = self.target(schema["$ref"])
                name = str(schema["$ref"]).rpartition("/")[2]
            elif says == {"allOf"} and len(parts := _parts(schema, self)) == 1:
                node = parts[0]
            else:
                return schema, name
        return (node if isinstance(node, bool) else True), name

    def joined(self, schema: Json) -> Node:
        """The subschema without `$ref` and `allOf`: what all its parts say together."""
        return self._joined(schema, frozenset())

    def _joined(self, node: Any, within: frozenset[int]) -> Node:
        if not isinstance(node, dict) or id(cast("Any", node)) in within:
            return node if isinstance(node, bool) else True
        schema = cast("Json", node)
        if "$ref" not in schema and "allOf" not in schema:
            return schema
        within |= {id(schema)}
        own = {key: value for key, value in schema.items() if key not in ("$ref", "allOf")}
        found: Json = {}
        for part in _parts(schema, self):
            with self.deeper():
                told = self._joined(part, within)
            if told is False:
                return False
            if isinstance(told, dict):
                found = _both(found, told)
        remarks = {key: value for key, value in own.items() if key not in _STRUCTURE}
        return {**_both(found, own), **remarks}


def _parts(schema: Json, document: Document) -> list[Any]:
    found: list[Any] = [document.target(schema["$ref"])] if "$ref" in schema else []
    if isinstance(parts := schema.get("allOf"), list):
        found += cast("list[Any]", parts)
    return found


def _both(one: Json, other: Json) -> Json:
    """What two schemas say together; of what cannot be joined, what the first says."""
    found = _first_of(one, other)
    for key in one.keys() & other.keys():
        left, right = one[key], other[key]
        if left == right:
            continue
        if key in _OF_NAMES and isinstance(left, dict) and isinstance(right, dict):
            found[key] = _both_named(cast("Json", left), cast("Json", right))
        elif key == "required" and isinstance(left, list) and isinstance(right, list):
            found[key] = [*cast("list[Any]", left), *cast("list[Any]", right)]
        elif key in _OF_ONE and isinstance(left, dict) and isinstance(right, dict):
            found[key] = {"allOf": [left, right]}
        elif key == "type":
            found[key] = _common(types_of(one), types_of(other))
    return found


def _first_of(one: Json, other: Json) -> Json:
    return {**one, **{key: value for key, value in other.items() if key not in one}}


def _both_named(one: Json, other: Json) -> Json:
    found = _first_of(one, other)
    for name in one.keys() & other.keys():
        if one[name] != other[name]:
            found[name] = {"allOf": [one[name], other[name]]}
    return found


def types_of(schema: Json) -> list[Any]:
    """The types that a schema names, none if it does not; `nullable` is that of OpenAPI."""
    named: Any = schema.get("type")
    found = cast("list[Any]", named) if isinstance(named, list) else [named] if named else []
    return [*found, "null"] if found and schema.get("nullable") is True else found


def _common(left: list[Any], right: list[Any]) -> Any:
    shared = [each for each in left if each in right]
    if not shared and "integer" in (*left, *right) and "number" in (*left, *right):
        shared = ["integer"]
    return shared[0] if len(shared) == 1 else shared or left


def branches(schema: Json) -> list[Any] | None:
    """The alternatives of a schema, each with what the schema says besides; None for none."""
    for key in _BRANCHES:
        alternatives: Any = schema.get(key)
        if isinstance(alternatives, list) and alternatives:
            rest = {k: v for k, v in schema.items() if k != key}
            if not rest.keys() & _STRUCTURE:
                return cast("list[Any]", alternatives)
            return [{"allOf": [each, rest]} for each in cast("list[Any]", alternatives)]
    types = types_of(schema)
    alone = {key: value for key, value in schema.items() if key != "nullable"}
    return [{**alone, "type": each} for each in types] if len(types) > 1 else None


def is_tuple(schema: Json) -> bool:
    """Whether each position of an array has its own schema, and nothing can come after them."""
    positions: Any = schema.get("prefixItems")
    if not isinstance(positions, list):
        return False
    length = len(cast("list[Any]", positions))
    ends = schema.get("maxItems") == length or schema.get("items") is False
    return ends and schema.get("minItems") == length
