"""Handlers of the lists: tools, resources, templates and prompts, page by page."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from fastmcp._components.component import Component
from fastmcp._runtime.dispatch import Handler, Render
from fastmcp.exceptions import InvalidParams
from fastmcp.server.auth.authorization import permitted
from fastmcp.server.catalogue import Catalogue, View
from fastmcp.server.context import Context
from fastmcp.wire.shapes import PaginatedRequestParams, PaginatedResult

T = TypeVar("T")


def listing(
    view: Callable[[Catalogue], View[Any]], result: type[PaginatedResult], member: str
) -> tuple[Handler[Context], Render[Context]]:
    """The handler of a list, and the rendering of one page of it as `member` of its result.

    Each component is shown in its highest version; its entry is written once for all clients.
    """

    async def act(context: Context, params: PaginatedRequestParams) -> Sequence[Component]:
        return await permitted(await view(context.catalogue).list())

    def render(
        context: Context, params: PaginatedRequestParams, components: Sequence[Component]
    ) -> PaginatedResult:
        page, following = page_of(params.cursor, context.fastmcp.list_page_size, components)
        revision, portable = context.revision, context.fastmcp.dereference_schemas
        entries = [component._encoded_entry(revision, portable=portable) for component in page]
        shown: dict[str, Any] = {member: entries, "next_cursor": following}
        return result(**shown)

    return act, render


def page_of(
    cursor: str | None, size: int | None, items: Sequence[T]
) -> tuple[Sequence[T], str | None]:
    """The page that a cursor names, and the cursor of the one after it."""
    start = 0
    if cursor is not None:
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
