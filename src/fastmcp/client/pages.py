"""Lists that come in pages."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from fastmcp.exceptions import INVALID_PARAMS, ClientError, McpError

R = TypeVar("R")

MAX_PAGES = 250


def at(cursor: str | None) -> dict[str, Any]:
    """The parameters that ask for one page."""
    return {} if cursor is None else {"cursor": cursor}


async def all_pages(
    fetch: Callable[[str | None], Awaitable[Any]],
    items: Callable[[Any], list[R]],
    most: int = MAX_PAGES,
) -> list[R]:
    """The items of every page; a server that repeats a cursor is stopped, and one that no longer
    takes a cursor, since its list has changed, is asked from the beginning, once.

    Raises:
        ClientError: there are more than `most` pages.
    """
    anew = False
    found: list[R] = []
    cursor: str | None = None
    seen: set[str] = set()
    for _ in range(most):
        try:
            page = await fetch(cursor)
        except McpError as error:
            if cursor is None or anew or error.code != INVALID_PARAMS:
                raise
            anew, cursor = True, None
            found.clear()
            seen.clear()
            continue
        found += items(page)
        cursor = page.next_cursor
        if cursor is None or cursor in seen:
            return found
        seen.add(cursor)
    raise ClientError(f"The server's list has more than {most} pages; max_pages= allows more")
