"""From a subschema to the reader of its values."""

from __future__ import annotations

from functools import partial
from typing import Any, cast

from .alternatives import Union
from .containers import Items, Members, Positions, Values
from .formats import READERS
from .naming import class_name
from .objects import object_class, properties_of
from .readers import Choice, Later, Nothing, Reader, Scalar, Text, settle
from .schema import Document, Json, branches, is_tuple, types_of

MAX_PROPERTIES = 500
"""More than that are not attributes: making such a class takes its time."""


def compiled(root: Any, start: Any) -> Reader:
    """The reader of what `start`, a part of the schema `root`, describes.

    Raises:
        TooLarge: the schema is too large or too deeply nested.
    """
    reader = _Compiler(Document(root)).reader(start, None)
    settle(reader)
    return reader


class _Compiler:
    def __init__(self, document: Document) -> None:
        self._document = document
        self._made: dict[int, tuple[Json, Reader]] = {}  # the schema, so that its id stays its own

    def reader(self, node: Any, place: str | None) -> Reader:
        """The reader of a subschema, which is found at the property `place`."""
        followed, name = self._document.followed(node)
        if not isinstance(followed, dict) or not followed:
            return Nothing() if followed is False else Reader()
        schema = cast("Json", followed)
        if id(schema) in self._made:
            return self._made[id(schema)][1]
        later = Later()
        self._made[id(schema)] = (schema, later)
        with self._document.deeper():
            later.target = self._of(self._document.joined(schema), name, place)
        self._made[id(schema)] = (schema, later.target)
        return later.target

    def _of(self, schema: Json | bool, name: str | None, place: str | None) -> Reader:
        if isinstance(schema, bool):
            return Reader() if schema else Nothing()
        if "const" in schema:
            return Choice([schema["const"]])
        if isinstance(values := schema.get("enum"), list):
            return Choice(cast("list[Any]", values))
        if (alternatives := branches(schema)) is not None:
            return Union([self.reader(each, place) for each in alternatives])
        types = types_of(schema)
        match types[0] if types else "object" if "properties" in schema else None:
            case "string":
                return _text(schema)
            case "integer" | "number" | "boolean" | "null" as kind:
                return Scalar(kind)
            case "array":
                return self._array(schema, place)
            case "object":
                return self._object(schema, name, place)
            case _:
                return Reader()

    def _array(self, schema: Json, place: str | None) -> Reader:
        item: Any = schema.get("items", True)
        positions: Any = schema.get("prefixItems")
        if isinstance(item, list):  # as it was written before 2020-12
            positions, item = cast("list[Any]", item), schema.get("additionalItems", True)
        if isinstance(positions, list):
            readers = [self.reader(each, place) for each in cast("list[Any]", positions)]
            return Positions(readers, self.reader(item, place), ends=is_tuple(schema))
        return Items(self.reader(item, place), unique=schema.get("uniqueItems") is True)

    def _object(self, schema: Json, name: str | None, place: str | None) -> Reader:
        others: Any = schema.get("additionalProperties", True)
        properties = properties_of(schema)
        if not 0 < len(properties) <= MAX_PROPERTIES:
            return Values(self.reader(others, place))
        called = class_name(schema.get("title"), name, place)
        readers = [(each, self.reader(each.schema, each.name)) for each in properties]
        listed: Any = schema.get("required")
        required = {each.name for each in properties if each.required}
        if isinstance(listed, list):
            required.update(n for n in cast("list[Any]", listed) if isinstance(n, str))
        rest = None if others is False else self.reader(others, None)
        make = partial(object_class, called, schema, properties)
        return Members(make, readers, frozenset(required), rest)


def _text(schema: Json) -> Reader:
    format: Any = schema.get("format")
    convert = READERS.get(format) if isinstance(format, str) else None
    return Scalar("string") if convert is None else Text(format, convert)
