"""From a JSON Schema to a Python type that pydantic validates."""

from __future__ import annotations

import math
import sys
import warnings
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from types import NoneType
from typing import Annotated, Any, Literal, TypeAlias, Union, cast, get_args, get_origin
from uuid import UUID

from msgspec import json
from pydantic import (
    AfterValidator,
    AnyUrl,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    TypeAdapter,
    WithJsonSchema,
)
from pydantic import Json as JsonText
from pydantic_core import SchemaError, SchemaValidator, core_schema, to_json

from .naming import class_name
from .objects import object_class, properties_of
from .readers import Choice
from .schema import Document, Json, TooLarge, branches, is_tuple, types_of

JSONSchema: TypeAlias = dict[str, Any]

MAX_REMEMBERED = 100_000
"""The size of a schema, as JSON, whose type is not made anew each time."""
MAX_PATTERN = 1_000
"""The length of a pattern that is compiled."""

_HASHABLE = (str, int, float, NoneType, date, time, timedelta, UUID, AnyUrl)


def _reject(value: Any) -> Any:
    raise ValueError("No value fits this schema")


UNSATISFIABLE: Any = Annotated[Any, BeforeValidator(_reject)]
_FORMATS: dict[str, Any] = {
    "date-time": datetime,
    "date": date,
    "time": time,
    "duration": timedelta,
    "uuid": UUID,
    "uri": AnyUrl,
    "json": JsonText,
    # Not pydantic's own, which needs another package and rewrites the address.
    "email": Annotated[
        str,
        StringConstraints(pattern=r"^[^@\s]+@[^@\s]+$"),
        WithJsonSchema({"type": "string", "format": "email"}),
    ],
}


def json_schema_to_type(schema: Mapping[str, Any] | bool, name: str | None = None) -> Any:
    """A type that pydantic validates what the schema describes with: for an object a dataclass
    called `name`, else by its title.

    Of what a schema may say, conditions and `not` are not understood and allow everything. A
    pattern that needs backtracking is left out, with a warning.

    Raises:
        ValueError: the schema is too large or too deeply nested, or there is a name for what is no
            object.
    """
    try:
        text = to_json(schema)
        make = _remembered if len(text) <= MAX_REMEMBERED else _type
        return make(text, name)
    except RecursionError:
        raise TooLarge("The JSON Schema is too deeply nested") from None


def json_schema_to_type_adapter(schema: Mapping[str, Any] | bool) -> TypeAdapter[Any]:
    """The pydantic `TypeAdapter` of `json_schema_to_type`, made once for each schema."""
    text = to_json(schema)
    return (_adapter if len(text) <= MAX_REMEMBERED else _adapter.__wrapped__)(text)


@lru_cache(maxsize=128)
def _adapter(text: bytes) -> TypeAdapter[Any]:
    return TypeAdapter(json_schema_to_type(json.decode(text)))


def _type(text: bytes, name: str | None) -> Any:
    schema: Any = json.decode(text)
    if name is not None and not (
        isinstance(schema, dict) and "object" in types_of(cast("Json", schema))
    ):
        raise ValueError(f"The name {name!r} is for an object, which this schema does not describe")
    return _Maker(Document(schema)).type(schema, name, named=True)


_remembered = lru_cache(maxsize=256)(_type)


class _Maker:
    def __init__(self, document: Document) -> None:
        self._document = document
        self._classes: dict[int, Any] = {}
        self._open: set[int] = set()

    def type(self, node: Any, place: str | None, *, named: bool = False) -> Any:
        """The type of a subschema, found at the property `place`, or called so if it is `named`."""
        followed, name = self._document.followed(node)
        if not isinstance(followed, dict):
            return UNSATISFIABLE if followed is False else Any
        schema = cast("Json", followed)
        if id(schema) in self._classes:
            return self._classes[id(schema)]
        if id(schema) in self._open:
            return Any  # it is inside itself, with no class in between
        self._open.add(id(schema))
        try:
            with self._document.deeper():
                joined = self._document.joined(schema)
                if isinstance(joined, bool):
                    return Any if joined else UNSATISFIABLE
                title = place if named and place else joined.get("title")
                return self._of(joined, id(schema), (title, name, place))
        finally:
            self._open.discard(id(schema))

    def _of(self, schema: Json, key: int, names: tuple[Any, str | None, str | None]) -> Any:
        if not schema:
            return object
        if "const" in schema:
            return _choice([schema["const"]])
        if isinstance(values := schema.get("enum"), list):
            return _choice(cast("list[Any]", values))
        if (alternatives := branches(schema)) is not None:
            return _union([self.type(each, names[-1]) for each in alternatives])
        types = types_of(schema)
        match types[0] if types else "object" if "properties" in schema else None:
            case "string":
                return _string(schema)
            case "integer":
                return _number(int, schema)
            case "number":
                return _number(float, schema)
            case "boolean":
                return bool
            case "null":
                return NoneType
            case "array":
                return self._array(schema, names[-1])
            case "object":
                return self._object(schema, key, names)
            case _:
                return Any

    def _array(self, schema: Json, place: str | None) -> Any:
        item: Any = schema.get("items", True)
        positions: Any = schema.get("prefixItems")
        if is_tuple(schema):
            types = [self.type(each, place) for each in positions]
            return tuple[tuple(types)] if types else tuple[()]
        if isinstance(item, list):  # as it was written before 2020-12
            items = _union([self.type(each, place) for each in cast("list[Any]", item)])
        else:
            items = Any if isinstance(positions, list) else self.type(item, place)
        limits = {
            "min_length": _count(schema, "minItems"),
            "max_length": _count(schema, "maxItems"),
        }
        if schema.get("uniqueItems") is not True:
            return _constrained(list[items], limits)
        if _is_hashable(items):
            return _constrained(set[items], limits)
        distinct = Annotated[list[items], AfterValidator(_distinct)]
        return _constrained(distinct, limits)

    def _object(self, schema: Json, key: int, names: tuple[Any, str | None, str | None]) -> Any:
        others: Any = schema.get("additionalProperties", True)
        properties = properties_of(schema)
        if not properties:
            value = Any if isinstance(others, bool) else self.type(others, names[-1])
            return dict[str, value]
        made: Any = object_class(class_name(*names), schema, properties)
        if others is not False and "additionalProperties" in schema:
            made.__pydantic_config__ = ConfigDict(extra="allow")
        self._classes[key] = made
        for each in properties:
            kind = self.type(each.schema, each.name)
            if each.optional or each.default is None:
                kind = Union[kind, None]
            made.__dataclass_fields__[each.attribute].type = kind
            made.__annotations__[each.attribute] = kind
        return made


