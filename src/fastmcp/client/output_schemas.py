"""What a server's tools promise of their results, and so what results are read by."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable
from typing import TYPE_CHECKING, Any, Final

from msgspec import UNSET, Struct, UnsetType

from fastmcp._hydration.wrapping import says_wrapped, unwrapped
from fastmcp.exceptions import McpError, TimedOut
from fastmcp.wire.features import CallToolResult, Tool
from fastmcp.wire.jsonrpc import Notification

if TYPE_CHECKING:
    from fastmcp._hydration.hydrator import Hydrator

logger: Final = logging.getLogger("fastmcp.client")

TOOLS_CHANGED = "notifications/tools/list_changed"
_PLAIN = (int, float, bool, type(None))


class _Promise(Struct):
    """The output schema of one listed tool; what reads by it is made for the first result."""

    schema: dict[str, Any] | None
    version: str | None
    reads: Hydrator | UnsetType | None = UNSET


class OutputSchemas:
    """Remembers the output schemas of listed tools.

    `fetch` lists all tools, page by page, and has each page taken note of by `learn`. It is called
    once, when the first result comes whose schema is not known, and again after `forget`.
    """

    def __init__(self, fetch: Callable[[], Awaitable[object]]) -> None:
        self._fetch = fetch
        self._known: dict[str, _Promise] = {}
        self._turn = asyncio.Lock()
        self._listings = 0
        self._forgotten = 0
        self._answered = False

    def learn(self, tools: Iterable[Tool]) -> None:
        """Take note of listed tools."""
        for tool in tools:
            known = self._known.get(tool.name)
            if known is None or known.schema != tool.output_schema:
                self._known[tool.name] = _Promise(tool.output_schema, _version_of(tool))

    def forget(self) -> None:
        """The tools are others now, or may be: the connection is a new one."""
        self._known.clear()
        self._forgotten += 1
        self._turn = asyncio.Lock()  # of the loop that runs now

    def follow(self, notification: Notification | None) -> None:
        """A notification has come, or there is a new connection."""
        if notification is None or notification.method == TOOLS_CHANGED:
            self.forget()

    async def hydrator_for(
        self, name: str, result: CallToolResult, version: str | None = None
    ) -> Callable[[Any], Any] | None:
        """What makes the value of a tool's structured content; None when it is plain JSON, or
        nobody can tell. It may take a listing of the tools; one that fails is only logged.
        """
        promise = self._known.get(name) or await self._listing(name)
        if promise is None or (version is not None and promise.version not in (None, version)):
            return None
        if promise.reads is UNSET:
            from fastmcp._hydration.hydrator import hydrator

            promise.reads = hydrator(promise.schema, f"tool {name!r}")
        reads = promise.reads
        if reads is None or (says_wrapped(result.meta) and not reads.wraps):
            return None
        return reads

    async def _listing(self, name: str) -> _Promise | None:
        """The promise of a tool that was not listed yet; who comes meanwhile waits for the same
        listing.
        """
        before = self._listings
        async with self._turn:
            if self._listings == before:
                self._answered = await self._list()
                self._listings += 1
            if self._answered and name not in self._known:
                self._known[name] = _Promise(None, None)  # there is none to be had
        return self._known.get(name)

    async def _list(self) -> bool:
        """List the tools, twice if they change meanwhile; whether the server has answered."""
        try:
            for _ in range(2):
                forgotten = self._forgotten
                await self._fetch()
                if self._forgotten == forgotten:
                    break
        except Exception as error:
            logger.warning(
                "The server's tools could not be listed, so results stay plain JSON: %s", error
            )
            return isinstance(error, McpError) and not isinstance(error, TimedOut)
        return True


def _version_of(tool: Tool) -> str | None:
    notes: Any = (tool.meta or {}).get("fastmcp")
    return notes.get("version") if isinstance(notes, dict) else None  # pyright: ignore


def has_to_be_read(result: CallToolResult) -> bool:
    """Whether a schema can make anything of a result; most scalars are what they are."""
    structured = result.structured_content
    if structured is None or result.is_error:
        return False
    wrapped = says_wrapped(result.meta)
    return not (wrapped and isinstance(unwrapped(structured, wrapped=True), _PLAIN))
