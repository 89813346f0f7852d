"""Schemas of annotations that need pydantic: the one module that imports it."""

from __future__ import annotations

import inspect
import re
import typing
from collections.abc import Callable
from functools import lru_cache, partial
from typing import Any, NamedTuple, cast

from pydantic import ConfigDict, Field, TypeAdapter
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaMode

from .typed_dicts import readable

_CONFIG = ConfigDict(arbitrary_types_allowed=True)
_STRICT = ConfigDict(arbitrary_types_allowed=True, strict=True)


class ClassSchemas(NamedTuple):
    """The schemas of a class where an annotation names it, and what they refer to."""

    core: dict[str, Any]
    schema: dict[str, Any]
    definitions: dict[str, dict[str, Any]]


class _Untitled(GenerateJsonSchema):
    """Leaves out the titles that only repeat a name: they cost tokens and tell nothing."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False

    def kw_arguments_schema(self, arguments: Any, var_kwargs_schema: Any) -> dict[str, Any]:
        named = {self.get_argument_name(each): each["schema"] for each in arguments}
        required = [name for name, schema in named.items() if schema["type"] != "default"]
        return {
            "additionalProperties": False,
            "properties": {name: self.generate_inner(schema) for name, schema in named.items()},
            **({"required": required} if required else {}),
            "type": "object",
        }


def rich_arguments(
    name: str, parameters: list[inspect.Parameter], *, strict: bool
) -> tuple[Callable[[Any], Any], Callable[[Any], Any], dict[str, Any]]:
    """Checkers of JSON and of mappings, and the JSON Schema, of keyword-only parameters."""
    adapter = _adapter_of(name, parameters, strict)
    schema = _schema_of(adapter)
    return adapter.validator.validate_json, adapter.validator.validate_python, schema


def rich_value(
    annotation: Any, *, by_alias: bool = True
) -> tuple[Callable[[Any], Any], Callable[..., bytes], dict[str, Any]]:
    """Checker, writer and JSON Schema of a return annotation."""
    adapter = TypeAdapter[Any](readable(annotation))
    schema = _schema_of(adapter, "serialization", by_alias=by_alias)
    cls: Any = typing.get_origin(annotation) or annotation
    if "title" in schema and schema["title"] == getattr(cls, "__name__", None):
        del schema["title"]
    write = partial(adapter.serializer.to_json, by_alias=by_alias)
    return adapter.validator.validate_python, write, schema


@lru_cache(maxsize=512)
def class_schemas(cls: type, mode: JsonSchemaMode, strict: bool) -> ClassSchemas:
    """What pydantic makes of a class, asked once."""
    if mode == "validation":
        parameter = inspect.Parameter("x", inspect.Parameter.KEYWORD_ONLY, annotation=cls)
        adapter = _adapter_of("f", [parameter], strict)
        core, around = _inner(adapter.core_schema)
        core = core["arguments_schema"]["arguments_schema"][0]["schema"]
        schema = _schema_of(adapter)
        place = schema["properties"]["x"]
    else:
        adapter = TypeAdapter[Any](cast("Any", list)[readable(cls)])
        core, around = _inner(adapter.core_schema)
        core = core["items_schema"]
        schema = _schema_of(adapter, mode)
        place = schema["items"]
    return ClassSchemas(
        {**around, "schema": core} if around else core, place, schema.get("$defs", {})
    )


def json_of_instance(value: Any) -> Any:
    """The value as JSON data, by the schema of its class.

    Raises:
        ValueError: its class has none.
    """
    try:
        return TypeAdapter[Any](cast("Any", type(value))).dump_python(value, mode="json")
    except Exception as error:
        raise ValueError(str(error).partition("\n")[0]) from None


def _adapter_of(name: str, parameters: list[inspect.Parameter], strict: bool) -> TypeAdapter[Any]:
    """pydantic reads functions; the one that it reads here has these parameters, and collects."""

    def collect(**arguments: Any) -> dict[str, Any]:
        return arguments

    annotations = {p.name: _with_field(readable(p.annotation)) for p in parameters}
    collect.__name__ = collect.__qualname__ = name
    collect.__annotations__ = annotations
    cast("Any", collect).__signature__ = inspect.Signature(
        [p.replace(annotation=annotations[p.name]) for p in parameters]
    )
    return TypeAdapter[Any](cast("Any", collect), config=_STRICT if strict else _CONFIG)


def _schema_of(
    adapter: TypeAdapter[Any],
    mode: JsonSchemaMode = "validation",
    *,
    by_alias: bool = True,
) -> dict[str, Any]:
    schema = adapter.json_schema(by_alias=by_alias, schema_generator=_Untitled, mode=mode)
    for name, definition in schema.get("$defs", {}).items():
        if "title" in definition and _is_made_of(name, definition["title"]):
            del definition["title"]
    return schema


def _is_made_of(name: str, title: str) -> bool:
    """Whether the title is the name of the class, as pydantic makes the definition's of it: with
    the module before or the arguments behind, where it needs them.
    """
    plain = re.sub(r"[^a-zA-Z0-9.\-_]", "_", title).replace(".", "__")
    return name == plain or re.search(rf"(?:^|__){plain}(?:_.*_)?$", name) is not None


def _inner(core: Any) -> tuple[Any, Any]:
    """A core schema without the definitions around it, and these."""
    return (core["schema"], core) if core["type"] == "definitions" else (core, None)


def _with_field(annotation: Any) -> Any:
    """`Annotated[T, "text"]` is `Annotated[T, Field(description="text")]`."""
    if typing.get_origin(annotation) is typing.Annotated:
        inner, *extras = typing.get_args(annotation)
        if len(extras) == 1 and isinstance(extras[0], str):
            return typing.Annotated[inner, Field(description=extras[0])]
    return annotation