def _choice(values: list[Any]) -> Any:
    if not values:
        return UNSATISFIABLE
    if all(type(each) in (str, int, bool, NoneType) for each in values):
        return Literal[tuple(values)]
    admits = Choice(values).admits

    def check(value: Any) -> Any:
        if not admits(value):
            raise ValueError("This is not one of the values of its schema")
        return value

    return Annotated[Any, AfterValidator(check), WithJsonSchema({"enum": values})]


def _union(types: list[Any]) -> Any:
    return Union[tuple(types)] if types else UNSATISFIABLE


def _string(schema: Json) -> Any:
    format: Any = schema.get("format")
    if isinstance(format, str) and format in _FORMATS:
        return _FORMATS[format]
    limits = {"min_length": _count(schema, "minLength"), "max_length": _count(schema, "maxLength")}
    given: dict[str, Any] = {key: value for key, value in limits.items() if value is not None}
    pattern: Any = schema.get("pattern")
    if isinstance(pattern, str):
        if _is_supported(pattern):
            given["pattern"] = pattern
        else:
            warnings.warn(
                f"The pattern {pattern[:100]!r} is not enforced: pydantic's engine, which never "
                "backtracks, does not support it",
                UserWarning,
                stacklevel=2,
            )
    return Annotated[str, StringConstraints(**given)] if given else str


def _is_supported(pattern: str) -> bool:
    if len(pattern) > MAX_PATTERN:
        return False
    try:
        SchemaValidator(core_schema.str_schema(pattern=pattern))
    except SchemaError:
        return False
    return True


def _number(base: type[int | float], schema: Json) -> Any:
    given: dict[str, Any] = {key: schema.get(name) for key, name in _BOUNDS.items()}
    for bound, strict in (("ge", "gt"), ("le", "lt")):
        if given[strict] is True:  # as it was written before draft 6
            given[bound], given[strict] = None, given[bound]
    found: dict[str, Any] = {}
    for key, value in given.items():
        if type(value) not in (int, float) or not math.isfinite(value):
            continue
        if key == "multiple_of" and (value <= 0 or (base is int and value != int(value))):
            continue
        found[key] = _ROUNDED[key](value) if base is int else value
    return _constrained(base, found)


_BOUNDS = {
    "ge": "minimum",
    "gt": "exclusiveMinimum",
    "le": "maximum",
    "lt": "exclusiveMaximum",
    "multiple_of": "multipleOf",
}
_ROUNDED: dict[str, Any] = {
    "ge": math.ceil,
    "gt": math.floor,
    "le": math.floor,
    "lt": math.ceil,
    "multiple_of": int,
}


def _count(schema: Json, name: str) -> int | None:
    value: Any = schema.get(name)
    if type(value) not in (int, float) or value != value // 1 or value < 0:
        return None
    if value > sys.maxsize:
        return None if name.startswith("max") else sys.maxsize
    return int(value)


def _constrained(kind: Any, limits: dict[str, Any]) -> Any:
    given = {key: value for key, value in limits.items() if value is not None}
    return Annotated[kind, Field(**given)] if given else kind


def _is_hashable(kind: Any) -> bool:
    origin = get_origin(kind)
    if origin is Annotated:
        return _is_hashable(get_args(kind)[0])
    if origin in (Union, tuple):
        return all(map(_is_hashable, get_args(kind)))
    return origin is Literal or (isinstance(kind, type) and issubclass(kind, _HASHABLE))


def _distinct(items: list[Any]) -> list[Any]:
    seen: set[bytes] = set()
    for item in items:
        written = to_json(item, fallback=repr)
        if written in seen:
            raise ValueError("The items of this array have to be distinct")
        seen.add(written)
    return items
