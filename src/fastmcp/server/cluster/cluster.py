"""This worker among those that serve the same sessions: who lives, and what all must hear."""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Callable
from typing import Final, Protocol, TypeAlias

from msgspec import json

from fastmcp.exceptions import StoreUnavailable

from ..backplane.backplane import Backplane
from ..subscriptions import Change
from .keeper import BackplaneKeeper
from .messages import Message, Told, decode, encode
from .session_ids import SessionIds

Hear: TypeAlias = Callable[[Message], None]

# In seconds: how often a worker says that it lives, how long that holds, and how long to wait
# before the backplane is tried again.
HEARTBEAT: Final = 2.0
ALIVE: Final = 6.0
RETRY: Final = 0.5
# How many changes are kept for clients that do not listen just now, and how long.
CHANGES: Final = 1000
KEPT: Final = 24 * 3600.0
ALL: Final = "workers"
CHANGE_LOG: Final = "changes"

logger = logging.getLogger("fastmcp.cluster")

_read_change = json.Decoder(Change).decode


class Rules(Protocol):
    """What sessions see that name themselves, on every worker."""

    async def recognize(self, session: str) -> None: ...

    async def share(self, session: str) -> None: ...


class Cluster:
    """One worker's part in the server that all workers on a backplane are.

    It starts and stops with the server's lifespan, each time with another `id`. While the backplane
    cannot be reached it keeps trying, and what workers have to hear waits.
    """

    def __init__(self, backplane: Backplane) -> None:
        self.backplane = backplane
        self.keeper = BackplaneKeeper(backplane)
        self.rules: Rules | None = None
        self.id = ""
        self.position: str | None = None
        """The latest change that was heard of; None when there was none yet."""
        self.on_start: list[Callable[[bytes], None]] = []
        self._hear: list[Hear] = []
        self._on_change: list[Callable[[Change], None]] = []
        self._ids: SessionIds | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._changes: dict[Change, None] = {}
        self._changed = asyncio.Event()
        self._missed = asyncio.Event()
        self._reachable = True

    # Life

    async def start(self) -> None:
        """Join the others; what fails is tried again in the background."""
        loop = self._loop = asyncio.get_running_loop()
        self.id = secrets.token_hex(6)
        self._changed, self._missed = asyncio.Event(), asyncio.Event()
        try:
            await self._join()
        except StoreUnavailable as error:
            self._report(error)
        self._tasks = [loop.create_task(self._live()), loop.create_task(self._tell_changes())]

    async def stop(self) -> None:
        """Leave the others."""
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)
        self._tasks, self._loop = [], None
        if self._ids is None:
            return
        self._ids = None
        try:
            await self.backplane.delete(f"worker:{self.id}")
            await self.backplane.unsubscribe(ALL, self._heard)
            await self.backplane.unsubscribe(f"worker:{self.id}", self._heard)
        except StoreUnavailable:
            pass  # what is kept of this worker ends by itself
        await self.backplane.close()

    async def _join(self) -> None:
        await self.backplane.open()
        try:
            await self.backplane.add("secret", secrets.token_bytes(32))
            secret = await self.backplane.get("secret")
            await self.backplane.subscribe(ALL, self._heard)
            await self.backplane.subscribe(f"worker:{self.id}", self._heard)
            await self._beat()
            changes = await self.backplane.entries(CHANGE_LOG)
        except BaseException:
            await self.backplane.close()
            raise
        if changes:
            self.position = changes[-1][0]
        assert secret is not None
        for act in self.on_start:
            act(secret)
        self._ids = SessionIds(secret)

    async def _live(self) -> None:
        while True:
            try:
                if self._ids is None:
                    await self._join()
                else:
                    await self._beat()
                if self._missed.is_set():
                    self._missed.clear()
                    await self._catch_up()
            except StoreUnavailable as error:
                self._report(error)
                await asyncio.sleep(RETRY)
                continue
            if not self._reachable:
                logger.warning("The session store can be reached again")
                self._reachable = True
            await self._pause()

    async def _pause(self) -> None:
        """Wait for the next heartbeat, or for a reason to look what was missed."""
        try:
            async with asyncio.timeout(HEARTBEAT):
                await self._missed.wait()
        except TimeoutError:
            pass

    async def _beat(self) -> None:
        await self.backplane.put(f"worker:{self.id}", b"1", ALIVE)

    def _report(self, error: StoreUnavailable) -> None:
        if self._reachable:
            logger.error("The session store cannot be reached: %s", error)
        self._reachable = False

    @property
    def ids(self) -> SessionIds:
        """What makes ids of sessions.

        Raises:
            StoreUnavailable: the worker could not join yet.
        """
        if self._ids is None:
            raise StoreUnavailable("The session store could not be reached yet")
        return self._ids

    async def check(self) -> None:
        """Whether sessions can be served now: StoreUnavailable when not."""
        assert self.ids
        await self.backplane.get("secret")

    async def lives(self, worker: str) -> bool:
        """Whether a worker is there."""
        if worker == self.id:
            return True
        return await self.backplane.get(f"worker:{worker}") is not None

    # Messages

    def listen(self, hear: Hear) -> None:
        """Have `hear` called with what other workers say."""
        self._hear.append(hear)

    async def tell(self, worker: str, message: Message) -> None:
        """Say something to one worker."""
        await self.backplane.publish(f"worker:{worker}", encode(message))

    async def tell_all(self, message: Message) -> None:
        """Say something to every worker, this one included."""
        await self.backplane.publish(ALL, encode(message))

    def _heard(self, data: bytes | None) -> None:
        if data is None:
            self._missed.set()
            return
        message = decode(data)
        if isinstance(message, Told):
            self.position = message.position
            if message.by != self.id:
                self._announce(message.change)
        elif message is not None:
            for hear in self._hear:
                hear(message)

    # Changes

    def listen_to_changes(self, hear: Callable[[Change], None]) -> None:
        """Have `hear` called with each change that another worker tells of."""
        self._on_change.append(hear)

    def announce(self, change: Change) -> None:
        """Let the others know of a change, from any thread; it does not wait for them."""
        loop = self._loop
        if loop is not None:
            try:
                loop.call_soon_threadsafe(self._take, change)
            except RuntimeError:
                pass  # the loop is closed, and the clients gone with it

    def _take(self, change: Change) -> None:
        self._changes[change] = None
        self._changed.set()

    async def _tell_changes(self) -> None:
        while True:
            await self._changed.wait()
            self._changed.clear()
            while self._changes:
                change = next(iter(self._changes))
                del self._changes[change]
                try:
                    data = encode(change)
                    position = await self.backplane.append(
                        CHANGE_LOG, data, limit=CHANGES, ttl=KEPT
                    )
                    await self.tell_all(Told(self.id, position, change))
                except StoreUnavailable:
                    self._changes[change] = None
                    await asyncio.sleep(RETRY)

    async def changes_after(self, position: str | None) -> list[Change] | None:
        """What has changed since, each once; None when that may be more than is kept."""
        entries = await self.backplane.entries(CHANGE_LOG, position)
        return None if len(entries) >= CHANGES else _changes_in(entries)

    async def _catch_up(self) -> None:
        """Hear of what was said while nothing could be heard."""
        entries = await self.backplane.entries(CHANGE_LOG, self.position)
        if entries:
            self.position = entries[-1][0]
        for change in _changes_in(entries):
            self._announce(change)

    def _announce(self, change: Change) -> None:
        for hear in self._on_change:
            hear(change)


def _changes_in(entries: list[tuple[str, bytes]]) -> list[Change]:
    return list(dict.fromkeys(_read_change(data) for _, data in entries))
