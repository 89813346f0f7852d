"""Member: one of several servers behind one client."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from typing import Any, Final

from msgspec import Raw, json

from fastmcp.exceptions import ClientError, McpError
from fastmcp.wire.features import ReadResourceResult
from fastmcp.wire.jsonrpc import Notification
from fastmcp.wire.lifecycle import LoggingLevel
from fastmcp.wire.tasks import TaskMetadata

from .connection import not_connected
from .conversation import Conversation
from .listings import TOOLS, Listing
from .notices import Notices
from .pages import all_pages, at
from .prefixes import Prefix
from .progress import ProgressHandler
from .results import read_result
from .rounds import input_demand
from .tasks.created import created_in

logger: Final = logging.getLogger("fastmcp.client")

# How long a server may take for a page of a list when nothing else says it, in seconds: the others
# are waiting for it.
LIST_PATIENCE = 30.0
# A server that could not be reached is not tried again by lists for as many times as trying took:
# one that only times out must not make every list wait.
RESPITE = 10.0


class MemberNotices(Notices):
    """Tells the handlers of a client what one of its servers says, with the client's names."""

    def __init__(self, shared: Notices, prefix: Prefix) -> None:
        super().__init__(*shared._given)
        self._followers = shared._followers
        self._prefix = prefix

    def take(self, notification: Notification) -> None:
        if notification.method == "notifications/resources/updated":
            notification = self._renamed(notification)
        super().take(notification)

    def _renamed(self, notification: Notification) -> Notification:
        try:
            params = json.decode(notification.params, type=dict[str, Any])
            params["uri"] = self._prefix.outer_uri(params["uri"])
        except (ValueError, KeyError, TypeError, RecursionError):
            return notification
        return Notification(notification.method, Raw(json.encode(params)))


class Member:
    """A server by its name, the conversation with it, and how its names look to the client.

    It is opened when it is needed and was not, or could not be, before; `patience` is how long its
    answers may take.
    """

    def __init__(
        self, name: str, prefix: Prefix, conversation: Conversation, patience: float | None
    ) -> None:
        self.name = name
        self.prefix = prefix
        self.conversation = conversation
        self.entered: bool = False
        self.in_flight: int = 0
        self.level: LoggingLevel | None = None
        self.told: str | None = None
        self._patience = patience
        self._wanted = False
        self._turn = asyncio.Lock()
        self._failure: Exception | None = None
        self._not_before = 0.0

    # Opening and closing

    def want(self) -> None:
        """It may be opened from now on."""
        if not self._wanted:
            self._turn = asyncio.Lock()  # of the loop that runs now
        self._wanted = True
        self._failure = None

    async def ready(self) -> None:
        """Open it, unless it is open.

        Raises:
            McpError: the server refused.
            ClientError: it cannot be reached.
        """
        async with self._turn:
            if self.entered:
                return
            if not self._wanted:
                raise not_connected()
            await self.conversation.enter()
            if not self._wanted:  # closed meanwhile
                await self.conversation.close()
                raise not_connected()
            self.entered = True
            if self.level is not None:
                await self.set_level(self.level)

    async def leave(self) -> None:
        """Stop using it."""
        self._wanted = False
        if self.entered:
            self.entered = False
            await self.conversation.leave()
        else:
            await self.conversation.close()  # also ends an opening that is under way

    async def close(self) -> None:
        """Close it, and what it would keep alive."""
        self._wanted = self.entered = False
        await self.conversation.close()

    async def set_level(self, level: LoggingLevel) -> None:
        """Hear log messages of this level and above, where it has such levels."""
        try:
            await self.conversation.set_level(level)
        except (McpError, ClientError) as error:
            logger.debug("The server %r takes no logging level: %s", self.name, error)

    # Asking

    async def items(
        self,
        listing: Listing,
        timeout: float | None,
        progress_handler: ProgressHandler | None,
        meta: Mapping[str, Any] | None,
    ) -> list[Any]:
        """All items of a list, by the client's names."""
        clock = asyncio.get_running_loop().time
        began = clock()
        if self._failure is not None and began < self._not_before:
            raise self._failure
        try:
            await self.ready()
            if timeout is None and self._patience is None:
                timeout = LIST_PATIENCE
            listed = await self._listed(listing, timeout, progress_handler, meta)
        except ClientError as error:
            self._failure = error
            self._not_before = clock() + RESPITE * (clock() - began)
            raise
        self._failure = None
        return listed

    async def _listed(
        self,
        listing: Listing,
        timeout: float | None,
        progress_handler: ProgressHandler | None,
        meta: Mapping[str, Any] | None,
    ) -> list[Any]:
        async def page(cursor: str | None) -> Any:
            raw = await self.request(listing.method, at(cursor), timeout, progress_handler, meta)
            found = read_result(listing.result, raw, listing.method)
            if listing is TOOLS:
                found.tools = self.conversation.learn(found.tools)
            return found

        def items(found: Any) -> list[Any]:
            return getattr(found, listing.items)

        listed = await all_pages(page, items)
        for item in listed:
            setattr(item, listing.key, self.prefix.outer(listing, getattr(item, listing.key)))
        return listed

    async def request(
        self,
        method: str,
        params: Mapping[str, Any],
        timeout: float | None,
        progress_handler: ProgressHandler | None,
        meta: Mapping[str, Any] | None,
        in_rounds: bool = True,
        as_task: TaskMetadata | None = None,
    ) -> Raw:
        """Ask, by the server's own names; what was read is by the client's."""
        self.in_flight += 1
        try:
            raw = await self.conversation.request(
                method,
                params,
                timeout=timeout,
                progress_handler=progress_handler,
                meta=meta,
                in_rounds=in_rounds,
                as_task=as_task,
            )
        finally:
            self.in_flight -= 1
        return self._with_our_uris(raw) if method == "resources/read" else raw

    def _with_our_uris(self, raw: Raw) -> Raw:
        if input_demand(raw) is not None or created_in(raw) is not None:
            return raw
        result = read_result(ReadResourceResult, raw, "resources/read")
        for content in result.contents:
            content.uri = self.prefix.outer_uri(content.uri)
        return Raw(json.encode(result))
