"""Schemas of the commonest annotations, written out, so that a server that uses no others starts
without loading pydantic, and any server starts sooner. They are what pydantic makes of the same
annotations, by test; classes that only pydantic knows are asked of it once each.
"""

from __future__ import annotations

import types
import typing
from collections.abc import Callable
from enum import Enum, Flag
from inspect import Parameter, cleandoc
from typing import Any, Literal, TypeAlias, cast

from .annotated import Core, Json, NotPlain, Pair, limited, said_by
from .plain_models import is_plain_model, model_schema

Mode: TypeAlias = Literal["validation", "serialization"]

_ANY: Core = {"type": "any"}
_ATOMS: dict[Any, Pair] = {
    str: ({"type": "str"}, {"type": "string"}),
    int: ({"type": "int"}, {"type": "integer"}),
    float: ({"type": "float"}, {"type": "number"}),
    bool: ({"type": "bool"}, {"type": "boolean"}),
    type(None): ({"type": "none"}, {"type": "null"}),
    object: (_ANY, {}),
    bytes: ({"type": "bytes"}, {"format": "binary", "type": "string"}),
    dict: (
        {"type": "dict", "keys_schema": _ANY, "values_schema": _ANY},
        {"additionalProperties": True, "type": "object"},
    ),
}
# By name, because a server may do without these modules.
_OF_MODULES: dict[tuple[str, str], Pair] = {
    ("datetime", "date"): ({"type": "date"}, {"format": "date", "type": "string"}),
    ("datetime", "datetime"): (
        {"type": "datetime", "microseconds_precision": "truncate"},
        {"format": "date-time", "type": "string"},
    ),
    ("datetime", "time"): (
        {"type": "time", "microseconds_precision": "truncate"},
        {"format": "time", "type": "string"},
    ),
    ("datetime", "timedelta"): (
        {"type": "timedelta", "microseconds_precision": "truncate"},
        {"format": "duration", "type": "string"},
    ),
    ("uuid", "UUID"): ({"type": "uuid"}, {"format": "uuid", "type": "string"}),
}
_LITERALS: dict[type, str] = {str: "string", int: "integer", bool: "boolean", type(None): "null"}


class Writer:
    """Writes schemas for one function, and collects the definitions that they refer to."""

    __slots__ = ("definitions", "has_classes", "mode", "models", "shared", "strict")

    def __init__(self, mode: Mode = "validation", *, strict: bool = False) -> None:
        self.mode: Mode = mode
        self.strict = strict
        self.shared: dict[str, Core] = {}
        self.definitions: dict[str, Json] = {}
        self.models: dict[str, type] = {}
        self.has_classes = False

    def write(self, annotation: Any) -> Pair:
        """The core schema and the JSON Schema of an annotation; the latter is the caller's.

        Raises:
            NotPlain: pydantic has to read it in its place.
        """
        if isinstance(annotation, type):
            return self._class(annotation)
        origin: Any = typing.get_origin(annotation)
        if origin is None:
            return self._bare(annotation)
        write, arguments = _WRITERS.get(origin), typing.get_args(annotation)
        if write is None or not arguments:
            raise NotPlain
        return write(self, arguments)

    def define(self, name: str, definition: Json) -> None:
        """Keep what `#/$defs/name` stands for."""
        if self.definitions.setdefault(name, definition) != definition:
            raise NotPlain  # two classes of one name: pydantic tells them apart

    def _bare(self, annotation: Any) -> Pair:
        if annotation is Any:
            return _ANY, {}
        if annotation is None:
            return self._class(type(None))
        if isinstance(annotation, typing.NewType):
            return self.write(annotation.__supertype__)
        raise NotPlain

    def _class(self, annotation: type) -> Pair:
        found = _ATOMS.get(annotation) or _OF_MODULES.get(
            (annotation.__module__, annotation.__qualname__)
        )
        if found is not None:
            return found[0], dict(found[1])
        if annotation in _WRITERS:
            return _WRITERS[annotation](self, (Any, ...) if annotation is tuple else (Any,))
        if annotation.__module__ == "decimal" and annotation.__qualname__ == "Decimal":
            text: Json = {"type": "string"}
            forms: Json = {"anyOf": [{"type": "number"}, text]}
            return {"type": "decimal"}, forms if self.mode == "validation" else text
        if _is_plain_enum(annotation):
            return self._enum(cast("type[Enum]", annotation))
        self.has_classes = True
        if is_plain_model(annotation):
            return self._model(annotation)
        return self._known_to_pydantic(annotation)

    def _model(self, annotation: Any) -> Pair:
        """Only the JSON Schema is written: the core schema was made with the class."""
        name = annotation.__name__
        if name not in self.models:
            self.models[name] = annotation  # before its members, since one may be of this class
            try:
                self.define(name, model_schema(annotation, self.write))
            except NotPlain:
                del self.models[name]
                return self._known_to_pydantic(annotation)
        if self.models[name] is not annotation:
            raise NotPlain
        return self._sharing(annotation.__pydantic_core_schema__), {"$ref": f"#/$defs/{name}"}

    def _sharing(self, core: Core) -> Core:
        if core["type"] != "definitions":
            return core
        self.shared.update((definition["ref"], definition) for definition in core["definitions"])
        return core["schema"]

    def _known_to_pydantic(self, annotation: type) -> Pair:
        from .rich_types import class_schemas

        try:
            found = class_schemas(annotation, self.mode, self.strict)
        except Exception:
            raise NotPlain from None  # it may do in its place, and if not, pydantic says why
        for name, definition in found.definitions.items():
            self.define(name, copied(definition))
        return self._sharing(found.core), copied(found.schema)

    def _enum(self, annotation: type[Enum]) -> Pair:
        members = list(annotation.__members__.values())
        values = [member.value for member in members]
        core: Core = {"type": "enum", "cls": annotation, "members": members}
        for kind, name in ((int, "int"), (str, "str")):
            if issubclass(annotation, kind):
                core["sub_type"] = name
                break
        schema: Json = {"enum": values, "type": _LITERALS[type(values[0])]}
        if annotation.__doc__:
            schema["description"] = cleandoc(annotation.__doc__)
        self.define(annotation.__name__, schema)
        return core, {"$ref": f"#/$defs/{annotation.__name__}"}


