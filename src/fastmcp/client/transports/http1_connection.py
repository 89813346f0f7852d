"""One connection of a client over HTTP/1.1."""

from __future__ import annotations

import asyncio
from typing import cast

from fastmcp.exceptions import Disconnected

from .http1_parsing import Incoming
from .http_errors import cause_of, shown

# What may wait to be read before the server is kept from sending more.
HIGH = 256 * 1024
ENDED = "the server ended it before the end of its answer"


class Connection(asyncio.Protocol):
    """Carries one exchange at a time, and is one of `all` while it is open. `patience` is how long
    it may be silent, in seconds.
    """

    def __init__(self, all: set[Connection], url: str, patience: float | None) -> None:
        self.idle_since: float = 0.0
        self.gone: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._all = all
        self._url = url
        self._patience = patience
        self._incoming: Incoming | None = None
        self._ended: str | None = None
        self._paused = False
        self._full = False
        self._change: asyncio.Future[None] | None = None

    # What the event loop says

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._all.add(self)

    def data_received(self, data: bytes) -> None:
        incoming = self._incoming
        if incoming is None:
            self.abort()  # nobody asked
            return
        incoming.feed(data)
        if incoming.size > HIGH and not (incoming.is_complete or self._paused):
            self._paused = True
            self._transport.pause_reading()
        if incoming.is_ready or self._patience is not None:
            self._wake()

    def eof_received(self) -> None:
        self._end(None)

    def connection_lost(self, exc: Exception | None) -> None:
        self._end(exc)
        self._all.discard(self)
        if not self.gone.done():
            self.gone.set_result(None)

    def pause_writing(self) -> None:
        self._full = True

    def resume_writing(self) -> None:
        self._full = False
        self._wake()

    def _end(self, error: Exception | None) -> None:
        if self._ended is None:
            self._ended = ENDED if error is None else cause_of(error, self._url)
            if self._incoming is not None:
                self._incoming.end(self._ended, cleanly=error is None)
        self._wake()

    def _wake(self) -> None:
        if self._change is not None and not self._change.done():
            self._change.set_result(None)

    # What an exchange does

    @property
    def is_quiet(self) -> bool:
        """Whether it can carry another exchange: nobody has left, and nothing is under way."""
        return not (self._ended or self._paused or self._full or self._transport.is_closing())

    async def ask(self, request: bytes, patience: float | None) -> Incoming:
        """Send a request, or as much of it as the server takes before it answers; the answer, of
        which there is the head.

        Raises:
            Disconnected: the connection was lost, it takes nothing for as long as `patience`, or
                what came is not HTTP.
        """
        self._incoming = incoming = Incoming()
        if self._ended is not None:
            raise self._failed(self._ended)
        self._transport.write(request)
        while self._full and not incoming.is_ready:
            if not await self._changed(patience):
                raise self._failed("it takes nothing any more")
        while not incoming.is_ready:
            await self._more()
        if incoming.trouble is not None:
            raise self._failed(incoming.trouble)
        return incoming

    async def some(self, incoming: Incoming) -> bytes:
        """What has come of the body; nothing when that was all.

        Raises:
            Disconnected: the connection was lost on the way, or what came is not HTTP.
        """
        while not incoming.size:
            if incoming.is_complete:
                return b""
            if incoming.trouble is not None:
                raise self._failed(incoming.trouble)
            await self._more()
        return incoming.take()

    def finish(self, incoming: Incoming) -> bool:
        """Be done with an exchange; whether there can be another."""
        self._incoming = None
        if incoming.is_complete and incoming.keeps and self.is_quiet:
            return True
        self.abort()
        return False

    async def _more(self) -> None:
        if self._paused:
            self._paused = False
            self._transport.resume_reading()
        if not await self._changed(self._patience):
            limit = f"sse_read_timeout is {self._patience} seconds"
            raise self._failed(f"it was silent for too long ({limit})")

    async def _changed(self, patience: float | None) -> bool:
        """Wait until something happens; False if nothing does for as long as `patience`."""
        self._change = asyncio.get_running_loop().create_future()
        try:
            if patience is None:
                await self._change
                return True
            async with asyncio.timeout(patience):
                await self._change
            return True
        except TimeoutError:
            return False
        finally:
            self._change = None

    def _failed(self, why: str) -> Disconnected:
        return Disconnected(f"Connection to {shown(self._url)} was lost: {why}")

    def abort(self) -> None:
        """End it at once."""
        self._transport.abort()
