"""Results, as a client reads them and as `Client.call_tool` returns them."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, TypeVar

from msgspec import Raw, Struct, ValidationError, convert, json

from fastmcp.exceptions import ClientError
from fastmcp.wire.content import TextContent
from fastmcp.wire.features import CallToolResult as WireResult

R = TypeVar("R")


def read_result(kind: type[R], raw: Raw, method: str) -> R:
    """A result of the protocol.

    Raises:
        ClientError: it is not one of this kind.
    """
    try:
        return _decoder(kind).decode(raw)
    except (ValueError, RecursionError) as error:
        raise ClientError(f"The server's answer to {method} is unreadable: {error}") from None


@lru_cache(maxsize=64)
def _decoder(kind: type[R]) -> json.Decoder[R]:
    return json.Decoder(kind)


class CallToolResult(Struct, kw_only=True):
    """A tool's result; `data` is its value: unwrapped, and text where there is nothing else."""

    content: list[Any]
    structured_content: Any = None
    meta: dict[str, Any] | None = None
    data: Any = None
    is_error: bool = False

    @classmethod
    def from_wire(cls, result: WireResult) -> CallToolResult:
        """Read a result of the protocol."""
        return cls(
            content=result.content,
            structured_content=result.structured_content,
            meta=result.meta,
            data=None if result.is_error else _data(result),
            is_error=result.is_error,
        )

    def text(self) -> str:
        """The text blocks, joined by newlines."""
        return "\n".join(c.text for c in self.content if isinstance(c, TextContent))


def _data(result: WireResult) -> Any:
    structured = result.structured_content
    if structured is None:
        texts = [block.text for block in result.content if isinstance(block, TextContent)]
        return texts[0] if len(texts) == len(result.content) == 1 else None
    try:
        wrapped = convert(result.meta or {}, _Notes).fastmcp.wrap_result
    except ValidationError:
        wrapped = False
    return structured["result"] if wrapped and "result" in structured else structured


class _Wrapping(Struct, frozen=True):
    wrap_result: bool = False


class _Notes(Struct):
    """What servers of this family say of a result in its `_meta`."""

    fastmcp: _Wrapping = _Wrapping()
