"""How deep arguments may be nested, and how large results may be."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, cast

from msgspec import Raw, json

from fastmcp.exceptions import LimitError, ToolError, ValidationError
from fastmcp.prompts.base import PromptResult
from fastmcp.resources.base import ResourceResult
from fastmcp.tools.tool_result import ToolResult
from fastmcp.transports import check_positive
from fastmcp.wire.features import CallToolResult

from .called_tool import called_tool
from .middleware import CallNext, Middleware, MiddlewareContext


class ArgumentDepthMiddleware(Middleware):
    """Refuses calls of tools whose arguments are nested deeper than `max_depth`, the arguments
    themselves being the first level; `tools` has other limits by name. None is no limit.
    """

    def __init__(
        self, max_depth: int | None = 64, *, tools: Mapping[str, int | None] | None = None
    ) -> None:
        check_positive(max_depth=max_depth, **_named(tools))
        self._max_depth = max_depth
        self._tools = dict(tools or {})

    async def on_call_tool(
        self, context: MiddlewareContext[Any], call_next: CallNext[Any, Any]
    ) -> Any:
        """Refuse what is nested too deeply."""
        limit = self._max_depth
        if self._tools:
            limit = self._tools.get(called_tool(context), limit)
        if limit is not None and _is_deeper(context.message.arguments, limit):
            raise ValidationError(f"they are nested deeper than the {limit} levels that are read")
        return await call_next(context)


class ResultSizeMiddleware(Middleware):
    """Refuses results whose texts and data have more than `max_bytes`; `tools` has other limits by
    name. None is no limit.

    The model reads that the result of a tool is too large, so that it can ask for less; the result
    of a resource or prompt becomes an error.
    """

    def __init__(
        self,
        max_bytes: int | None = 16 * 1024 * 1024,
        *,
        tools: Mapping[str, int | None] | None = None,
    ) -> None:
        check_positive(max_bytes=max_bytes, **_named(tools))
        self._max_bytes = max_bytes
        self._tools = dict(tools or {})

    async def on_call_tool(
        self, context: MiddlewareContext[Any], call_next: CallNext[Any, Any]
    ) -> Any:
        """Refuse a result that is too large."""
        result = await call_next(context)
        limit = self._max_bytes
        if self._tools:
            limit = self._tools.get(called_tool(context), limit)
        if limit is not None and (size := _size_of_call(result)) > limit:
            name = called_tool(context)
            raise ToolError(f"The result of {name!r} {_too_large(size, limit)}. Ask for less of it")
        return result

    async def on_read_resource(
        self, context: MiddlewareContext[Any], call_next: CallNext[Any, Any]
    ) -> Any:
        """Refuse contents that are too large."""
        result = await call_next(context)
        if isinstance(result, ResourceResult):
            self._judge(f"The resource {context.message.uri}", result.contents)
        return result

    async def on_get_prompt(
        self, context: MiddlewareContext[Any], call_next: CallNext[Any, Any]
    ) -> Any:
        """Refuse messages that are too large."""
        result = await call_next(context)
        if isinstance(result, PromptResult):
            blocks = [message.content for message in result.messages]
            self._judge(f"The prompt {context.message.name!r}", blocks)
        return result

    def _judge(self, subject: str, blocks: Iterable[Any]) -> None:
        limit = self._max_bytes
        if limit is not None and (size := sum(map(_size_of_block, blocks))) > limit:
            raise LimitError(f"{subject} {_too_large(size, limit)}")


def _named(tools: Mapping[str, Any] | None) -> dict[str, Any]:
    return {f"tools[{name!r}]": value for name, value in (tools or {}).items()}


def _is_deeper(value: Any, levels: int) -> bool:
    """Whether a value of JSON has more levels of containers; no deeper ones are looked at."""
    found: list[Any] = [value]
    for _ in range(levels):
        found = [inner for each in found for inner in _containers(each)]
        if not found:
            return False
    return True


def _containers(value: Any) -> list[Any]:
    """The dicts and lists in a value, which is what JSON nests."""
    if isinstance(value, dict):
        inner: Iterable[Any] = cast("dict[str, Any]", value).values()
    elif isinstance(value, list):
        inner = cast("list[Any]", value)
    else:
        return []
    return [each for each in inner if isinstance(each, (dict, list))]


def _size_of_call(result: Any) -> int:
    if isinstance(result, ToolResult):
        result = result.to_wire()  # which has the JSON of its structured content
    elif not isinstance(result, CallToolResult):
        return 0  # a question to the client
    size = sum(map(_size_of_block, result.content))
    if not result.has_structured_content:
        return size
    structured = result.structured_content
    return size + len(structured if isinstance(structured, Raw) else json.encode(structured))


def _size_of_block(block: Any) -> int:
    """Of a content block, or of what a resource contains."""
    inner = getattr(block, "resource", block)
    return sum(
        _bytes_of(getattr(inner, name, None)) for name in ("text", "data", "blob", "content")
    )


def _bytes_of(value: Any) -> int:
    if isinstance(value, str):
        return len(value) if value.isascii() else len(value.encode("utf-8", "surrogatepass"))
    return len(value) if isinstance(value, (bytes, bytearray)) else 0


def _too_large(size: int, limit: int) -> str:
    return f"has {size:,} bytes, and this server gives no more than {limit:,}"
