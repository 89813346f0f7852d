"""MCPMixin: registers the marked methods of an object with a server."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Generator
from typing import TYPE_CHECKING, Any

from fastmcp._components.functions.function import name_of
from fastmcp._components.marks import Kind, Mark, marks_of
from fastmcp.prompts.function_prompt import prompt as mcp_prompt
from fastmcp.resources.function_resource import resource as mcp_resource
from fastmcp.tools.function_tool import tool as mcp_tool

if TYPE_CHECKING:
    from fastmcp.server.server import FastMCP

__all__ = ["MCPMixin", "mcp_prompt", "mcp_resource", "mcp_tool"]


class MCPMixin:
    """Inherit from it, and mark methods with `@mcp_tool()`, `@mcp_resource(uri)` and
    `@mcp_prompt()`, which take what the decorators of a server do. Each object of the class is
    registered by itself, under a `prefix` where there are several. What is marked with
    `enabled=False` is left out.
    """

    def register_tools(
        self, mcp_server: FastMCP, prefix: str | None = None, separator: str = "_"
    ) -> None:
        """Register the tools, as `{prefix}{separator}{name}` if there is a prefix."""
        for method, mark in self._marked("tool"):
            mcp_server.tool(method, **_named(method, mark, prefix, separator))

    def register_resources(
        self, mcp_server: FastMCP, prefix: str | None = None, separator: str = "+"
    ) -> None:
        """Register the resources; their URIs begin with `{prefix}{separator}`, and their names."""
        for method, mark in self._marked("resource"):
            uri = _prefixed(mark.uri or "", prefix, separator)
            mcp_server.resource(uri, **_named(method, mark, prefix, separator))(method)

    def register_prompts(
        self, mcp_server: FastMCP, prefix: str | None = None, separator: str = "_"
    ) -> None:
        """Register the prompts, as `{prefix}{separator}{name}` if there is a prefix."""
        for method, mark in self._marked("prompt"):
            mcp_server.prompt(method, **_named(method, mark, prefix, separator))

    def register_all(
        self,
        mcp_server: FastMCP,
        prefix: str | None = None,
        tool_separator: str = "_",
        resource_separator: str = "+",
        prompt_separator: str = "_",
    ) -> None:
        """Register the tools, resources and prompts."""
        self.register_tools(mcp_server, prefix, tool_separator)
        self.register_resources(mcp_server, prefix, resource_separator)
        self.register_prompts(mcp_server, prefix, prompt_separator)

    def _marked(self, kind: Kind) -> Generator[tuple[Callable[..., Any], Mark]]:
        for attribute in dir(self):
            # Properties are not to be computed only to see whether they are marked.
            found = inspect.getattr_static(self, attribute, None)
            marks = marks_of(found, kind) or marks_of(getattr(found, "__func__", None), kind)
            if marks and marks[-1].options.get("enabled") is not False:
                yield getattr(self, attribute), marks[-1]


def _named(
    method: Callable[..., Any], mark: Mark, prefix: str | None, separator: str
) -> dict[str, Any]:
    """The options of a mark, under the name that a method gets."""
    name: str = mark.options.get("name") or name_of(method)
    return {**mark.options, "name": _prefixed(name, prefix, separator), "enabled": True}


def _prefixed(name: str, prefix: str | None, separator: str) -> str:
    return f"{prefix}{separator}{name}" if prefix else name
