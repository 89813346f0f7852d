"""BaseSearchTransform: a search, and a way to call what it finds, in the place of many tools."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Sequence
from typing import Annotated, Any, TypeAlias

from fastmcp._components.versions import VersionSpec
from fastmcp.exceptions import ConfigurationError, ToolError
from fastmcp.tools.base import Tool

from ...context import Context
from ..added_tools import AddedTools
from ..catalog import CatalogTransform
from ..catalog_call import call_from_catalog
from ..transform import GetToolNext
from .serializers import serialize_tools_for_output_json

SearchResultSerializer: TypeAlias = Callable[[Sequence[Tool]], Any | Awaitable[Any]]


class BaseSearchTransform(CatalogTransform):
    """Lists a tool that searches, a tool that calls what was found, and the tools that are
    `always_visible`. All others are not listed, and can be called by their names as before.

    Subclasses make the search in `_make_search_tool`, and search in `_search`. At most
    `max_results` are found at once; `search_result_serializer`, plain or async, writes them down.

    Raises:
        ConfigurationError: both tools would have the same name, or nothing could be found.
    """

    def __init__(
        self,
        *,
        max_results: int = 5,
        always_visible: list[str] | None = None,
        search_tool_name: str = "search_tools",
        call_tool_name: str = "call_tool",
        search_result_serializer: SearchResultSerializer | None = None,
    ) -> None:
        super().__init__()
        if max_results < 1:
            raise ConfigurationError(f"max_results={max_results}: it has to be at least 1")
        if search_tool_name == call_tool_name:
            raise ConfigurationError(
                f"search_tool_name and call_tool_name are both {call_tool_name!r}: they must differ"
            )
        self._max_results = max_results
        self._always_visible = set(always_visible or ())
        self._search_tool_name = search_tool_name
        self._call_tool_name = call_tool_name
        self._search_result_serializer: SearchResultSerializer = (
            search_result_serializer or serialize_tools_for_output_json
        )
        self._added = AddedTools(
            self,
            lambda: (self._make_search_tool(), self._make_call_tool()),
            "give search_tool_name= or call_tool_name=",
            {search_tool_name: "search_tool_name=", call_tool_name: "call_tool_name="},
        )

    async def transform_tools(self, tools: Sequence[Tool]) -> Sequence[Tool]:
        """Those that stay visible, the search and the call."""
        pinned = self._always_visible
        added = self._added.by_name
        return [
            tool for tool in self._added.beside(tools) if tool.name in pinned or tool.name in added
        ]

    async def get_tool(
        self, name: str, call_next: GetToolNext, *, version: VersionSpec | None = None
    ) -> Tool | None:
        return await self._added.get(name, call_next, version)

    def _make_search_tool(self) -> Tool:
        """The tool that searches: what it takes is for subclasses to say."""
        raise NotImplementedError(f"{type(self).__name__} must implement _make_search_tool()")

    async def _search(self, tools: Sequence[Tool], query: str) -> Sequence[Tool]:
        """Those of the tools that a query finds, the best first."""
        raise NotImplementedError(f"{type(self).__name__} must implement _search()")

    def _make_call_tool(self) -> Tool:
        async def call_tool(
            name: Annotated[str, "The name of the tool"],
            arguments: Annotated[dict[str, Any] | None, "Its arguments, by name"] = None,
            ctx: Context = None,  # type: ignore[assignment]
        ) -> Any:
            if name in self._added.by_name:
                raise ToolError(f"{name!r} is called directly, and not by {self._call_tool_name!r}")
            return await call_from_catalog(self, ctx, name, arguments)

        description = f"Call a tool that {self._search_tool_name} found."
        return Tool.from_function(
            call_tool, name=self._call_tool_name, description=description, output_schema=None
        )

    async def _get_visible_tools(self, ctx: Context) -> Sequence[Tool]:
        """What is searched: the tools that the caller may use, but for those that are listed."""
        tools = await self.get_tool_catalog(ctx)
        pinned = self._always_visible
        return [tool for tool in tools if tool.name not in pinned] if pinned else tools

    async def _render_results(self, tools: Sequence[Tool]) -> Any:
        """The tools as the model is to read of them."""
        written = self._search_result_serializer(tools)
        return await written if inspect.isawaitable(written) else written
