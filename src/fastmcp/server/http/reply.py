"""Writing one HTTP response: a JSON body, or a stream of server-sent events begun when needed."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from contextlib import suppress
from typing import Any, ClassVar, TypeAlias
from weakref import WeakKeyDictionary

from fastmcp._protocol.framing import KEEP_ALIVE, encode_event
from fastmcp._protocol.http import Reject, refuse
from fastmcp.exceptions import InvalidRequest

from .limits import BODY_PATIENCE, LINGER

ASGIReceive: TypeAlias = Callable[[], Awaitable[MutableMapping[str, Any]]]
ASGISend: TypeAlias = Callable[[MutableMapping[str, Any]], Awaitable[None]]
HeaderPairs: TypeAlias = list[tuple[bytes, bytes]]

# How long a request may take before its client's absence is looked for, in seconds.
PATIENCE = 0.1
KEEP_ALIVE_INTERVAL = 15.0
CLOSE = (b"connection", b"close")

_STREAM_HEADERS: HeaderPairs = [
    (b"content-type", b"text/event-stream"),
    (b"cache-control", b"no-cache, no-transform"),
    (b"x-accel-buffering", b"no"),
]


class Reply:
    """The response to one request; `headers` go out with whatever form it takes."""

    __slots__ = ("_send", "gone", "headers", "started")

    def __init__(self, send: ASGISend, headers: HeaderPairs | None = None) -> None:
        self._send = send
        self.headers: HeaderPairs = headers or []
        self.started = False
        self.gone = False

    async def json(self, body: bytes, status: int = 200, unread: ASGIReceive | None = None) -> None:
        """The whole response as JSON; an empty body has no type. `unread` is what is left of the
        request, if its client should get the chance to stop sending.
        """
        headers = [*self.headers, (b"content-length", b"%d" % len(body))]
        if body:
            headers.append((b"content-type", b"application/json"))
        await self._send({"type": "http.response.start", "status": status, "headers": headers})
        if unread is not None:
            await self._send({"type": "http.response.body", "body": body, "more_body": True})
            await _throw_away(unread)
            body = b""
        await self._send({"type": "http.response.body", "body": body})

    async def reject(self, verdict: Reject, receive: ASGIReceive | None = None) -> None:
        """The response that a verdict asks for; `receive` for one that came amid the body."""
        self.headers += verdict.headers
        closes = receive is not None and CLOSE in verdict.headers
        await self.json(verdict.body, verdict.status, receive if closes else None)

    async def start_stream(self) -> None:
        """Begin the event stream, unless it has begun."""
        if self.started:
            return
        self.started = True
        headers = [*self.headers, *_STREAM_HEADERS]
        await self._send({"type": "http.response.start", "status": 200, "headers": headers})

    async def event(self, message: bytes, id: str | None = None, retry: int | None = None) -> None:
        """One event; begins the stream."""
        await self.start_stream()
        await self._write(encode_event(message, id=id, retry=retry))

    async def keep_alive(self) -> None:
        """A comment that tells proxies that somebody is there; begins the stream."""
        await self.start_stream()
        await self._write(KEEP_ALIVE)

    async def end_stream(self) -> None:
        """End the event stream; one without any event, if it never began."""
        await self.start_stream()
        if not self.gone:
            await self._send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _write(self, chunk: bytes) -> None:
        if not self.gone:
            await self._send({"type": "http.response.body", "body": chunk, "more_body": True})


class Attendant:
    """Attends to a request that takes long: notices that its client left, and keeps the
    connection alive. A request that is answered at once never needs its task.
    """

    __slots__ = ("_idle", "_left", "_receive", "_reply", "_round", "_sign", "_task")

    def __init__(
        self, receive: ASGIReceive, reply: Reply, left: Callable[[], object], *, idle: bool
    ) -> None:
        self._receive = receive
        self._reply = reply
        self._left = left
        self._idle = idle
        self._task: asyncio.Task[None] | None = None
        self._sign: asyncio.Task[None] | None = None
        self._round = Round.joined_by(self)

    def stop(self) -> None:
        """The request is answered."""
        self._round.waiting.pop(self, None)
        for task in (self._task, self._sign):
            if task is not None:
                task.cancel()

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
        """Tell proxies that somebody is there, unless the last such sign is still on its way."""
        if self._idle and (self._sign is None or self._sign.done()):
            self._sign = asyncio.get_running_loop().create_task(self._reply.keep_alive())


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
            loop.call_later(PATIENCE / 2, latest._close, loop)
        latest.waiting[attendant] = None
        return latest

    def _close(self, loop: asyncio.AbstractEventLoop) -> None:
        """Take in no more; what is waiting has as long again."""
        del self._latest[loop]
        if self.waiting:
            loop.call_later(PATIENCE / 2, self._end, loop)

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


async def read_body(
    receive: ASGIReceive, declared: str | None, limit: int
) -> bytes | Reject | None:
    """The request's body; the refusal of one that is over `limit` bytes or does not come; None
    when the client left.
    """
    if declared is not None and (not declared.isdecimal() or int(declared[:20]) > limit):
        return _too_large(limit, unread=True)
    message = await receive()
    if message["type"] != "http.request":
        return None
    body: bytes = message.get("body", b"")
    if not message.get("more_body"):
        return _too_large(limit, unread=False) if len(body) > limit else body
    parts, size = [body], len(body)
    try:
        while message.get("more_body"):
            async with asyncio.timeout(BODY_PATIENCE):
                message = await receive()
            if message["type"] != "http.request":
                return None
            parts.append(message.get("body", b""))
            size += len(parts[-1])
            if size > limit:
                return _too_large(limit, unread=bool(message.get("more_body")))
    except TimeoutError:
        return _refuse_body(408, "does not come", unread=True)
    return b"".join(parts)


async def _throw_away(receive: ASGIReceive) -> None:
    """Read what still comes of a body. To close while it comes would reset the connection, and
    could destroy the response before its client has read it.
    """
    with suppress(TimeoutError):
        async with asyncio.timeout(LINGER):
            while (await receive()).get("more_body"):
                pass


def _too_large(limit: int, *, unread: bool) -> Reject:
    return _refuse_body(413, f"is larger than {limit} bytes", unread=unread)


def _refuse_body(status: int, reason: str, *, unread: bool) -> Reject:
    refusal = refuse(InvalidRequest(f"Invalid request: the body {reason}"), status=status)
    return Reject(status, refusal.body, (CLOSE,) if unread else ())
