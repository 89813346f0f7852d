"""Calls of tools, with what is known of each tool from its listing."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Any, TypedDict

from fastmcp.exceptions import (
    HEADER_MISMATCH,
    INVALID_PARAMS,
    McpError,
    RemoteToolError,
    TimedOut,
    ToolError,
)
from fastmcp.wire.content import TextContent
from fastmcp.wire.features import CallToolResult as WireCallToolResult
from fastmcp.wire.features import read_call_result

from .arguments import Duration, in_seconds, jsonable, with_version
from .conversation import Conversation
from .output_schemas import OutputSchemas, has_to_be_read
from .progress import ProgressHandler
from .results import CallToolResult, unreadable


class CallOptions(TypedDict, total=False):
    """How a tool is called: how long it may be silent, who hears of its progress, which `version`
    of it is called if not the highest, and what goes with the call in `_meta`.
    """

    timeout: Duration | None
    progress_handler: ProgressHandler | None
    version: str | None
    meta: Mapping[str, Any] | None


class ToolCalls:
    """The `tools/call` requests of a client.

    `list_all` lists every tool, to know more of them, and gives the pages to `schemas.learn`. With
    `raises_originals` an error may be the very exception of the tool.
    """

    def __init__(
        self,
        conversation: Conversation,
        list_all: Callable[[], Awaitable[object]],
        *,
        raises_originals: bool,
    ) -> None:
        self._conversation = conversation
        self._list_all = list_all
        self.schemas = OutputSchemas(list_all)
        self._raises_originals = raises_originals

    async def wire_result(
        self, name: str, arguments: Mapping[str, Any] | None, options: CallOptions
    ) -> WireCallToolResult:
        """What the server answers.

        Raises:
            McpError: it is an error.
        """
        params: dict[str, Any] = {"name": name}
        params["arguments"] = jsonable(arguments) if arguments else {}
        ask = partial(
            self._conversation.request,
            "tools/call",
            params,
            timeout=in_seconds(options.get("timeout")),
            progress_handler=options.get("progress_handler"),
            meta=with_version(options.get("meta"), options.get("version")),
        )
        try:
            raw = await ask()
        except McpError as error:
            if error.code != HEADER_MISMATCH:
                raise
            await self._list_all()  # which arguments travel in headers has to be learnt first
            raw = await ask()
        try:
            return read_call_result(raw)
        except (ValueError, RecursionError) as error:
            raise unreadable("tools/call", error) from None

    async def result(
        self,
        name: str,
        arguments: Mapping[str, Any] | None,
        options: CallOptions,
        raise_on_error: bool,
    ) -> CallToolResult:
        """What the tool returned.

        Raises:
            ToolError: it failed or there is none, unless `raise_on_error` is False.
        """
        try:
            wire = await self.wire_result(name, arguments, options)
        except TimedOut:
            raise
        except McpError as error:
            if self._raises_originals:
                raise
            if error.code == INVALID_PARAMS and not raise_on_error:
                return CallToolResult(content=[TextContent(text=error.message)], is_error=True)
            raise RemoteToolError(error) from error
        hydrate = None
        if has_to_be_read(wire):
            hydrate = await self.schemas.hydrator_for(name, wire, options.get("version"))
        result = CallToolResult.from_wire(wire, hydrate)
        if result.is_error and raise_on_error:
            raise ToolError(result.text())
        return result
