"""Conversion: a schema of an OpenAPI document as JSON Schema (2020-12).

OpenAPI 3.0 has a dialect of its own, and documents have more in them than either allows. What is no
JSON Schema is left out, so that what remains is valid and admits no less.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable
from functools import lru_cache
from typing import Any, Literal, TypeAlias, cast

Json: TypeAlias = dict[str, Any]
Direction: TypeAlias = Literal["input", "output"]

_LEVELS = 64
"""A schema inside of so many others is left open."""
_TYPES = {"string", "number", "integer", "boolean", "object", "array", "null"}
OF_ONE = {
    *("items", "additionalProperties", "not", "if", "then", "else", "contains", "propertyNames"),
    *("unevaluatedItems", "unevaluatedProperties"),
}
OF_LISTS = {"allOf", "anyOf", "oneOf", "prefixItems"}
OF_NAMES = {"properties", "patternProperties", "dependentSchemas"}
_COMBINING = ("$ref", "allOf", "anyOf", "oneOf", "not")
_IN_PLACE = {"allOf", "anyOf", "oneOf", "not", "if", "then", "else"}
_WITH_SCHEMAS = OF_ONE | OF_LISTS | OF_NAMES


class Conversion:
    """Converts schemas, and collects what they refer to.

    `name_of` gives the name under `$defs` for a reference. `direction` says which properties there
    are: those that are read only are no input, and those that are write only no output.
    `in_place` are the references that apply to the same value as the schema itself.
    """

    def __init__(
        self,
        name_of: Callable[[str], str],
        forbidden: Callable[[Any], bool],
        direction: Direction,
        *,
        nullable: bool,
    ) -> None:
        self.name_of = name_of
        self._forbidden = forbidden
        self._direction = direction
        self._has_nullable = nullable
        self.refs: dict[str, None] = {}
        self.in_place: list[tuple[str, Json]] = []
        self.size: int = 0

    def convert(self, node: Any, level: int = 0, *, in_place: bool = True) -> Any:
        """The schema; what is none is one that admits everything."""
        if isinstance(node, bool):
            return node
        if not isinstance(node, dict) or level > _LEVELS:
            return {}
        self.size += 1
        schema = cast("Json", node)
        found: Json = {}
        for keyword, value in schema.items():
            if (is_valid := _VALID.get(keyword)) is not None:
                if is_valid(value):
                    found[keyword] = value
            elif keyword in _WITH_SCHEMAS:
                self._inner(found, keyword, value, schema, level, in_place)
            elif keyword == "type":
                _put_type(found, value)
            elif keyword == "example" and "examples" not in schema and self._direction == "input":
                found["examples"] = [value]
        self._settle_required(found, schema)
        _settle_bounds(found, schema)
        if found.get("type") == "array" and "prefixItems" not in found:
            found.setdefault("items", {})
        if isinstance(ref := schema.get("$ref"), str):
            self._refer(found, ref, in_place)
        if self._has_nullable and schema.get("nullable") is True:
            return _nullable(found)
        return found

    def _refer(self, found: Json, ref: str, in_place: bool) -> None:
        name = self.name_of(ref)
        self.refs[name] = None
        found["$ref"] = f"#/$defs/{name}"
        if in_place:
            self.in_place.append((name, found))

    def _inner(
        self, found: Json, keyword: str, value: Any, schema: Json, level: int, in_place: bool
    ) -> None:
        """A keyword that has schemas."""
        if keyword in OF_NAMES:
            if isinstance(value, dict):
                found[keyword] = self._named(keyword, cast("Json", value), level)
        elif keyword in OF_LISTS:
            if isinstance(value, list) and value:
                stays = in_place and keyword in _IN_PLACE
                items = cast("list[Any]", value)
                found[keyword] = [self.convert(one, level + 1, in_place=stays) for one in items]
        elif keyword == "items":
            self._items(found, value, schema, level)
        elif isinstance(value, (dict, bool)):
            stays = in_place and keyword in _IN_PLACE
            found[keyword] = self.convert(value, level + 1, in_place=stays)

    def _items(self, found: Json, value: Any, schema: Json, level: int) -> None:
        if isinstance(value, list):
            if value:  # a tuple as it was written before 2020-12
                items = cast("list[Any]", value)
                found["prefixItems"] = [
                    self.convert(one, level + 1, in_place=False) for one in items
                ]
            rest = schema.get("additionalItems")
            if isinstance(rest, (dict, bool)):
                found["items"] = self.convert(rest, level + 1, in_place=False)
        elif isinstance(value, (dict, bool)):
            found["items"] = self.convert(value, level + 1, in_place=False)

    def _named(self, keyword: str, named: Json, level: int) -> Json:
        return {
            name: self.convert(one, level + 1, in_place=keyword == "dependentSchemas")
            for name, one in named.items()
            if not (keyword == "properties" and self._forbidden(one))
            and not (keyword == "patternProperties" and not _is_pattern(name))
        }

    def _settle_required(self, found: Json, schema: Json) -> None:
        required: Any = schema.get("required")
        if not isinstance(required, list):
            return
        properties: Any = schema.get("properties")
        known = cast("Json", properties) if isinstance(properties, dict) else {}
        names = [
            name
            for name in dict.fromkeys(cast("list[Any]", required))
            if isinstance(name, str) and not self._forbidden(known.get(name))
        ]
        if names:
            found["required"] = names


def _put_type(found: Json, value: Any) -> None:
    if value == "file":
        value = "string"
    if isinstance(value, str):
        if value in _TYPES:
            found["type"] = value
    elif isinstance(value, list):
        kinds = list(dict.fromkeys(map(str, cast("list[Any]", value))))
        if kinds and _TYPES.issuperset(kinds):
            found["type"] = kinds


def _settle_bounds(found: Json, schema: Json) -> None:
    """Of 3.0, where a flag says that a bound is not included."""
    for bound in ("minimum", "maximum"):
        exclusive = "exclusive" + bound.capitalize()
        if schema.get(exclusive) is True and bound in found:
            found[exclusive] = found.pop(bound)


def _nullable(found: Json) -> Json:
    if any(keyword in found for keyword in _COMBINING):
        words = {key: found.pop(key) for key in ("title", "description", "default") if key in found}
        return {**words, "anyOf": [found, {"type": "null"}]}
    kind: Any = found.get("type")
    if kind is None:
        return found
    kinds = cast("list[str]", kind) if isinstance(kind, list) else [kind]
    found["type"] = kinds if "null" in kinds else [*kinds, "null"]
    if "enum" in found and None not in found["enum"]:
        found["enum"] = [*found["enum"], None]
    return found


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_flag(value: Any) -> bool:
    return isinstance(value, bool)


def _is_list(value: Any) -> bool:
    return isinstance(value, list)


def _is_count(value: Any) -> bool:
    return _is_number(value) and value >= 0 and value == int(value)


def _is_positive(value: Any) -> bool:
    return _is_number(value) and value > 0


def _is_anything(value: Any) -> bool:
    return True


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _names_names(value: Any) -> bool:
    lists = list(cast("Json", value).values()) if isinstance(value, dict) else [None]
    return all(
        isinstance(each, list)
        and all(isinstance(name, str) for name in cast("list[Any]", each))
        and len(set(cast("list[str]", each))) == len(cast("list[str]", each))
        for each in lists
    )


def _is_readable_pattern(value: Any) -> bool:
    return isinstance(value, str) and _is_pattern(value)


@lru_cache(1024)
def _is_pattern(text: str) -> bool:
    """Whether every reader can read it; those of other dialects would stop ours."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # of what a later Python will read in another way
        try:
            re.compile(text)
        except (re.error, OverflowError, RecursionError, Warning):
            return False
    return True


_VALID: dict[str, Callable[[Any], bool]] = {
    **dict.fromkeys(("title", "description", "format"), _is_text),
    **dict.fromkeys(("contentEncoding", "contentMediaType"), _is_text),
    **dict.fromkeys(("uniqueItems", "deprecated", "readOnly", "writeOnly"), _is_flag),
    **dict.fromkeys(("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"), _is_number),
    **dict.fromkeys(("minLength", "maxLength", "minItems", "maxItems"), _is_count),
    **dict.fromkeys(("minProperties", "maxProperties"), _is_count),
    **dict.fromkeys(("minContains", "maxContains"), _is_count),
    **dict.fromkeys(("enum", "examples"), _is_list),
    **dict.fromkeys(("default", "const"), _is_anything),
    "multipleOf": _is_positive,
    "pattern": _is_readable_pattern,
    "dependentRequired": _names_names,
}
"""What tells, of a keyword without subschemas, whether it has a value that it can have."""


def outline(schema: Any) -> Json:
    """The little that is said of a schema that there is no room for."""
    if not isinstance(schema, dict):
        return {}
    members = cast("Json", schema)
    return {key: members[key] for key in ("title", "description", "type") if key in members}
