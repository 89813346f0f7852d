"""From a tool's return annotation to its output schema, and from its value to a ToolResult."""

from __future__ import annotations

import types
import typing
from collections.abc import Iterable
from typing import Any, cast

from msgspec import Raw

from fastmcp._components.blocks import BLOCK_TYPES, is_block, plain
from fastmcp._components.media import Media
from fastmcp._components.schema import Value, explain, value_of
from fastmcp.exceptions import InvalidSignature, ToolError
from fastmcp.wire.content import TextContent
from fastmcp.wire.features import CallToolResult
from fastmcp.wire.model import Model

from .base import ToolResult, to_blocks, to_json

WRAPPED = "x-fastmcp-wrap-result"
_WRAP_META = {"fastmcp": {"wrap_result": True}}
_WITHOUT_SCHEMA = (None, type(None), Any, object, str, bytes, list, tuple, set, frozenset)


class Output:
    """How one tool's values become results; read once, from its return annotation.

    A schema whose root is no object is wrapped as `{"result": …}` (PROTOCOL 8.3).
    """

    __slots__ = ("_value", "schema", "wraps")

    def __init__(self, annotation: Any, schema: Any = ...) -> None:
        self._value: Value | None = None
        self.schema: dict[str, Any] | None = None
        self.wraps = False
        if schema is None:
            return
        if schema is not ...:
            if schema.get("type") != "object":
                raise InvalidSignature('output_schema must have the root "type": "object"')
            self.schema = schema
            self.wraps = bool(schema.get(WRAPPED))
        elif not _without_schema(annotation):
            self._read(annotation)

    def _read(self, annotation: Any) -> None:
        try:
            value = value_of(annotation)
        except Exception:
            return  # what pydantic cannot describe is sent as content only
        self._value, schema = value, value.schema
        self.wraps = not _is_object(schema)
        if self.wraps:
            definitions = schema.pop("$defs", None)
            schema = {
                "type": "object",
                "properties": {"result": schema},
                "required": ["result"],
                WRAPPED: True,
            }
            if definitions:
                schema["$defs"] = definitions
        else:
            schema.setdefault("type", "object")
        self.schema = schema

    def convert(self, value: Any) -> ToolResult | CallToolResult:
        """The result that a function's value means.

        Raises:
            ToolError: the value does not fit the annotation, or cannot be written as JSON.
        """
        if isinstance(value, (ToolResult, CallToolResult)):
            return value
        if self.schema is None and (value is None or isinstance(value, (str, bytes))):
            return ToolResult.encoded(to_blocks(value))
        if _is_official_result(value):
            return CallToolResult.model_validate(plain(value))
        if _holds_blocks(value):
            return ToolResult.encoded(to_blocks(value))
        data = self._write(value)
        text = value if isinstance(value, str) else data.decode()
        content: list[Any] = [] if value is None else [TextContent(text=text)]
        if self.wraps:
            return ToolResult.encoded(content, b'{"result":' + data + b"}", _WRAP_META)
        return ToolResult.encoded(content, data if data.startswith(b"{") else None)

    def _write(self, value: Any) -> bytes:
        known = self._value
        try:
            if known is None:
                return to_json(value)
            try:
                return known.write(value, warnings="error")
            except ValueError:
                return known.write(known.check(value))
        except ValueError as error:
            what = explain(error) or "it cannot be written as JSON"
            raise ToolError(f"The tool returned what its annotation does not allow: {what}") from (
                error
            )


def _without_schema(annotation: Any) -> bool:
    import inspect

    if annotation is inspect.Parameter.empty or annotation in _WITHOUT_SCHEMA:
        return True
    origin = typing.get_origin(annotation)
    if origin in (typing.Union, types.UnionType, typing.Annotated):
        members = [m for m in typing.get_args(annotation) if m is not type(None)]
        if origin is typing.Annotated:
            members = members[:1]
        return any(_without_schema(member) for member in members)
    if origin in (list, tuple, set, frozenset):
        members = [m for m in typing.get_args(annotation) if m is not ...]
        return all(member is Any or _is_content(member) for member in members)
    return _is_content(annotation)


def _is_content(annotation: Any) -> bool:
    if typing.get_origin(annotation) in (typing.Union, types.UnionType):
        return any(_is_content(member) for member in typing.get_args(annotation))
    if not isinstance(annotation, type):
        return False
    if issubclass(annotation, (ToolResult, Media, Model, Raw)):
        return True
    fields: Any = getattr(cast("Any", annotation), "model_fields", {})
    kind = fields.get("type")
    return getattr(kind, "default", None) in BLOCK_TYPES or (
        "isError" in fields or "is_error" in fields
    )


def _is_object(schema: dict[str, Any]) -> bool:
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return _is_object(schema.get("$defs", {}).get(name, {}))
    return schema.get("type") == "object"


def _is_official_result(value: Any) -> bool:
    return hasattr(value, "model_dump") and (
        hasattr(value, "structuredContent") or hasattr(value, "structured_content")
    )


def _holds_blocks(value: Any) -> bool:
    if isinstance(value, (list, tuple)):
        return any(is_block(item) for item in cast("Iterable[Any]", value))
    return is_block(value)
