"""ResponseLimitingMiddleware: results of tools that are not too large for a model."""

from __future__ import annotations

import logging
from bisect import bisect_right
from collections.abc import Collection, Sequence
from typing import Any, Final

from msgspec import json

from fastmcp._components.writing import simpler
from fastmcp.exceptions import ConfigurationError
from fastmcp.tools.base import Tool
from fastmcp.tools.tool_result import ToolResult
from fastmcp.wire.content import TextContent
from fastmcp.wire.features import CallToolResult

from .made_of import made_of
from .middleware import CallNext, Middleware, MiddlewareContext

logger: Final = logging.getLogger("fastmcp.server.middleware")

_ENCODER = json.Encoder(enc_hook=simpler)


class ResponseLimitingMiddleware(Middleware):
    """Cuts what a tool gives at `max_size` bytes of JSON, to its text and `truncation_suffix`.

    `tools` names those that it concerns, None means all. They are listed without an output
    schema, since what was cut keeps no promise.

    Raises:
        ConfigurationError: a size that is not positive, or a single name for `tools`.
    """

    def __init__(
        self,
        *,
        max_size: int = 1_000_000,
        truncation_suffix: str = "\n\n[Response truncated due to size limit]",
        tools: Collection[str] | None = None,
    ) -> None:
        if max_size <= 0:
            raise ConfigurationError(f"max_size must be positive, got {max_size}")
        if isinstance(tools, str):
            raise ConfigurationError(f"tools= takes a list of names: [{tools!r}]")
        self.max_size = max_size
        self.truncation_suffix = truncation_suffix
        self.tools: set[str] | None = None if tools is None else set(tools)

    def _concerns(self, name: str) -> bool:
        return self.tools is None or name in self.tools

    async def on_list_tools(
        self, context: MiddlewareContext[Any], call_next: CallNext[Any, Sequence[Tool]]
    ) -> Sequence[Tool]:
        """The list, without the output schemas that may not be kept."""
        return [
            made_of(tool, "without output schema", _without_output_schema)
            if tool.output_schema is not None and self._concerns(tool.name)
            else tool
            for tool in await call_next(context)
        ]

    async def on_call_tool(
        self, context: MiddlewareContext[Any], call_next: CallNext[Any, Any]
    ) -> Any:
        """The result, or as much of it as is allowed."""
        result = await call_next(context)
        if not isinstance(result, (ToolResult, CallToolResult)):
            return result
        if not self._concerns(context.message.name):
            return result
        whole = result.to_wire() if isinstance(result, ToolResult) else result
        written = _ENCODER.encode(whole)
        if len(written) <= self.max_size:
            return result
        logger.warning(
            "Tool %r response exceeds size limit: %d bytes > %d bytes, truncating",
            context.message.name,
            len(written),
            self.max_size,
        )
        return self._cut(whole, written)

    def _cut(self, whole: CallToolResult, written: bytes) -> ToolResult:
        texts = [block.text for block in whole.content if isinstance(block, TextContent)]
        text = "\n\n".join(texts) if texts else written.decode("utf-8", "replace")

        def result(text: str) -> ToolResult:
            return ToolResult(
                content=[TextContent(text=text)],
                meta=whole.meta,
                is_error=whole.is_error,
            )

        room = self.max_size - len(_ENCODER.encode(result(self.truncation_suffix).to_wire()))
        return result(_beginning(text, room) + self.truncation_suffix)


def _without_output_schema(tool: Tool) -> Tool:
    return tool.model_copy(update={"output_schema": None})


def _beginning(text: str, size: int) -> str:
    """As much of a text as has that many bytes once it is JSON."""
    ends = range(min(len(text), max(size, 0)) + 1)
    end = bisect_right(ends, size, key=lambda end: len(json.encode(text[:end])) - 2)
    return text[: max(end - 1, 0)]
