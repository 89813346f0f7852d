"""Writing one HTTP response: a JSON body, or a stream of server-sent events begun when needed."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TypeAlias

from fastmcp._protocol.framing import KEEP_ALIVE, encode_event
from fastmcp._protocol.http import Reject

from .body import CLOSE, ASGIReceive, ASGISend, lingering

HeaderPairs: TypeAlias = list[tuple[bytes, bytes]]

_STREAM_HEADERS: HeaderPairs = [
    (b"content-type", b"text/event-stream"),
    (b"cache-control", b"no-cache, no-transform"),
    (b"x-accel-buffering", b"no"),
]


class Reply:
    """The response to one request; `headers` go out with whatever form it takes.

    One task writes it. Another one may give signs of life meanwhile: none that could come amid an
    answer, and what is written next waits for one that is on its way.
    """

    __slots__ = ("_last", "_send", "_sign", "gone", "headers", "started")

    def __init__(self, send: ASGISend, headers: HeaderPairs | None = None) -> None:
        self._send = send
        self.headers: HeaderPairs = headers or []
        self.started: bool = False
        self.gone: bool = False
        self._last = False
        self._sign: asyncio.Task[None] | None = None

    async def json(self, body: bytes, status: int = 200) -> None:
        """The whole response as JSON; an empty body has no type."""
        self._last = True
        headers = [*self.headers, (b"content-length", b"%d" % len(body))]
        if body:
            headers.append((b"content-type", b"application/json"))
        await self._send({"type": "http.response.start", "status": status, "headers": headers})
        await self._send({"type": "http.response.body", "body": body})

    async def challenge(self, body: bytes, challenge: str) -> None:
        """The whole response to a caller who needs a token with more scopes."""
        self.headers.append((b"www-authenticate", challenge.encode("latin-1")))
        await self.json(body, 403)

    async def reject(self, verdict: Reject, receive: ASGIReceive | None = None) -> None:
        """The response that a verdict asks for; `receive` for one that came amid the body."""
        self.headers += verdict.headers
        if receive is not None and CLOSE in verdict.headers:
            self._send = lingering(self._send, receive)
        await self.json(verdict.body, verdict.status)

    async def start_stream(self) -> None:
        """Begin the event stream, unless it has begun."""
        if self.started:
            return
        self.started = True
        headers = [*self.headers, *_STREAM_HEADERS]
        await self._send({"type": "http.response.start", "status": 200, "headers": headers})

    async def event(self, message: bytes, id: str | None = None, retry: int | None = None) -> None:
        """One event; begins the stream."""
        if self._sign is not None:
            await self._signed(self._sign)
        await self.start_stream()
        await self._write(encode_event(message, id=id, retry=retry))

    async def keep_alive(self) -> None:
        """A comment that tells proxies that somebody is there; begins the stream."""
        await self.start_stream()
        await self._write(KEEP_ALIVE)

    def give_sign(self) -> None:
        """Have such a comment written by a task of its own, unless the last one is still on its
        way, or the end of the response.
        """
        if self._sign is None or self._sign.done():
            self._sign = asyncio.get_running_loop().create_task(self._give_sign())

    async def _give_sign(self) -> None:
        if not self._last:
            with suppress(OSError):  # how a server may say that the client has left
                await self.keep_alive()

    async def _signed(self, sign: asyncio.Task[None]) -> None:
        if not sign.done():
            await asyncio.wait([sign])

    async def end_stream(self) -> None:
        """End the event stream; one without any event, if it never began."""
        self._last = True
        if self._sign is not None:
            await self._signed(self._sign)
        await self.start_stream()
        if not self.gone:
            await self._send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _write(self, chunk: bytes) -> None:
        if not self.gone:
            await self._send({"type": "http.response.body", "body": chunk, "more_body": True})
