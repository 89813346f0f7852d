"""What tools are called where their caller sees them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from fastmcp.server.context import Context
from fastmcp.tools.base import Tool


async def shown_tools(tools: Iterable[Tool]) -> Mapping[str, Tool]:
    """The tools by their names, as the client of the request that is being served has them listed:
    in namespaces, under other names, from mounted servers. What it does not see is as it is.
    """
    own = {_function_of(tool): tool for tool in tools}
    shown: dict[str, Tool] = {}
    context = Context.current_or_none()
    if context is not None:
        for each in await context.host.list_tools(run_middleware=False):
            for origin in each.origins:
                if (tool := own.get(_function_of(origin))) is not None:
                    shown.setdefault(tool.name, each)
    return {tool.name: tool for tool in own.values()} | shown


def _function_of(tool: Any) -> Any:
    """What a call of it runs in the end, which copies of it share."""
    while (parent := getattr(tool, "parent_tool", None)) is not None:
        tool = parent
    return getattr(tool, "fn", tool)
