"""The topics of a Redis server: one connection that hears, made anew when it is lost."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import Any

from fastmcp.exceptions import StoreUnavailable

from .backplane import Hear
from .listeners import Listeners, logger
from .redis_link import Link, LinkKeeper
from .resp import encode

FIRST_DELAY = 0.05
LAST_DELAY = 5.0
PING_EVERY = 5.0
"""A connection on which nothing is asked would not be missed otherwise."""

Connect = Callable[[Callable[[Any], bool], Callable[[], None]], Awaitable[Link]]


class RedisTopics:
    """Who hears which channels; `connect` opens a connection for what it hears and its loss."""

    def __init__(self, connect: Connect) -> None:
        self._connect = connect
        self._keeper = LinkKeeper(self._open)
        self._listeners: Listeners[bytes] = Listeners()
        self._restoring: asyncio.Task[None] | None = None
        self._pings: asyncio.TimerHandle | None = None
        self._missed = False

    async def subscribe(self, channel: bytes, hear: Hear) -> None:
        link = await self._keeper.get()
        self._listeners.add(channel, hear)
        try:
            await link.send(encode(b"SUBSCRIBE", channel))
        except BaseException:
            self._listeners.remove(channel, hear)
            raise

    async def unsubscribe(self, channel: bytes, hear: Hear) -> None:
        self._listeners.remove(channel, hear)
        link = self._keeper.link
        if channel not in self._listeners.topics and link is not None and link.alive:
            try:
                await link.send(encode(b"UNSUBSCRIBE", channel))
            except StoreUnavailable:
                pass  # then nothing comes any more

    def check(self) -> None:
        """See soon whether the connection is alive, since another one is not."""
        if self._pings is not None:
            self._ping()

    async def close(self) -> None:
        """Hear nothing more."""
        self._listeners = Listeners()
        if self._restoring is not None:
            self._restoring.cancel()
            await asyncio.wait([self._restoring])
        await self._keeper.close()

    async def _open(self) -> Link:
        """A connection on which all channels are subscribed."""
        link = await self._connect(self._told, self._lost)
        try:
            names = tuple(self._listeners.topics)
            await asyncio.gather(*[link.send(encode(b"SUBSCRIBE", name)) for name in names])
        except BaseException:
            await link.close()
            raise
        self._schedule_ping()
        if self._missed:
            self._missed = False
            self._listeners.tell_of_a_gap()
        return link

    def _told(self, answer: Any) -> bool:
        match answer:
            case [b"message", bytes(channel), bytes(message)]:
                self._listeners.tell(channel, message)
                return True
            case _:
                return False

    def _lost(self) -> None:
        if self._pings is not None:
            self._pings.cancel()
            self._pings = None
        if self._listeners.topics:
            self._missed = True
            if self._restoring is None or self._restoring.done():
                self._restoring = asyncio.get_running_loop().create_task(self._restore())

    async def _restore(self) -> None:
        """Try until there is a connection again, each time after twice as long."""
        delay = FIRST_DELAY
        while self._missed and self._listeners.topics:
            await asyncio.sleep(delay * random.uniform(0.75, 1.25))
            try:
                await self._keeper.get()
            except Exception as error:
                if delay == FIRST_DELAY:
                    logger.warning("Messages of other workers are not heard: %s", error)
            delay = min(2 * delay, LAST_DELAY)

    def _schedule_ping(self) -> None:
        self._pings = asyncio.get_running_loop().call_later(PING_EVERY, self._ping)

    def _ping(self) -> None:
        if self._pings is not None:
            self._pings.cancel()
        self._schedule_ping()
        link = self._keeper.link
        if link is not None and link.alive:
            link.send(encode(b"PING")).add_done_callback(_no_matter)


def _no_matter(answer: asyncio.Future[Any]) -> None:
    """A link that gets no answer tells of its loss by itself."""
    if not answer.cancelled():
        answer.exception()
