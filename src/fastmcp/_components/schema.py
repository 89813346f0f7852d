"""Validators and JSON Schemas (2020-12) from annotations. The place that knows pydantic."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from pydantic import ConfigDict, TypeAdapter
from pydantic.json_schema import GenerateJsonSchema

LAX = ConfigDict(arbitrary_types_allowed=True)
STRICT = ConfigDict(arbitrary_types_allowed=True, strict=True)


class _Untitled(GenerateJsonSchema):
    """Leaves out the titles that only repeat a name: they cost tokens and tell nothing."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False

    def call_schema(self, schema: Any) -> Any:
        return self.generate_inner(schema["arguments_schema"])


def build_arguments(
    function: Callable[..., dict[str, Any]], strict: bool
) -> tuple[Callable[[Any], Any], Callable[[Any], Any], dict[str, Any]]:
    """Checkers of the JSON and of the mapping that fill a function's parameters, and its schema."""
    adapter = TypeAdapter[Any](cast("Any", function), config=STRICT if strict else LAX)
    schema = adapter.json_schema(schema_generator=_Untitled)
    schema.setdefault("properties", {})
    schema.pop("title", None)
    return adapter.validator.validate_json, adapter.validator.validate_python, schema


def build_output(annotation: Any) -> tuple[TypeAdapter[Any], dict[str, Any]]:
    """The adapter of a return annotation and the JSON Schema of what it sends."""
    adapter = TypeAdapter[Any](annotation)
    return adapter, adapter.json_schema(mode="serialization", schema_generator=_Untitled)
