"""Tool and ToolResult: what a tool is to the server, and what it gives back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar, Unpack, cast

from msgspec import UNSET, DecodeError, Raw, field, json

from fastmcp._components.blocks import as_block
from fastmcp._components.component import Component, ComponentOptions
from fastmcp._components.signature import NOT_AN_OBJECT
from fastmcp._protocol.mirroring import read_plan
from fastmcp.exceptions import InvalidSignature, ValidationError
from fastmcp.wire.content import TextContent
from fastmcp.wire.features import CallToolResult, ToolAnnotations, ToolExecution
from fastmcp.wire.features import Tool as WireTool

NO_PARAMETERS: dict[str, Any] = {"type": "object", "properties": {}}


class ToolResult:
    """The outcome of a call: content blocks for the model, structured content for programs.

    Without `content`, the JSON of `structured_content` is the content.
    """

    __slots__ = ("_raw", "_structured", "content", "is_error", "meta")

    def __init__(
        self,
        content: Any = None,
        structured_content: Any = None,
        meta: dict[str, Any] | None = None,
        is_error: bool = False,
    ) -> None:
        if content is None and structured_content is None:
            raise ValueError("A ToolResult needs content or structured_content")
        self._raw: Raw | None = None
        self._structured: Any = None
        if structured_content is not None:
            self.structured_content = structured_content
        self.content: list[Any] = (
            [TextContent(text=bytes(self._raw).decode())]
            if content is None and self._raw is not None
            else to_blocks(content)
        )
        self.meta = meta
        self.is_error = is_error

    @classmethod
    def encoded(
        cls, content: list[Any], structured: bytes | None = None, meta: dict[str, Any] | None = None
    ) -> ToolResult:
        """A result whose structured content is JSON already."""
        self = cls.__new__(cls)
        self._raw = None if structured is None else Raw(structured)
        self._structured = None
        self.content = content
        self.meta = meta
        self.is_error = False
        return self

    @property
    def structured_content(self) -> Any:
        """The structured content as Python data, or None."""
        if self._structured is None and self._raw is not None:
            self._structured = json.decode(self._raw)
        return self._structured

    @structured_content.setter
    def structured_content(self, value: Any) -> None:
        self._structured = value
        self._raw = None if value is None else Raw(to_json(value))

    def to_wire(self) -> CallToolResult:
        """The result as the protocol has it."""
        structured = self._raw
        if self._structured is not None:
            structured = Raw(to_json(self._structured))
        return CallToolResult(
            content=self.content,
            structured_content=UNSET if structured is None else structured,
            is_error=self.is_error,
            meta=self.meta,
        )


class ToolOptions(ComponentOptions, total=False):
    """What the `tool` decorator takes. `output_schema` None sends no structured content;
    `run_in_thread` False calls a plain function on the event loop; `strict` allows no coercion.
    """

    annotations: Any
    output_schema: dict[str, Any] | None
    run_in_thread: bool
    strict: bool


class Tool(Component, kw_only=True):
    """A tool. Subclasses override `run`."""

    KIND: ClassVar[str] = "tool"

    parameters: dict[str, Any] = field(default_factory=lambda: dict(NO_PARAMETERS))
    output_schema: dict[str, Any] | None = None
    annotations: ToolAnnotations | None = None
    execution: ToolExecution | None = None
    timeout: float | None = None

    def __post_init__(self) -> None:
        try:
            self.mirrors = read_plan(self.parameters)
        except ValueError as error:
            raise InvalidSignature(f"The tool {self.name!r} cannot be served: {error}") from None

    @classmethod
    def from_function(cls, fn: Any, **options: Unpack[ToolOptions]) -> Tool:
        """A tool that calls `fn`."""
        from .function_tool import FunctionTool

        return FunctionTool.from_function(fn, **options)

    async def call(self, arguments: Raw | Mapping[str, Any]) -> ToolResult:
        """Run with arguments that may still be raw JSON.

        Raises:
            ValidationError: they do not fit.
        """
        if isinstance(arguments, Raw):
            try:
                arguments = json.decode(arguments, type=dict[str, Any])
            except (DecodeError, UnicodeError, RecursionError):
                raise ValidationError(NOT_AN_OBJECT) from None
        return await self.run(dict(arguments))

    async def run(self, arguments: dict[str, Any]) -> ToolResult:
        """Do the work."""
        raise NotImplementedError(f"{type(self).__name__} must implement run()")

    def to_mcp_tool(self, **overrides: Any) -> WireTool:
        """The tool as clients see it."""
        annotations = self.annotations
        members: dict[str, Any] = {
            "name": self.name,
            "title": self.title or (annotations.title if annotations else None),
            "description": self.description,
            "input_schema": self.parameters,
            "output_schema": self.output_schema,
            "annotations": annotations,
            "icons": self.icons,
            "execution": self.execution,
            "meta": self._wire_meta(),
        }
        return WireTool(**{**members, **overrides} if overrides else members)


def to_json(value: Any) -> bytes:
    """Any value as JSON, the way pydantic writes it.

    Raises:
        ValueError: it cannot be written.
    """
    import pydantic_core

    return pydantic_core.to_json(value)


def to_blocks(value: Any) -> list[Any]:
    """Content blocks of a tool's value: blocks as they are, other data as JSON text."""
    if value is None:
        return []
    if isinstance(value, str):
        return [TextContent(text=value)]
    block = as_block(value)
    if block is not None:
        return [block]
    if isinstance(value, (list, tuple, set, frozenset)):
        items = list(cast("Iterable[Any]", value))
        if any(as_block(item) is not None for item in items):
            return [converted for item in items for converted in to_blocks(item)]
    if isinstance(value, (bytes, bytearray)):
        return [TextContent(text=_text_of(bytes(value)))]
    return [TextContent(text=to_json(value).decode())]


def _text_of(value: bytes) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError:
        import base64

        return base64.b64encode(value).decode()
