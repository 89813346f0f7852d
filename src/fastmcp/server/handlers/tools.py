"""Handlers of tool calls."""

from __future__ import annotations

import logging
from typing import Any

from msgspec import UNSET

from fastmcp._runtime.faults import log_fault, log_words, upstream_trouble
from fastmcp.exceptions import (
    AuthorizationError,
    InputUnavailable,
    InvalidParams,
    McpError,
    MissingCapability,
    TimedOut,
    ToolError,
    UnknownComponent,
    ValidationError,
)
from fastmcp.server.auth.authorization import permit
from fastmcp.server.catalogue import unasked, version_asked_for
from fastmcp.server.context import Context
from fastmcp.tools.tool_result import ToolResult
from fastmcp.tools.whole_results import WholeResult
from fastmcp.wire.content import TextContent
from fastmcp.wire.features import CallToolRequestParams, CallToolResult
from fastmcp.wire.jsonrpc import NO_PARAMS
from fastmcp.wire.model import Model
from fastmcp.wire.revisions import R2025_06_18
from fastmcp.wire.tasks import CreateTaskResult

from .tasks import background, may_be_task

_SAID_ALOUD = (McpError, ToolError, AuthorizationError, ValidationError, InputUnavailable)


async def run_tool(
    context: Context, params: CallToolRequestParams
) -> WholeResult | CreateTaskResult:
    tool = await context.catalogue.tools.get(params.name, version_asked_for(params.meta))
    if tool is None or (tool.auth is not None and await permit(tool) is None):
        hint = unasked(context.fastmcp.failures)
        raise UnknownComponent(f"Unknown tool: {params.name!r}{hint}")
    arguments = NO_PARAMS if params.arguments is UNSET else params.arguments
    if may_be_task(context, tool, params.task):
        made = await background(context, tool, arguments or {})
        if made is not None:
            return made
    context.exchange.turns_out_for(tool)
    return await tool.call(arguments or {})


def tool_failure(
    context: Context, params: CallToolRequestParams, fault: BaseException
) -> CallToolResult:
    """A failed call as a result, now that the middleware has seen its exception.

    Raises:
        BaseException: what no result tells of.
    """
    context.exchange.report(fault)
    # What a client that the tool uses waited for in vain is no error of this protocol exchange.
    if isinstance(fault, _SAID_ALOUD) and not isinstance(fault, TimedOut):
        return _said_aloud(context, params.name, fault)
    if isinstance(fault, Exception):
        return _crash(context, params.name, fault)
    raise fault


def _said_aloud(context: Context, name: str, error: Exception) -> CallToolResult:
    """A failure whose text was written for the model; a protocol error stays one.

    Arguments that do not fit are the model's to correct since 2025-11-25 (SEP-1303); before, they
    were a protocol error.
    """
    if isinstance(error, InputUnavailable):
        return _error_result(str(error))
    if isinstance(error, McpError):
        if isinstance(error, MissingCapability) and not context.revision.modern:
            return _error_result(error.message)  # its code is not known there
        raise error
    logger = context.fastmcp.logger
    if isinstance(error, ValidationError):
        text = f"Invalid arguments for tool {name!r}: {error}"
        log_words(logger, logging.WARNING, error, "Invalid arguments for tool %r", name)
        if context.revision <= R2025_06_18:
            raise InvalidParams(text)
        return _error_result(text)
    level = getattr(error, "log_level", logging.ERROR)
    log_words(logger, level, error, "Error calling tool %r", name)
    return _error_result(str(error))


def _crash(context: Context, name: str, error: Exception) -> CallToolResult:
    log_fault(context.fastmcp.logger, error, "Error calling tool %r", name)
    detail = "" if context.fastmcp._parts.masks_errors else f": {error}"
    trouble = upstream_trouble(error)
    return _error_result(trouble or f"Error calling tool {name!r}{detail}")


def _error_result(text: str) -> CallToolResult:
    text = text.encode("utf-8", "backslashreplace").decode()
    return CallToolResult(content=[TextContent(text=text)], is_error=True)


def render_call(context: Context, params: Any, result: WholeResult) -> Model:
    # A copy: what a tool returns may be an object that it returns again.
    return result.to_wire() if isinstance(result, ToolResult) else result.model_copy()
