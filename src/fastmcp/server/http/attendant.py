"""Attending to requests that take long: seeing a client leave, keeping a connection alive."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import ClassVar
from weakref import WeakKeyDictionary

from .body import ASGIReceive
from .reply import Reply

# How long a request may take before its client's absence is looked for, in seconds.
LONG = 0.1
KEEP_ALIVE_INTERVAL = 15.0


class Attendant:
    """Attends to a request that takes long: notices that its client left, and keeps the
    connection alive. A request that is answered at once never needs its task.
    """

    __slots__ = ("_idle", "_left", "_receive", "_reply", "_round", "_task")

    def __init__(
        self, receive: ASGIReceive, reply: Reply, left: Callable[[], object], *, idle: bool
    ) -> None:
        self._receive = receive
        self._reply = reply
        self._left = left
        self._idle = idle
        self._task: asyncio.Task[None] | None = None
        self._round = Round.joined_by(self)

    def stop(self) -> None:
        """The request is answered, or about to be."""
        self._round.waiting.pop(self, None)
        if self._task is not None:
            self._task.cancel()

    def begin(self) -> None:
        """The request takes long."""
        self._task = asyncio.get_running_loop().create_task(self._attend())

    async def _attend(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass
        self._round.waiting.pop(self, None)
        self._reply.gone = True
        self._left()

    def give_sign(self) -> None:
        """Tell proxies that somebody is there, where the response may be a stream."""
        if self._idle:
            self._reply.give_sign()


class Round:
    """Requests that began at about the same time. Those that are not answered when it ends take
    long, and give signs of life together: a timer for all costs less than one for each.
    """

    __slots__ = ("waiting",)

    _latest: ClassVar[WeakKeyDictionary[asyncio.AbstractEventLoop, Round]] = WeakKeyDictionary()

    def __init__(self) -> None:
        self.waiting: dict[Attendant, None] = {}

    @classmethod
    def joined_by(cls, attendant: Attendant) -> Round:
        """The round of a request that begins now."""
        loop = asyncio.get_running_loop()
        latest = cls._latest.get(loop)
        if latest is None:
            latest = cls._latest[loop] = cls()
            loop.call_later(LONG / 2, latest._close, loop)
        latest.waiting[attendant] = None
        return latest

    def _close(self, loop: asyncio.AbstractEventLoop) -> None:
        """Take in no more; what is waiting has as long again."""
        del self._latest[loop]
        if self.waiting:
            loop.call_later(LONG / 2, self._end, loop)

    def _end(self, loop: asyncio.AbstractEventLoop) -> None:
        for attendant in self.waiting:
            attendant.begin()
        self._wait(loop)

    def _wait(self, loop: asyncio.AbstractEventLoop) -> None:
        if self.waiting:
            loop.call_later(KEEP_ALIVE_INTERVAL, self._give_signs, loop)

    def _give_signs(self, loop: asyncio.AbstractEventLoop) -> None:
        for attendant in self.waiting:
            attendant.give_sign()
        self._wait(loop)
