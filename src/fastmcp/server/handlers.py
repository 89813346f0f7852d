"""What a server does for each method: one handler, and how its outcome goes on the wire."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from typing import Any, TypeVar

from msgspec import UNSET

from fastmcp._protocol.eras import SERVED_MODERN
from fastmcp._runtime.dispatch import Handler
from fastmcp._runtime.faults import resource_not_found
from fastmcp.exceptions import (
    AuthorizationError,
    InvalidParams,
    McpError,
    NotFoundError,
    ToolError,
    ValidationError,
)
from fastmcp.prompts.base import Prompt, PromptResult
from fastmcp.resources.base import Resource, ResourceResult
from fastmcp.resources.template import ResourceTemplate
from fastmcp.tools.base import Tool, ToolResult
from fastmcp.wire.content import TextContent
from fastmcp.wire.features import (
    CallToolRequestParams,
    CallToolResult,
    GetPromptRequestParams,
    GetPromptResult,
    ListPromptsResult,
    ListResourcesResult,
    ListResourceTemplatesResult,
    ListToolsResult,
    ReadResourceRequestParams,
    ReadResourceResult,
)
from fastmcp.wire.jsonrpc import NO_PARAMS
from fastmcp.wire.lifecycle import (
    DiscoverRequestParams,
    DiscoverResult,
    InitializeRequestParams,
    InitializeResult,
    PingRequestParams,
    SetLevelRequestParams,
)
from fastmcp.wire.revisions import R2025_06_18
from fastmcp.wire.shapes import META_SERVER_INFO, EmptyResult, PaginatedRequestParams

from .context import Context

T = TypeVar("T")


async def initialize(context: Context, params: InitializeRequestParams) -> InitializeResult:
    server = context.fastmcp
    return InitializeResult(
        protocol_version=context.protocol_version,
        capabilities=server.capabilities,
        server_info=server.implementation,
        instructions=server.instructions,
        meta={META_SERVER_INFO: server.server_info} if server.has_own_info else None,
    )


async def discover(context: Context, params: DiscoverRequestParams) -> DiscoverResult:
    server = context.fastmcp
    return DiscoverResult(
        supported_versions=list(SERVED_MODERN),
        capabilities=server.capabilities,
        instructions=server.instructions,
    )


async def ping(context: Context, params: PingRequestParams) -> EmptyResult:
    return EmptyResult()


async def set_level(context: Context, params: SetLevelRequestParams) -> EmptyResult:
    context.set_log_level(params.level)
    return EmptyResult()


async def list_tools(context: Context, params: PaginatedRequestParams) -> Sequence[Tool]:
    return await context.fastmcp.list_tools(run_middleware=False)


def render_tools(context: Context, params: Any, tools: Sequence[Tool]) -> ListToolsResult:
    page, following = _page(context, params, tools)
    return ListToolsResult(tools=[tool.to_mcp_tool() for tool in page], next_cursor=following)


async def run_tool(context: Context, params: CallToolRequestParams) -> ToolResult | CallToolResult:
    tool = context.fastmcp.find_tool(params.name)
    if tool is None:
        raise InvalidParams(f"Unknown tool: {params.name!r}")
    arguments = NO_PARAMS if params.arguments is UNSET else params.arguments
    return await tool.call(arguments or {})


def tool_outcome(act: Handler[Context]) -> Handler[Context]:
    """`act` with its failures as results: the middleware in it has seen the exceptions."""

    async def call_tool(
        context: Context, params: CallToolRequestParams
    ) -> ToolResult | CallToolResult:
        name = params.name
        try:
            return await act(context, params)
        except (McpError, ToolError, AuthorizationError, ValidationError) as error:
            return _tool_failure(context, name, error)
        except Exception as error:
            return _tool_crash(context, name, error)

    return call_tool


def _tool_failure(context: Context, name: str, error: Exception) -> CallToolResult:
    """A failure whose text was written for the model; a protocol error stays one.

    Arguments that do not fit are the model's to correct since 2025-11-25 (SEP-1303); before, they
    were a protocol error.
    """
    if isinstance(error, McpError):
        raise error
    if isinstance(error, ValidationError):
        text = f"Invalid arguments for tool {name!r}: {error}"
        if context.revision <= R2025_06_18:
            raise InvalidParams(text)
        return _error_result(text)
    return _error_result(str(error))


def _tool_crash(context: Context, name: str, error: Exception) -> CallToolResult:
    context.fastmcp.logger.exception("Error calling tool %r", name)
    detail = "" if context.fastmcp.masks_errors else f": {error}"
    return _error_result(f"Error calling tool {name!r}{detail}")


def _error_result(text: str) -> CallToolResult:
    text = text.encode("utf-8", "backslashreplace").decode()
    return CallToolResult(content=[TextContent(text=text)], is_error=True)


def render_call(
    context: Context, params: Any, result: ToolResult | CallToolResult
) -> CallToolResult:
    # A copy: what a tool returns may be an object that it returns again.
    return result.model_copy() if isinstance(result, CallToolResult) else result.to_wire()


async def list_resources(context: Context, params: PaginatedRequestParams) -> Sequence[Resource]:
    return await context.fastmcp.list_resources(run_middleware=False)


def render_resources(
    context: Context, params: Any, resources: Sequence[Resource]
) -> ListResourcesResult:
    page, following = _page(context, params, resources)
    return ListResourcesResult(
        resources=[resource.to_mcp_resource() for resource in page], next_cursor=following
    )


async def list_templates(
    context: Context, params: PaginatedRequestParams
) -> Sequence[ResourceTemplate]:
    return await context.fastmcp.list_resource_templates(run_middleware=False)


def render_templates(
    context: Context, params: Any, templates: Sequence[ResourceTemplate]
) -> ListResourceTemplatesResult:
    page, following = _page(context, params, templates)
    return ListResourceTemplatesResult(
        resource_templates=[template.to_mcp_template() for template in page], next_cursor=following
    )


async def read_resource(context: Context, params: ReadResourceRequestParams) -> ResourceResult:
    uri = params.uri
    try:
        found = context.fastmcp.find_resource(uri)
    except NotFoundError:
        found = None
    if found is None:
        raise resource_not_found(uri)
    component, arguments = found
    try:
        if isinstance(component, Resource):
            value = await component.read()
        else:
            value = await component.read(arguments)
    except ValidationError as error:
        raise InvalidParams(f"Invalid parameters in {uri}: {error}", {"uri": uri}) from None
    return ResourceResult.of(value, component.mime_type)


def render_read(
    context: Context, params: ReadResourceRequestParams, result: ResourceResult
) -> ReadResourceResult:
    return result.to_wire(params.uri)


async def list_prompts(context: Context, params: PaginatedRequestParams) -> Sequence[Prompt]:
    return await context.fastmcp.list_prompts(run_middleware=False)


def render_prompts(context: Context, params: Any, prompts: Sequence[Prompt]) -> ListPromptsResult:
    page, following = _page(context, params, prompts)
    return ListPromptsResult(
        prompts=[prompt.to_mcp_prompt() for prompt in page], next_cursor=following
    )


async def get_prompt(context: Context, params: GetPromptRequestParams) -> PromptResult:
    prompt = context.fastmcp.find_prompt(params.name)
    if prompt is None:
        raise InvalidParams(f"Unknown prompt: {params.name!r}")
    try:
        value = await prompt.render(params.arguments)
    except ValidationError as error:
        raise InvalidParams(f"Invalid arguments for prompt {prompt.name!r}: {error}") from None
    result = value if isinstance(value, PromptResult) else PromptResult(value)
    if result.description is None:
        result.description = prompt.description
    return result


def render_prompt(context: Context, params: Any, result: PromptResult) -> GetPromptResult:
    return result.to_wire(None)


def same(context: Context, params: Any, result: Any) -> Any:
    return result


def _page(
    context: Context, params: PaginatedRequestParams, items: Sequence[T]
) -> tuple[Sequence[T], str | None]:
    """The page that the request's cursor names, and the cursor of the one after it."""
    size, cursor = context.fastmcp.list_page_size, params.cursor
    if cursor is None:
        start = 0
    else:
        start = _read_cursor(cursor)
        if size is None or not 0 < start < len(items) or start % size:
            raise InvalidParams(f"Invalid cursor: {cursor!r}")
    if size is None:
        return items, None
    end = start + size
    return items[start:end], _write_cursor(end) if end < len(items) else None


def _write_cursor(position: int) -> str:
    return base64.urlsafe_b64encode(b"%d" % position).decode()


def _read_cursor(cursor: str) -> int:
    try:
        return int(base64.urlsafe_b64decode(cursor.encode("ascii")))
    except (ValueError, binascii.Error):
        return -1
