"""Where the answers to calls that have a key are kept: in this process, or in a backplane."""

from __future__ import annotations

import asyncio
import logging
import os
import threading
from collections import OrderedDict
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Final, Protocol

from fastmcp.exceptions import StoreUnavailable

from ..backplane.backplane import Backplane
from ..lifetime.held import Held

logger: Final = logging.getLogger("fastmcp.server.middleware")

# How long a claim holds that nobody renews, since the process that made it is gone; in seconds.
LEASE = 30.0
# How often to look whether another process has the answer, first and at most; in seconds.
_SOON, _SELDOM = 0.02, 0.5
_CLAIMED, _ANSWERED = b"?", b"="
_RELEASED = b""
MAX_BYTES = 64 * 1024 * 1024


class Claim(Protocol):
    """The right to answer a key: ends with `keep` or `release`."""

    async def keep(self, answer: bytes) -> None:
        """This is the answer from now on, for the store's ttl."""
        ...

    async def release(self) -> None:
        """There was no answer; the next one who asks may try."""
        ...


class AnswerStore(Protocol):
    """Keeps answers by key."""

    async def claim(self, key: str) -> bytes | Claim:
        """The answer that is kept, or the claim to give it. It waits while another process has
        that.

        Raises:
            StoreUnavailable: it cannot be told.
        """
        ...


class MemoryAnswers:
    """Keeps answers in this process, at most `max_entries` and 64 MiB of them, for `ttl` seconds.

    Who asks for the same key at the same time is for others to see to.
    """

    def __init__(self, ttl: float, max_entries: int, clock: Callable[[], float]) -> None:
        self._ttl = ttl
        self._max_entries = max_entries
        self._clock = clock
        self._lock = threading.Lock()
        self._bytes = 0
        # In the order of the times at which they end.
        self._kept: OrderedDict[str, tuple[float, bytes]] = OrderedDict()

    async def claim(self, key: str) -> bytes | Claim:
        with self._lock:
            found = self._kept.get(key)
            if found is not None and found[0] > self._clock():
                return found[1]
        return _MemoryClaim(self, key)

    def put(self, key: str, answer: bytes) -> None:
        """Keep an answer, and room for more."""
        now = self._clock()
        with self._lock:
            self._drop(key)
            self._kept[key] = now + self._ttl, answer
            self._bytes += len(answer)
            while self._kept and self._first_is_too_much(now):
                self._drop(next(iter(self._kept)))

    def _first_is_too_much(self, now: float) -> bool:
        too_many = len(self._kept) > self._max_entries or self._bytes > MAX_BYTES
        return too_many or next(iter(self._kept.values()))[0] <= now

    def _drop(self, key: str) -> None:
        found = self._kept.pop(key, None)
        if found is not None:
            self._bytes -= len(found[1])


class _MemoryClaim:
    def __init__(self, answers: MemoryAnswers, key: str) -> None:
        self._answers = answers
        self._key = key

    async def keep(self, answer: bytes) -> None:
        self._answers.put(self._key, answer)

    async def release(self) -> None:
        """Nothing was kept."""


class BackplaneAnswers:
    """Keeps answers in a backplane, for all processes that share it."""

    def __init__(self, backplane: Backplane, ttl: float, lease: float = LEASE) -> None:
        self._backplane = backplane
        self._ttl = ttl
        self._lease = lease
        # A backplane is opened in an event loop, and closed when that ends.
        self._open: dict[asyncio.AbstractEventLoop, asyncio.Task[Held]] = {}

    async def claim(self, key: str) -> bytes | Claim:
        await self._opened()
        name, pause = f"idempotency:{key}", _SOON
        mine = _CLAIMED + os.urandom(12)
        while not await self._backplane.add(name, mine, self._lease):
            kept = await self._backplane.get(name)
            if kept is not None and kept.startswith(_ANSWERED):
                return kept[1:]
            await asyncio.sleep(pause)
            pause = min(pause * 2, _SELDOM)
        return _SharedClaim(self._backplane, name, mine, self._ttl, self._lease)

    async def _opened(self) -> None:
        loop = asyncio.get_running_loop()
        opening = self._open.get(loop)
        if opening is None:
            opening = self._open[loop] = loop.create_task(Held.open(self._while_open(loop)))
        await asyncio.shield(opening)

    @asynccontextmanager
    async def _while_open(self, loop: asyncio.AbstractEventLoop) -> AsyncGenerator[None]:
        try:
            await self._backplane.open()
            try:
                yield
            finally:
                await self._backplane.close()
        finally:
            self._open.pop(loop, None)


class _SharedClaim:
    """A claim that is renewed until it ends."""

    def __init__(
        self, backplane: Backplane, name: str, mine: bytes, ttl: float, lease: float
    ) -> None:
        self._backplane = backplane
        self._name = name
        self._mine = mine
        self._ttl = ttl
        self._lease = lease
        self._renewing = asyncio.get_running_loop().create_task(self._renew())

    async def _renew(self) -> None:
        while True:
            await asyncio.sleep(self._lease / 3)
            with suppress(StoreUnavailable):
                await self._backplane.touch(self._name, self._lease)

    async def keep(self, answer: bytes) -> None:
        self._renewing.cancel()
        try:
            await self._backplane.put(self._name, _ANSWERED + answer, self._ttl)
        except StoreUnavailable as error:
            logger.error("The answer to a call with a key is not kept: %s", error)

    async def release(self) -> None:
        self._renewing.cancel()
        with suppress(StoreUnavailable):  # it ends by itself
            await self._backplane.swap(self._name, self._mine, _RELEASED, 0.001)
