"""Validators, serializers and JSON Schemas (2020-12) from annotations.

The commonest annotations are written out in `plain_types`; the rest is pydantic's, which is
loaded for the first of them.
"""

from __future__ import annotations

import typing
from collections.abc import Callable
from functools import partial
from inspect import Parameter
from re import compile as compile_pattern
from typing import Any, cast

from msgspec import Struct

from fastmcp._components.writing import writes_aliases

from .annotated import Core, Json, NotPlain, is_field, limited, said_by
from .arguments import Arguments
from .defaults import shown_default
from .plain_types import Writer
from .refusal import explain as explain

_FOREIGN = compile_pattern(r"core_schema\.IsInstanceSchema \(<class '(.+)'>\)")
"""What pydantic says of a class of which it knows nothing."""


class Value(Struct, frozen=True):
    """How a value is checked and written, and what it looks like once written."""

    check: Callable[[Any], Any]
    write: Callable[..., bytes]
    schema: Json


class Unreadable(ValueError):
    """A parameter that no client can fill. The text goes on after the function's name."""


def arguments_of(name: str, parameters: list[Parameter], *, strict: bool) -> Arguments:
    """Read keyword-only parameters.

    Raises:
        Unreadable: JSON cannot be one of them, or cannot be its default.
    """
    parameters = [_welcoming(parameter) for parameter in parameters]
    try:
        return _read(name, parameters, strict)
    except Unreadable:
        raise
    except Exception as error:
        wrong = [p.name for p in parameters if not _is_readable(p)] or ["its parameters"]
        text = f"cannot validate {', '.join(wrong)}: annotate it with a type that JSON can be"
        foreign = _FOREIGN.search(str(error))
        if foreign is None:
            raise Unreadable(f"{text} ({_first_line(error)})") from error
        raise Unreadable(
            f"{text}: not {foreign[1]}, but a dataclass, a TypedDict or a pydantic model, say"
        ) from None


def value_of(annotation: Any) -> Value:
    """Read a return annotation. Raises whatever pydantic raises for an impossible one."""
    from pydantic_core import SchemaSerializer, SchemaValidator

    writer = Writer("serialization")
    by_alias = writes_aliases(annotation) is not False
    try:
        if not by_alias:
            raise NotPlain
        core, schema = writer.write(annotation)
    except NotPlain:
        from .rich_types import rich_value

        return Value(*rich_value(annotation, by_alias=by_alias))
    core = cast("Any", _with_shared(core, writer))
    write = SchemaSerializer(core).to_json
    if writer.has_classes:
        write = partial(write, by_alias=True)
    return Value(SchemaValidator(core).validate_python, write, _rooted(schema, writer.definitions))


def _read(name: str, parameters: list[Parameter], strict: bool) -> Arguments:
    from pydantic_core import SchemaValidator

    try:
        core, schema = plain_parameters(parameters, strict=strict)
    except NotPlain:
        return _read_by_pydantic(name, parameters, strict)
    config: Any = {"strict": True} if strict else None
    validator = SchemaValidator(cast("Any", core), config)
    return Arguments(validator.validate_json, validator.validate_python, schema, {}, strict)


def _read_by_pydantic(name: str, parameters: list[Parameter], strict: bool) -> Arguments:
    from .rich_types import rich_arguments

    for parameter in parameters:
        for default in _defaults_of(parameter):
            _shown_default(parameter, default)
    check_json, check_python, schema = rich_arguments(name, parameters, strict=strict)
    pairs = zip(parameters, schema["properties"], strict=True)
    names = {parameter.name: shown for parameter, shown in pairs if parameter.name != shown}
    return Arguments(check_json, check_python, schema, names, strict)


def plain_parameters(parameters: list[Parameter], *, strict: bool) -> tuple[Core, Json]:
    """The core schema and the JSON Schema of keyword-only parameters.

    Raises:
        NotPlain: one of them needs pydantic.
    """
    writer = Writer(strict=strict)
    fields: list[Core] = []
    properties: dict[str, Json] = {}
    required: list[str] = []
    for parameter in parameters:
        core, shown = writer.write(parameter.annotation)
        default: Any = parameter.default
        if is_field(default):
            said = said_by(default)
            if said.factory:
                raise NotPlain
            core, shown = limited((core, shown), said.limits)
            shown, default = {**shown, **said.members}, said.default
        if default is Parameter.empty:
            required.append(parameter.name)
        else:
            core = {"type": "default", "schema": core, "default": default}
            shown["default"] = _shown_default(parameter, default)
        fields.append({"name": parameter.name, "mode": "keyword_only", "schema": core})
        properties[parameter.name] = shown
    schema: Json = {"additionalProperties": False, "properties": properties}
    if required:
        schema["required"] = required
    schema["type"] = "object"
    if writer.definitions:
        schema = {"$defs": writer.definitions, **schema}
    call = {
        "type": "call",
        "function": collect,
        "arguments_schema": {"type": "arguments", "arguments_schema": fields},
    }
    return _with_shared(call, writer), schema


def collect(**arguments: Any) -> dict[str, Any]:
    """The function whose arguments are checked: what it is given is what a call will pass."""
    return arguments


def optional(annotation: Any) -> Any:
    """The annotation with None allowed; what `Annotated` says of it stays."""
    if annotation is Any:
        return annotation
    if typing.get_origin(annotation) is typing.Annotated:
        inner, *extras = typing.get_args(annotation)
        return typing.Annotated[(typing.Optional[inner], *extras)]
    return typing.Optional[annotation]


def _welcoming(parameter: Parameter) -> Parameter:
    """`x: T = Field(None)` means that None is welcome, as `x: T = None` does."""
    if is_field(parameter.default) and parameter.default.default is None:
        return parameter.replace(annotation=optional(parameter.annotation))
    return parameter


def _defaults_of(parameter: Parameter) -> list[Any]:
    """Its default, also of a `Field`; one that a factory makes is not known before the call."""
    from pydantic_core import PydanticUndefined

    said: list[Any] = [parameter.default, *getattr(parameter.annotation, "__metadata__", ())]
    found = [each.default for each in said if is_field(each)]
    if not is_field(parameter.default):
        found.append(parameter.default)
    return [each for each in found if each is not PydanticUndefined and each is not Parameter.empty]


def _shown_default(parameter: Parameter, default: Any) -> Any:
    try:
        return shown_default(default)
    except ValueError as error:
        raise Unreadable(
            f"has a default of {parameter.name} that JSON cannot be ({_first_line(error)}); "
            "default to None and make the value in the function"
        ) from None


def _is_readable(parameter: Parameter) -> bool:
    try:
        _read(parameter.name, [parameter], strict=False)
    except Exception:
        return False
    return True


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0]


def _with_shared(core: Core, writer: Writer) -> Core:
    if not writer.shared:
        return core
    return {"type": "definitions", "schema": core, "definitions": list(writer.shared.values())}


def _rooted(schema: Json, definitions: dict[str, Json]) -> Json:
    """The schema with its definitions; one that nothing else refers to stands at the root."""
    if schema.keys() == {"$ref"}:
        name = schema["$ref"].rpartition("/")[2]
        if not _refers(list(definitions.values()), schema["$ref"]):
            schema = definitions.pop(name)
    return {"$defs": definitions, **schema} if definitions else schema


def _refers(schema: Any, ref: str) -> bool:
    if isinstance(schema, dict):
        members = cast("Json", schema)
        return members.get("$ref") == ref or any(_refers(each, ref) for each in members.values())
    return isinstance(schema, list) and any(_refers(each, ref) for each in cast("Any", schema))