def copied(schema: Any) -> Any:
    """A copy of JSON that may be edited."""
    if isinstance(schema, dict):
        return {key: copied(value) for key, value in cast("Json", schema).items()}
    if isinstance(schema, list):
        return [copied(value) for value in cast("list[Any]", schema)]
    return schema


def _is_plain_enum(annotation: type) -> bool:
    if not issubclass(annotation, Enum):
        return False
    kinds = {cast("Any", type(member.value)) for member in annotation}
    return (
        kinds in ({str}, {int})
        and annotation.__name__.isidentifier()
        and annotation.__name__.isascii()
        and not issubclass(annotation, Flag)
        and not hasattr(annotation, "__get_pydantic_core_schema__")
        and not hasattr(annotation, "__get_pydantic_json_schema__")
    )


def _list(writer: Writer, arguments: tuple[Any, ...]) -> Pair:
    core, items = writer.write(arguments[0])
    return {"type": "list", "items_schema": core}, {"items": items, "type": "array"}


def _set(writer: Writer, arguments: tuple[Any, ...]) -> Pair:
    core, items = writer.write(arguments[0])
    return (
        {"type": "set", "items_schema": core},
        {"items": items, "type": "array", "uniqueItems": True},
    )


def _frozenset(writer: Writer, arguments: tuple[Any, ...]) -> Pair:
    core, schema = _set(writer, arguments)
    return {**core, "type": "frozenset"}, schema


def _tuple(writer: Writer, arguments: tuple[Any, ...]) -> Pair:
    if len(arguments) == 2 and arguments[1] is ...:
        core, items = writer.write(arguments[0])
        return (
            {"type": "tuple", "items_schema": [core], "variadic_item_index": 0},
            {"items": items, "type": "array"},
        )
    pairs = [writer.write(argument) for argument in arguments]
    return (
        {"type": "tuple", "items_schema": [core for core, _ in pairs]},
        {
            "maxItems": len(pairs),
            "minItems": len(pairs),
            "prefixItems": [items for _, items in pairs],
            "type": "array",
        },
    )


def _dict(writer: Writer, arguments: tuple[Any, ...]) -> Pair:
    if len(arguments) != 2:
        return _ATOMS[dict][0], dict(_ATOMS[dict][1])
    key, value = arguments
    if key not in (str, int, Any):
        raise NotPlain
    core, values = writer.write(value)
    values.pop("title", None)
    return (
        {"type": "dict", "keys_schema": writer.write(key)[0], "values_schema": core},
        {"additionalProperties": values or True, "type": "object"},
    )


def _union(writer: Writer, members: tuple[Any, ...]) -> Pair:
    pairs = [writer.write(member) for member in members if member is not type(None)]
    core: Core = (
        pairs[0][0]
        if len(pairs) == 1
        else {"type": "union", "choices": [choice for choice, _ in pairs]}
    )
    shown: list[Json] = []
    for _, schema in pairs:
        shown.extend(schema["anyOf"] if schema.keys() == {"anyOf"} else [schema])
    if len(pairs) < len(members):
        core = {"type": "nullable", "schema": core}
        shown.append({"type": "null"})
    alternatives: list[Json] = []
    for schema in shown:
        if schema not in alternatives:
            alternatives.append(schema)
    return core, alternatives[0] if len(alternatives) == 1 else {"anyOf": alternatives}


def _literal(writer: Writer, values: tuple[Any, ...]) -> Pair:
    kinds = {cast("Any", type(value)) for value in values}
    if not kinds <= _LITERALS.keys():
        raise NotPlain
    schema: Json = {"const": values[0]} if len(values) == 1 else {"enum": list(values)}
    if len(kinds) == 1:
        schema["type"] = _LITERALS[kinds.pop()]
    return {"type": "literal", "expected": list(values)}, schema


def _annotated(writer: Writer, arguments: tuple[Any, ...]) -> Pair:
    inner, *extras = arguments
    if len(extras) != 1:
        raise NotPlain
    said = said_by(extras[0])
    if said.factory or said.default is not Parameter.empty:
        raise NotPlain
    core, schema = limited(writer.write(inner), said.limits)
    return core, {**schema, **said.members}


_WRITERS: dict[Any, Callable[[Writer, tuple[Any, ...]], Pair]] = {
    list: _list,
    set: _set,
    frozenset: _frozenset,
    tuple: _tuple,
    dict: _dict,
    typing.Union: _union,
    types.UnionType: _union,
    Literal: _literal,
    typing.Annotated: _annotated,
}
