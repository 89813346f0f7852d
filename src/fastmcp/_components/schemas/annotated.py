"""What `Annotated` and `Field` say of a type, read without loading pydantic."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from inspect import Parameter
from typing import Any, TypeAlias, cast

from msgspec import Struct

Core: TypeAlias = dict[str, Any]
Json: TypeAlias = dict[str, Any]
Pair: TypeAlias = tuple[Core, Json]


class NotPlain(Exception):
    """It is not written out here: pydantic has to read it."""


class Hint:
    """Metadata for `Annotated` that adds members to the JSON Schema, in models of pydantic, too."""

    __slots__ = ("members",)

    def __init__(self, **members: Any) -> None:
        self.members: dict[str, Any] = members

    def __repr__(self) -> str:
        return f"Hint({', '.join(f'{name}={value!r}' for name, value in self.members.items())})"

    def __get_pydantic_json_schema__(self, core: Any, handler: Any) -> Json:
        return {**handler(core), **self.members}


class Said(Struct, frozen=True):
    """Limits by their names in core schemas, members of the JSON Schema, and a default, which may
    be made anew each time.
    """

    limits: dict[str, Any] = {}
    members: Json = {}
    default: Any = Parameter.empty
    factory: bool = False


# What limits the values of each type of core schema, and what JSON Schema calls it.
_NUMBER = {
    "ge": "minimum",
    "gt": "exclusiveMinimum",
    "le": "maximum",
    "lt": "exclusiveMaximum",
    "multiple_of": "multipleOf",
}
_LIMITS: Mapping[str, Mapping[str, str]] = {
    "int": _NUMBER,
    "float": _NUMBER,
    "str": {"min_length": "minLength", "max_length": "maxLength", "pattern": "pattern"},
    "list": {"min_length": "minItems", "max_length": "maxItems"},
}
_METADATA = {
    "Ge": "ge",
    "Gt": "gt",
    "Le": "le",
    "Lt": "lt",
    "MultipleOf": "multiple_of",
    "MinLen": "min_length",
    "MaxLen": "max_length",
}
_SAID_ELSEWHERE = {*_METADATA.values(), "pattern", "annotation"}


def said_by(extra: Any) -> Said:
    """What one piece of metadata says: a text, a `Field`, a limit of `annotated_types`, a `Hint`.

    Raises:
        NotPlain: it says more than is written out here.
    """
    if type(extra) is str:
        return Said(members={"description": extra})
    if isinstance(extra, Hint):
        return Said(members=extra.members)
    if is_field(extra):
        return _said_by_field(extra)
    return Said(limits=_limits_of(extra))


def is_field(value: Any) -> bool:
    """Whether it was made by pydantic's `Field`; never so when pydantic is not loaded."""
    fields = sys.modules.get("pydantic.fields")
    return fields is not None and type(value) is fields.FieldInfo


def limited(pair: Pair, limits: dict[str, Any]) -> Pair:
    """The schemas with limits; those of `T | None` are for `T`.

    Raises:
        NotPlain: the type has no such limit that is written out here.
    """
    if not limits:
        return pair
    core, schema = pair
    if core["type"] == "nullable" and len(schema["anyOf"]) == 2:
        inner, shown = limited((core["schema"], schema["anyOf"][0]), limits)
        return {**core, "schema": inner}, {"anyOf": [shown, schema["anyOf"][1]]}
    names = _LIMITS.get(core["type"], {})
    if not limits.keys() <= names.keys() or limits.keys() & core.keys():
        raise NotPlain
    return {**core, **limits}, {**schema, **{names[key]: value for key, value in limits.items()}}


def _said_by_field(field: Any) -> Said:
    members: Json = {}
    extra: Any = {}
    default: Any = Parameter.empty
    factory = False
    attributes: Any = getattr(field, "_attributes_set", {"unknown": True})
    for name, value in attributes.items():
        if name == "default":
            default = value
        elif name == "default_factory":
            factory = True
        elif value is None or name in _SAID_ELSEWHERE:
            continue
        elif name in ("title", "description") and type(value) is str:
            members[name] = value
        elif name == "examples":
            members[name] = _plain_json(value)
        elif name == "json_schema_extra" and type(value) is dict:
            extra = _plain_json(value)
        else:
            raise NotPlain
    limits: dict[str, Any] = {}
    for item in field.metadata:
        limits |= _limits_of(item)
    return Said(limits, members | extra, default, factory)


def _limits_of(item: Any) -> dict[str, Any]:
    kind = cast("type[Any]", type(item))
    if kind.__module__ == "annotated_types" and kind.__name__ in _METADATA:
        name = _METADATA[kind.__name__]
        found: dict[str, Any] = {name: getattr(item, name)}
    elif kind.__name__ == "_PydanticGeneralMetadata":
        found = cast("dict[str, Any]", vars(item))
    else:
        raise NotPlain
    if not all(isinstance(value, (int, float, str)) for value in found.values()):
        raise NotPlain
    return found


def _plain_json(value: Any) -> Any:
    import pydantic_core

    return pydantic_core.to_jsonable_python(value)
