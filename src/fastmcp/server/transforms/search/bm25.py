"""BM25SearchTransform: tools are found by words, the most relevant first."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Annotated, Any

from fastmcp._runtime.threads import run_in_thread
from fastmcp.tools.base import Tool

from ...context import Context
from .ranking import Ranking
from .search_transform import BaseSearchTransform
from .searchable_text import searchable_texts


class BM25SearchTransform(BaseSearchTransform):
    """Ranks tools by how rare the words are that they share with a query, in their names and
    descriptions and those of their parameters.

    Tools are read when a search first meets them; what has changed is read again.
    """

    @cached_property
    def _ranking(self) -> Ranking:
        return Ranking()

    def _make_search_tool(self) -> Tool:
        async def search_tools(
            query: Annotated[str, "What is to be done, in plain words"],
            ctx: Context = None,  # type: ignore[assignment]
        ) -> str | list[dict[str, Any]]:
            """Search for tools by words. What is found comes with its parameters, best first."""
            found = await self._search(await self._get_visible_tools(ctx), query)
            return await self._render_results(found)

        return Tool.from_function(search_tools, name=self._search_tool_name)

    async def _search(self, tools: Sequence[Tool], query: str) -> Sequence[Tool]:
        def best() -> list[int]:
            return self._ranking.best(searchable_texts(tools), query, self._max_results)

        # In a thread: reading ten thousand tools for the first time takes a part of a second.
        return [tools[position] for position in await run_in_thread(best)]
