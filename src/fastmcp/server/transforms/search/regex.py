"""RegexSearchTransform: tools are found by patterns."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from itertools import islice
from typing import Annotated, Any, ClassVar, Final

from fastmcp._runtime.threads import run_in_thread
from fastmcp.tools.base import Tool

from ...context import Context
from .patterns import Pattern
from .search_transform import BaseSearchTransform
from .searchable_text import searchable_texts

logger: Final = logging.getLogger("fastmcp.server")


class RegexSearchTransform(BaseSearchTransform):
    """Finds tools by a regular expression, in the order of the list, in their names and
    descriptions and those of their parameters.

    The syntax is that of Rust, without lookaround and backreferences, so that time grows with the
    texts alone; after `_search_time_budget` seconds what has been found until then is the result.
    """

    _search_time_budget: ClassVar[float] = 0.5

    def _make_search_tool(self) -> Tool:
        async def search_tools(
            pattern: Annotated[
                str,
                "A regular expression for names, descriptions and parameters, case ignored; at "
                "most 1000 characters, without lookaround and backreferences",
            ],
            ctx: Context = None,  # type: ignore[assignment]
        ) -> str | list[dict[str, Any]]:
            """Search for tools by a regular expression. What is found comes with its parameters; a
            pattern that cannot be used finds nothing.
            """
            found = await self._search(await self._get_visible_tools(ctx), pattern)
            return await self._render_results(found)

        return Tool.from_function(search_tools, name=self._search_tool_name)

    async def _search(self, tools: Sequence[Tool], query: str) -> Sequence[Tool]:
        def first() -> list[int]:
            pattern = Pattern(query)
            matching = pattern.matching(searchable_texts(tools), self._search_time_budget)
            return list(islice(matching, self._max_results))

        try:
            # In a thread: compiling and matching take up to a part of a second.
            return [tools[position] for position in await run_in_thread(first)]
        except ValueError as error:
            logger.info("The pattern %.100r finds no tools: %s", query, error)
            return []
