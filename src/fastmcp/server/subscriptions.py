"""Who hears of changes: handshake sessions, and the streams of `subscriptions/listen`."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final, Literal, TypeAlias

from msgspec import Struct

from fastmcp._runtime.exchange import Exchange, TransportName
from fastmcp.exceptions import StoreUnavailable
from fastmcp.wire.notifications import (
    SubscriptionFilter,
    SubscriptionsAcknowledgedNotificationParams,
    SubscriptionsListenResult,
)
from fastmcp.wire.shapes import META_SUBSCRIPTION_ID

# How many resources one client may watch, and how long their URIs may be.
MAX_SUBSCRIPTIONS = 1024
MAX_WATCHED_URI = 4096
# How long to wait until a change is told again that could not be, in seconds.
RETRY = 0.5

logger: Final = logging.getLogger("fastmcp.server.subscriptions")

Tell: TypeAlias = Callable[["Change"], Awaitable[None]]


Told: TypeAlias = tuple[str, dict[str, Any]]
"""The method of a notification, and its parameters."""
Describe: TypeAlias = Callable[[str, bool], Awaitable[Sequence[Told]]]
"""The notifications that tell of a task as it is, to clients of one era."""


class Change(Struct, frozen=True):
    """Something to hear of: a list of the server's, what one resource contains, or a task, whose
    id is in the place of a URI; for everybody, or for one session.
    """

    of: Literal["tools", "resources", "prompts", "contents", "task"]
    uri: str | None = None
    session: str | None = None

    @property
    def method(self) -> str:
        """The notification that tells of it."""
        if self.of == "contents":
            return "notifications/resources/updated"
        return f"notifications/{self.of}/list_changed"

    def concerns(self, watched: set[str] | None) -> bool:
        """Whether it is a change of a watched resource, or of one below it."""
        if self.uri is None or not watched:
            return False
        return self.uri in watched or any(
            self.uri.startswith(uri.rstrip("/") + "/") for uri in watched
        )


class Listener:
    """One client that hears of what it `wants`. A change that waits to be told is told once,
    however often it happens meanwhile. One that has an end to wait for is told nothing before
    `begin`.
    """

    __slots__ = ("_held", "_loop", "_pending", "_task", "_tell_of", "ended", "transport", "wants")

    def __init__(
        self,
        wants: Callable[[Change], bool],
        tell: Tell,
        ended: asyncio.Event | None = None,
        transport: TransportName | None = None,
    ) -> None:
        self.wants: Callable[[Change], bool] = wants
        self.ended: asyncio.Event | None = ended
        self.transport = transport
        self._held = ended is not None
        self._tell_of = tell
        self._loop = asyncio.get_running_loop()
        self._pending: dict[Change, None] | None = None
        self._task: asyncio.Task[None] | None = None

    def hear(self, change: Change) -> None:
        """Take a change, in any thread."""
        if not self.wants(change):
            return
        try:
            self._loop.call_soon_threadsafe(self._take, change)
        except RuntimeError:
            pass  # the loop is closed, and the client gone with it

    def _take(self, change: Change) -> None:
        if self._pending is None:
            self._pending = {}
        self._pending[change] = None
        if not self._held:
            self.begin()

    def begin(self) -> None:
        """Tell what waits, and from now on what comes."""
        self._held = False
        if self._task is None and self._pending:
            self._task = self._loop.create_task(self._tell())

    async def _tell(self) -> None:
        try:
            while self._pending:
                change = next(iter(self._pending))
                del self._pending[change]
                await self._try(change, self._pending)
        finally:
            self._pending = self._task = None

    async def _try(self, change: Change, pending: dict[Change, None]) -> None:
        """One that cannot be told now is told later; the others do not suffer from it."""
        try:
            await self._tell_of(change)
        except StoreUnavailable:
            pending[change] = None
            await asyncio.sleep(RETRY)
        except Exception:
            logger.exception("A client could not be told of a change: %s", change)

    def dismiss(self) -> None:
        """End a stream that was opened to listen, from any thread."""
        if self.ended is not None:
            self._loop.call_soon_threadsafe(self.ended.set)

    def close(self) -> None:
        """Tell nothing more."""
        if self._task is not None:
            self._task.cancel()


class Audience:
    """Everybody who hears of a server's changes, now. `beyond` is told of them for the clients of
    other workers; `describe` tells what is to be said of a task.
    """

    def __init__(self) -> None:
        self._listeners: dict[Listener, None] = {}
        self.beyond: Callable[[Change], None] | None = None
        self.describe: Describe | None = None

    def join(self, listener: Listener) -> None:
        """Begin to hear."""
        self._listeners[listener] = None

    def leave(self, listener: Listener) -> None:
        """Hear no more."""
        if self._listeners.pop(listener, self) is not self:
            listener.close()

    def tell(self, change: Change) -> None:
        """Tell everybody who wants to know, from any thread; it does not wait for them."""
        self.tell_here(change)
        if self.beyond is not None:
            self.beyond(change)

    def tell_here(self, change: Change) -> None:
        """Tell everybody here of a change that was told beyond."""
        for listener in list(self._listeners):
            listener.hear(change)

    async def told(self, change: Change, *, modern: bool) -> Sequence[Told]:
        """The notifications that tell a client of a change: none of a task that is gone."""
        if change.of != "task":
            return ((change.method, {} if change.uri is None else {"uri": change.uri}),)
        if self.describe is None or change.uri is None:
            return ()
        return await self.describe(change.uri, modern)

    def task_changed(self, id: str) -> None:
        """Tell those here who follow a task that it has changed."""
        self.tell_here(Change("task", id))

    def dismiss(self, transport: TransportName | None = None) -> None:
        """End the streams that clients opened to listen: those of a transport, or all."""
        for listener in list(self._listeners):
            if transport in (None, listener.transport):
                listener.dismiss()


async def listen(
    audience: Audience,
    exchange: Exchange,
    wanted: SubscriptionFilter,
    watched: set[str],
    session: str,
    tasks: set[str],
) -> SubscriptionsListenResult:
    """Serve one `subscriptions/listen` until its client leaves or the server ends it.

    `watched` are the resources it may watch, of those that it asked for, `tasks` its tasks, and
    `session` is the one that it belongs to (PROTOCOL 3.14).
    """
    stamp = {META_SUBSCRIPTION_ID: exchange.id}
    lists = {
        "tools": wanted.tools_list_changed,
        "prompts": wanted.prompts_list_changed,
        "resources": wanted.resources_list_changed,
    }

    def wants(change: Change) -> bool:
        if change.session not in (None, session):
            return False
        if change.of == "task":
            return change.uri in tasks
        return bool(lists.get(change.of)) or change.concerns(watched)

    async def tell(change: Change) -> None:
        for method, params in await audience.told(change, modern=True):
            await exchange.notify(method, {**params, "_meta": stamp})

    honoured = SubscriptionFilter(
        tools_list_changed=wanted.tools_list_changed,
        prompts_list_changed=wanted.prompts_list_changed,
        resources_list_changed=wanted.resources_list_changed,
        resource_subscriptions=sorted(watched) if wanted.resource_subscriptions else None,
        task_ids=sorted(tasks) if wanted.task_ids else None,
    )
    ended = asyncio.Event()
    listener = Listener(wants, tell, ended, exchange.transport)
    audience.join(listener)  # first, so that no change falls between
    for id in tasks:  # which may have ended before
        listener.hear(Change("task", id))
    try:
        await exchange.notify(
            "notifications/subscriptions/acknowledged",
            SubscriptionsAcknowledgedNotificationParams(notifications=honoured, meta=stamp),
        )
        listener.begin()
        await ended.wait()
    finally:
        audience.leave(listener)
    return SubscriptionsListenResult(meta=stamp)
