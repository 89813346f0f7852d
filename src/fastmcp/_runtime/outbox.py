"""What is left to send, and to do, before a request is answered."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from typing import TypeAlias

Send: TypeAlias = Callable[[bytes], Awaitable[None]]
Work: TypeAlias = Callable[[], Awaitable[None]]


class Outbox:
    """Sends messages in the order in which they were put in; it belongs to one event loop."""

    __slots__ = ("_flusher", "_messages", "_send", "_work")

    def __init__(self, send: Send) -> None:
        self._send = send
        self._messages: deque[bytes] = deque()
        self._flusher: asyncio.Task[None] | None = None
        self._work: list[Work] = []

    def put(self, message: bytes) -> None:
        """Send a message soon; it does not wait."""
        self._messages.append(message)
        if self._flusher is None:
            self._flusher = asyncio.get_running_loop().create_task(self._flush())

    async def _flush(self) -> None:
        try:
            while self._messages:
                await self._send(self._messages.popleft())
        finally:
            self._flusher = None

    async def sent(self) -> None:
        """Wait until all that was put in is sent."""
        if self._flusher is not None:
            await self._flusher

    def last(self, work: Work) -> None:
        """Have `work`, which must not raise, done at the end."""
        self._work.append(work)

    async def settle(self) -> None:
        """Do what is to be done at the end, and send the rest."""
        for work in self._work:
            await work()
        await self.sent()
