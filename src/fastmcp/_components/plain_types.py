"""Schemas of the commonest annotations, written out, so that a server that uses no others starts
without loading pydantic. They are what pydantic makes of the same annotations, by test.
"""

from __future__ import annotations

import types
import typing
from collections.abc import Iterable
from inspect import Parameter
from typing import Any, TypeAlias

Core: TypeAlias = dict[str, Any]
Json: TypeAlias = dict[str, Any]

_ATOMS: dict[Any, tuple[Core, Json]] = {
    str: ({"type": "str"}, {"type": "string"}),
    int: ({"type": "int"}, {"type": "integer"}),
    float: ({"type": "float"}, {"type": "number"}),
    bool: ({"type": "bool"}, {"type": "boolean"}),
    None: ({"type": "none"}, {"type": "null"}),
    type(None): ({"type": "none"}, {"type": "null"}),
    Any: ({"type": "any"}, {}),
    dict: (
        {"type": "dict", "keys_schema": {"type": "any"}, "values_schema": {"type": "any"}},
        {"additionalProperties": True, "type": "object"},
    ),
}
_PLAIN_DEFAULTS = (str, int, float, bool, type(None))


def plain_schemas(annotation: Any) -> tuple[Core, Json] | None:
    """The core schema and the JSON Schema of an annotation; None for one that needs pydantic."""
    origin = typing.get_origin(annotation)
    if origin is None:
        return _atom(annotation)
    arguments = typing.get_args(annotation)
    if origin is list:
        return _list(arguments[0])
    if origin is dict and arguments[0] is str:
        return _dict(arguments[1])
    if origin is typing.Annotated:
        return _commented(arguments[0], arguments[1:])
    if origin in (typing.Union, types.UnionType) and len(arguments) == 2:
        return _optional(arguments)
    return None


def plain_parameters(parameters: Iterable[Parameter]) -> tuple[Core, Json] | None:
    """The same for keyword arguments; None when one of them needs pydantic."""
    fields: list[Core] = []
    properties: dict[str, Json] = {}
    required: list[str] = []
    for parameter in parameters:
        found = plain_schemas(parameter.annotation)
        if found is None:
            return None
        core, described = found
        if parameter.default is Parameter.empty:
            required.append(parameter.name)
        elif isinstance(parameter.default, _PLAIN_DEFAULTS):
            core = {"type": "default", "schema": core, "default": parameter.default}
            described = {**described, "default": parameter.default}
        else:
            return None
        fields.append({"name": parameter.name, "mode": "keyword_only", "schema": core})
        properties[parameter.name] = described
    schema: Json = {"additionalProperties": False, "properties": properties}
    if required:
        schema["required"] = required
    schema["type"] = "object"
    return {"type": "arguments", "arguments_schema": fields}, schema


def _atom(annotation: Any) -> tuple[Core, Json] | None:
    """Each time a JSON Schema of its own, since what is made of it may be edited."""
    if annotation is list:
        return _list(Any)
    try:
        found = _ATOMS.get(annotation)
    except TypeError:
        return None
    return None if found is None else (found[0], dict(found[1]))


def _commented(inner: Any, extras: tuple[Any, ...]) -> tuple[Core, Json] | None:
    found = plain_schemas(inner)
    if found is None or len(extras) != 1 or not isinstance(extras[0], str):
        return None
    core, described = found
    return core, {**described, "description": extras[0]}


def _list(item: Any) -> tuple[Core, Json] | None:
    found = plain_schemas(item)
    if found is None:
        return None
    core, described = found
    return {"type": "list", "items_schema": core}, {"items": described, "type": "array"}


def _dict(value: Any) -> tuple[Core, Json] | None:
    found = plain_schemas(value)
    if found is None:
        return None
    core, described = found
    return (
        {"type": "dict", "keys_schema": {"type": "str"}, "values_schema": core},
        {"additionalProperties": described or True, "type": "object"},
    )


def _optional(members: tuple[Any, ...]) -> tuple[Core, Json] | None:
    rest = [member for member in members if member is not type(None)]
    found = plain_schemas(rest[0]) if len(rest) == 1 else None
    if found is None or rest[0] is Any:
        return None
    core, described = found
    return {"type": "nullable", "schema": core}, {"anyOf": [described, {"type": "null"}]}
