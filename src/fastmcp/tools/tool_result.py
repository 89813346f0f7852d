"""ToolResult: what a tool gives back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from msgspec import UNSET, Raw, json

from fastmcp._components.blocks import to_blocks
from fastmcp._components.writing import to_json
from fastmcp.wire.content import TextContent
from fastmcp.wire.features import CallToolResult
from fastmcp.wire.model import construct


class ToolResult:
    """The outcome of a call: content blocks for the model, structured content for programs.

    Without `content`, the JSON of `structured_content` is the content. An error result is one
    that the model shall read; it is not raised anywhere.
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
        self.structured_content = structured_content
        self.content: list[Any] = (
            [TextContent(text=bytes(self._raw).decode())]
            if content is None and self._raw is not None
            else to_blocks(content)
        )
        self.meta: dict[str, Any] | None = meta
        self.is_error: bool = is_error

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
        """The structured content as a dict, or None; changes to the dict go out with it."""
        if self._structured is None and self._raw is not None:
            self._structured = json.decode(self._raw)
        return self._structured

    @structured_content.setter
    def structured_content(self, value: Any) -> None:
        self._structured: Any = None
        self._raw: Raw | None = None
        if value is not None:
            written = to_json(value)
            if not written.startswith(b"{"):
                raise ValueError(
                    f"structured_content must be an object, not {type(value).__name__}; "
                    'give it a name, such as {"result": value}'
                )
            self._raw = Raw(written)

    def to_wire(self) -> CallToolResult:
        """The result as the protocol has it."""
        structured = self._raw
        if self._structured is not None:
            structured = Raw(to_json(self._structured))
        return construct(
            CallToolResult,
            content=self.content,
            structured_content=UNSET if structured is None else structured,
            is_error=self.is_error,
            meta=self.meta,
        )

    def to_mcp_result(self) -> Any:
        """The content; with the structured content beside it, or all of it, if there is more."""
        structured = self.structured_content
        if self.meta is not None or self.is_error:
            whole = self.to_wire()
            if structured is not None:
                whole.structured_content = structured
            return whole
        return self.content if structured is None else (self.content, structured)

    # What code that knew this class as a pydantic model does with it

    def model_dump(self, **options: Any) -> dict[str, Any]:
        """The members as plain data; options as those of content blocks."""
        return {
            "content": [block.model_dump(**options) for block in self.content],
            "structured_content": self.structured_content,
            "meta": self.meta,
            "is_error": self.is_error,
        }

    def model_dump_json(self, **options: Any) -> str:
        """`model_dump` as JSON text."""
        return to_json(self.model_dump(**options)).decode()

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Any:
        """A copy with some members replaced."""
        from copy import copy, deepcopy

        copied = deepcopy(self) if deep else copy(self)
        for name, value in (update or {}).items():
            setattr(copied, name, value)
        return copied

    def __iter__(self) -> Iterator[tuple[str, Any]]:
        for name in ("content", "structured_content", "meta", "is_error"):
            yield name, getattr(self, name)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ToolResult) and list(self) == list(other)

    def __repr__(self) -> str:
        members = ", ".join(f"{name}={value!r}" for name, value in self if value)
        return f"{type(self).__name__}({members})"
