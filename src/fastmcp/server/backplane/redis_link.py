"""One connection to Redis on which commands follow each other without waiting for answers."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine
from typing import Any

from fastmcp.exceptions import StoreUnavailable

from .resp import INCOMPLETE, Malformed, Refusal, make_parser

# After these the connection is made anew: the name may lead to another server by then.
_ELSEWHERE = frozenset({"MASTERDOWN", "NOAUTH", "READONLY"})


class Link(asyncio.Protocol):
    """Sends what is asked for in one turn of the event loop in one piece; the answers come in the
    order of the commands. A server that is silent for `timeout` seconds while answers are awaited
    ends the connection: however many commands there are, each has time as long as others go on.

    `told` is shown every answer first, and returns whether it took it: messages of topics answer
    no command. `lost` is called once when the connection is gone.
    """

    def __init__(
        self,
        writer: asyncio.StreamWriter,
        timeout: float,
        *,
        told: Callable[[Any], bool] | None = None,
        lost: Callable[[], None] | None = None,
    ) -> None:
        self.loop: asyncio.AbstractEventLoop = asyncio.get_running_loop()
        self.alive: bool = True
        self._timeout = timeout
        self._told = told
        self._lost = lost
        self._parser = make_parser()
        self._writer = writer  # which would close its transport when nobody has it
        self._transport = transport = writer.transport
        self._commands: list[bytes] = []
        self._waiting: deque[asyncio.Future[Any]] = deque()
        # When it was last heard, or was asked something with nothing else to answer.
        self._heard = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._gone = asyncio.Event()
        transport.set_protocol(self)
        if transport.is_closing():
            self.connection_lost(None)

    def send(self, command: bytes) -> asyncio.Future[Any]:
        """What Redis will answer.

        Raises:
            StoreUnavailable: the connection is gone.
        """
        if not self.alive:
            raise StoreUnavailable("Redis: the connection was lost")
        if not self._commands:
            self.loop.call_soon(self._flush)
        self._commands.append(command)
        answer: asyncio.Future[Any] = self.loop.create_future()
        self._waiting.append(answer)
        return answer

    async def close(self) -> None:
        """End it and wait for that."""
        self._end("the connection was closed")
        await self._gone.wait()

    def _flush(self) -> None:
        if not self.alive:
            return
        self._transport.write(b"".join(self._commands))
        if len(self._commands) == len(self._waiting):
            self._heard = self.loop.time()
        self._commands.clear()
        if self._timer is None:
            self._timer = self.loop.call_later(self._timeout, self._check)

    def _check(self) -> None:
        """The time for some answer is over, or was, had nothing come."""
        if len(self._waiting) == len(self._commands):  # nothing was sent that has no answer
            self._timer = None
        elif (due := self._heard + self._timeout) <= self.loop.time():
            self._end(f"no answer within {self._timeout:g} seconds")
        else:
            self._timer = self.loop.call_at(due, self._check)

    # What the connection calls

    def data_received(self, data: bytes) -> None:
        parser, told = self._parser, self._told
        self._heard = self.loop.time()
        try:
            parser.feed(data)
            while (answer := parser.gets()) is not INCOMPLETE:
                if told is None or not told(answer):
                    self._take(answer)
        except (IndexError, Malformed):
            self._end("it answered what was not asked")

    def _take(self, answer: Any) -> None:
        future = self._waiting.popleft()
        if future.done():  # nobody waits any more
            return
        if isinstance(answer, Refusal):
            future.set_exception(_error_of(answer))
            if answer.kind in _ELSEWHERE:
                self._end(str(answer))
        else:
            future.set_result(answer)

    def connection_lost(self, exc: Exception | None) -> None:
        self._end("the connection was lost")
        self._gone.set()

    def _end(self, why: str) -> None:
        if not self.alive:
            return
        self.alive = False
        if self._timer is not None:
            self._timer.cancel()
        self._transport.abort()
        waiting, self._waiting = self._waiting, deque()
        for future in waiting:
            if not future.done():
                future.set_exception(StoreUnavailable(f"Redis: {why}"))
        if self._lost is not None:
            self._lost()


class LinkKeeper:
    """The link in use: opened when it is needed, once for all who wait for it."""

    def __init__(self, open: Callable[[], Coroutine[Any, Any, Link]]) -> None:
        self.link: Link | None = None
        self._open = open
        self._opening: asyncio.Task[Link] | None = None

    async def get(self) -> Link:
        """A link that is alive.

        Raises:
            StoreUnavailable: none can be opened now.
        """
        if self.link is not None and self.link.alive:
            return self.link
        if self._opening is None:
            self._opening = asyncio.get_running_loop().create_task(self._open())
            self._opening.add_done_callback(self._opened)
        return await asyncio.shield(self._opening)

    def _opened(self, task: asyncio.Task[Link]) -> None:
        self._opening = None
        # Those that wait have the error, unless they were cancelled.
        if not task.cancelled() and task.exception() is None:
            self.link = task.result()

    async def close(self) -> None:
        if self._opening is not None:
            self._opening.cancel()
            await asyncio.wait([self._opening])
        if self.link is not None:
            await self.link.close()
            self.link = None


def _error_of(refusal: Refusal) -> Exception:
    """What a command raises: whatever a server refuses it may do later, or another in its place.

    Its reasons have too many names for a list, and scripts of older versions give them another one.
    """
    return refusal if refusal.kind == "NOSCRIPT" else StoreUnavailable(f"Redis: {refusal}")
