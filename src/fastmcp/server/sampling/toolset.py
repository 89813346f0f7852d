"""Toolset: the tools of one conversation with a model, and what comes of calling them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine, Iterable
from typing import TYPE_CHECKING, Any, TypeVar, cast

from msgspec import convert, to_builtins

from fastmcp._components.blocks import text_block, to_blocks
from fastmcp._components.schemas.portable import portable
from fastmcp._logging.tracebacks import exc_info_of
from fastmcp.exceptions import (
    AuthorizationError,
    ConfigurationError,
    McpError,
    ToolError,
    ValidationError,
)
from fastmcp.tools.whole_results import whole_result
from fastmcp.wire.content import ToolResultContent, ToolUseContent
from fastmcp.wire.features import Tool as WireTool
from fastmcp.wire.inputs import InputRequiredResult

from .sampling_tool import SamplingTool

if TYPE_CHECKING:
    from fastmcp.server.context import Context

T = TypeVar("T")


class Toolset:
    """Tools by name. `concurrency` of their calls run at a time: None one by one, 0 all.

    What a failed call tells the model is the text of its exception; `masked` hides the texts that
    were not written for a model.
    """

    def __init__(
        self,
        context: Context,
        given: Iterable[Any],
        *,
        masked: bool | None = None,
        concurrency: int | None = None,
    ) -> None:
        if concurrency is not None and concurrency < 0:
            raise ConfigurationError(
                f"tool_concurrency={concurrency}: give the number of calls that run at a time, 0 "
                "for all, or None for one by one"
            )
        self._context = context
        self._masked = context.fastmcp._parts.masks_errors if masked is None else masked
        self._concurrency = concurrency
        self._tools: dict[str, SamplingTool] = {}
        for tool in map(SamplingTool.of, given):
            if tool.name in self._tools:
                raise ConfigurationError(
                    f"Two of the tools are named {tool.name!r}; rename one with "
                    "SamplingTool.from_function(fn, name=...)"
                )
            self._tools[tool.name] = tool

    def __bool__(self) -> bool:
        return bool(self._tools)

    def entries(self) -> list[WireTool]:
        """The tools as the model's client is told of them."""
        entries = [tool.to_mcp_tool() for tool in self._tools.values()]
        if self._context.fastmcp.dereference_schemas:
            for entry in entries:
                entry.input_schema = portable(entry.input_schema)
        return entries

    async def run(self, calls: list[ToolUseContent], key: str) -> list[ToolResultContent]:
        """The results of the calls of one answer, in their order.

        `key` names the answer among all of the request. A call that has run in an earlier round
        of the request does not run again.
        """
        keyed = [(call, f"{key}-{number}") for number, call in enumerate(calls)]
        width = self._width(calls)
        if width == 1:
            return [await self._result(*each) for each in keyed]
        room = asyncio.Semaphore(width)

        async def within(call: ToolUseContent, key: str) -> ToolResultContent:
            async with room:
                return await self._result(call, key)

        return await _all(within(*each) for each in keyed)

    def _width(self, calls: list[ToolUseContent]) -> int:
        """How many of the calls run at a time."""
        called = (self._tools.get(call.name) for call in calls)
        if self._concurrency is None or any(tool and tool.sequential for tool in called):
            return 1
        return self._concurrency or max(len(calls), 1)

    async def _result(self, call: ToolUseContent, key: str) -> ToolResultContent:
        tool = self._tools.get(call.name)
        if tool is None:
            known = ", ".join(self._tools) or "none"
            return _failed(call, f"Unknown tool: {call.name!r}; the tools are: {known}")
        if not tool.RECORDED:
            return await self._outcome(tool, call)

        async def outcome() -> Any:
            return to_builtins(await self._outcome(tool, call))

        return convert(await self._context.once(key, outcome), ToolResultContent)

    async def _outcome(self, tool: SamplingTool, call: ToolUseContent) -> ToolResultContent:
        log = self._context.fastmcp.logger.log
        try:
            content, is_error = _read(await tool.run(call.input))
        except ValidationError as error:
            log(logging.WARNING, "Invalid arguments for sampled tool %r: %s", call.name, error)
            return _failed(call, f"Invalid arguments for tool {call.name!r}: {error}")
        except (McpError, ToolError, AuthorizationError) as error:
            log(error.log_level, "Error calling sampled tool %r: %s", call.name, error)
            return _failed(call, str(error))
        except (Exception, SystemExit) as error:
            what = "Error calling sampled tool %r"
            log(logging.ERROR, what, call.name, exc_info=exc_info_of(error))
            detail = "" if self._masked else f": {error}"
            return _failed(call, f"Error calling tool {call.name!r}{detail}")
        return ToolResultContent(tool_use_id=call.id, content=content, is_error=is_error)


async def _all(work: Iterable[Coroutine[Any, Any, T]]) -> list[T]:
    """What all of it gives. All comes to its end, also when a part of it has to be taken up later,
    for what it did to be recorded.
    """
    outcomes = await asyncio.gather(*work, return_exceptions=True)
    for outcome in outcomes:
        if isinstance(outcome, BaseException):
            raise outcome
    return cast("list[T]", outcomes)


def _read(value: Any) -> tuple[list[Any], bool]:
    """The content that a tool's value means, and whether it is an error's."""
    result = whole_result(value)
    if result is None:
        return to_blocks(value), False
    if isinstance(result, InputRequiredResult):
        raise ToolError(
            "A sampled tool cannot return a demand for input; let it await ctx.elicit() instead"
        )
    return result.content, result.is_error


def _failed(call: ToolUseContent, text: str) -> ToolResultContent:
    return ToolResultContent(tool_use_id=call.id, content=[text_block(text)], is_error=True)
