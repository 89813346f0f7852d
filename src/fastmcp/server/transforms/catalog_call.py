"""Calling a tool by a name that a model read in a catalog."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from fastmcp.exceptions import ToolError
from fastmcp.tools.whole_results import WholeResult
from fastmcp.wire.features import CallToolRequestParams

if TYPE_CHECKING:
    from ..context import Context
    from .catalog import CatalogTransform


async def call_from_catalog(
    transform: CatalogTransform, ctx: Context, name: str, arguments: Mapping[str, Any] | None
) -> WholeResult:
    """What a client gets that calls the tool itself, failures included.

    Raises:
        ToolError: it is in no catalog of the caller's.
        McpError: what the call would be answered with, if that is no result.
    """
    from ..handlers.tools import tool_failure

    if await transform.find_tool(ctx, name) is None:
        raise ToolError(f"Unknown tool: {name!r}")
    try:
        return await ctx.fastmcp.run_tool(name, arguments)
    except Exception as error:
        params = CallToolRequestParams(name=name)
        return tool_failure(ctx, params, error)
