"""Results, as a client reads them and as `Client.call_tool` returns them."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any, TypeVar

from msgspec import Raw, Struct, json

from fastmcp._hydration.wrapping import says_wrapped, unwrapped
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
        raise unreadable(method, error) from None


def unreadable(method: str, error: Exception) -> ClientError:
    """The error for a result that is not what its method promises."""
    return ClientError(f"The server's answer to {method} is unreadable: {error}")


@lru_cache(maxsize=64)
def _decoder(kind: type[R]) -> json.Decoder[R]:
    return json.Decoder(kind)


class CallToolResult(Struct, kw_only=True):
    """A tool's result.

    `data` is its value: unwrapped, rebuilt into objects, dates and the like as far as the tool's
    output schema tells of them, and the text where there is nothing else.
    """

    content: list[Any]
    structured_content: Any = None
    meta: dict[str, Any] | None = None
    data: Any = None
    is_error: bool = False

    @classmethod
    def from_wire(
        cls, result: WireResult, hydrate: Callable[[Any], Any] | None = None
    ) -> CallToolResult:
        """Read a result of the protocol; `hydrate` makes `data` of its structured content."""
        return cls(
            content=result.content,
            structured_content=result.structured_content,
            meta=result.meta,
            data=None if result.is_error else _data(result, hydrate),
            is_error=result.is_error,
        )

    def text(self) -> str:
        """The text blocks, joined by newlines."""
        return "\n".join(c.text for c in self.content if isinstance(c, TextContent))


def _data(result: WireResult, hydrate: Callable[[Any], Any] | None) -> Any:
    structured = result.structured_content
    if structured is None:
        texts = [block.text for block in result.content if isinstance(block, TextContent)]
        return texts[0] if len(texts) == len(result.content) == 1 else None
    if hydrate is not None:
        return hydrate(structured)
    return unwrapped(structured, wrapped=says_wrapped(result.meta))
