"""Schemas of annotations that need pydantic: the one module that imports it."""

from __future__ import annotations

import inspect
import typing
from collections.abc import Callable
from typing import Any, cast

from pydantic import ConfigDict, Field, TypeAdapter
from pydantic.json_schema import GenerateJsonSchema

from .typed_dicts import readable

_CONFIG = ConfigDict(arbitrary_types_allowed=True)
_STRICT = ConfigDict(arbitrary_types_allowed=True, strict=True)


class _Untitled(GenerateJsonSchema):
    """Leaves out the titles that only repeat a name: they cost tokens and tell nothing."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False

    def call_schema(self, schema: Any) -> Any:
        return self.generate_inner(schema["arguments_schema"])


def rich_arguments(
    name: str, parameters: list[inspect.Parameter], *, strict: bool
) -> tuple[Callable[[Any], Any], Callable[[Any], Any], dict[str, Any]]:
    """Checkers of JSON and of mappings, and the JSON Schema, of keyword-only parameters.

    pydantic reads functions; the one that it reads here has these parameters, and collects.
    """

    def collect(**arguments: Any) -> dict[str, Any]:
        return arguments

    annotations = {p.name: _with_field(readable(p.annotation)) for p in parameters}
    collect.__name__ = collect.__qualname__ = name
    collect.__annotations__ = annotations
    cast("Any", collect).__signature__ = inspect.Signature(
        [p.replace(annotation=annotations[p.name]) for p in parameters]
    )
    adapter = TypeAdapter[Any](cast("Any", collect), config=_STRICT if strict else _CONFIG)
    schema = adapter.json_schema(schema_generator=_Untitled)
    schema.setdefault("properties", {})
    schema.pop("title", None)
    return adapter.validator.validate_json, adapter.validator.validate_python, schema


def rich_value(
    annotation: Any,
) -> tuple[Callable[[Any], Any], Callable[..., bytes], dict[str, Any]]:
    """Checker, writer and JSON Schema of a return annotation."""
    adapter = TypeAdapter[Any](readable(annotation))
    schema = adapter.json_schema(mode="serialization", schema_generator=_Untitled)
    return adapter.validator.validate_python, adapter.serializer.to_json, schema


def _with_field(annotation: Any) -> Any:
    """`Annotated[T, "text"]` is `Annotated[T, Field(description="text")]`."""
    if typing.get_origin(annotation) is typing.Annotated:
        inner, *extras = typing.get_args(annotation)
        if len(extras) == 1 and isinstance(extras[0], str):
            return typing.Annotated[inner, Field(description=extras[0])]
    return annotation
