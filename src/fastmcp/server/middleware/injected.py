"""Tools that middleware adds to those of its server."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from .middleware import Middleware

if TYPE_CHECKING:
    from fastmcp.server.server import FastMCP
    from fastmcp.tools.base import Tool


class InjectsTools(Middleware):
    """Middleware that has tools of its own, one for each name; of two, the later one."""

    def __init__(self, tools: Sequence[Tool]) -> None:
        self._tools = {tool.name: tool for tool in tools}

    @property
    def injected_tools(self) -> Sequence[Tool]:
        """The tools that it adds."""
        return list(self._tools.values())

    def get_injected_tool(self, name: str) -> Tool | None:
        """The one of that name."""
        return self._tools.get(name)


def injected_tool(server: FastMCP, name: str) -> Tool | None:
    """The tool of that name that some middleware of the server adds, the outermost first."""
    member: Any
    for member in server.middleware:
        if isinstance(member, InjectsTools):
            tool = member.get_injected_tool(name)
            if tool is not None:
                return tool
    return None
