"""Writing one HTTP response: a JSON body, or a stream of server-sent events begun when needed."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, TypeAlias

from fastmcp._protocol.framing import KEEP_ALIVE, encode_event
from fastmcp._protocol.http import Reject, refuse
from fastmcp.exceptions import InvalidRequest

ASGIReceive: TypeAlias = Callable[[], Awaitable[MutableMapping[str, Any]]]
ASGISend: TypeAlias = Callable[[MutableMapping[str, Any]], Awaitable[None]]
HeaderPairs: TypeAlias = list[tuple[bytes, bytes]]

# How long a request may take before its client's absence is looked for, in seconds.
PATIENCE = 0.1
KEEP_ALIVE_INTERVAL = 15.0

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

    async def json(self, body: bytes, status: int = 200) -> None:
        """The whole response as JSON; an empty body has no type."""
        headers = [*self.headers, (b"content-length", b"%d" % len(body))]
        if body:
            headers.append((b"content-type", b"application/json"))
        await self._send({"type": "http.response.start", "status": status, "headers": headers})
        await self._send({"type": "http.response.body", "body": body})

    async def reject(self, verdict: Reject) -> None:
        """The response that a verdict asks for."""
        self.headers += verdict.headers
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

    __slots__ = ("_idle", "_left", "_receive", "_reply", "_task", "_timer")

    def __init__(
        self, receive: ASGIReceive, reply: Reply, left: Callable[[], None], *, idle: bool
    ) -> None:
        self._receive = receive
        self._reply = reply
        self._left = left
        self._idle = idle
        self._task: asyncio.Task[None] | None = None
        self._timer = asyncio.get_running_loop().call_later(PATIENCE, self._begin)

    def stop(self) -> None:
        """The request is answered."""
        self._timer.cancel()
        if self._task is not None:
            self._task.cancel()

    def _begin(self) -> None:
        self._task = asyncio.get_running_loop().create_task(self._attend())

    async def _attend(self) -> None:
        listener = asyncio.ensure_future(self._receive())
        try:
            while True:
                done, _ = await asyncio.wait((listener,), timeout=KEEP_ALIVE_INTERVAL)
                if not done:
                    if self._idle:
                        await self._reply.keep_alive()
                elif listener.result()["type"] == "http.disconnect":
                    self._reply.gone = True
                    self._left()
                    return
                else:
                    listener = asyncio.ensure_future(self._receive())
        finally:
            listener.cancel()


async def read_body(
    receive: ASGIReceive, declared: str | None, limit: int
) -> bytes | Reject | None:
    """The request's body; the refusal of one over `limit` bytes; None when the client left."""
    if declared is not None and (not declared.isdecimal() or int(declared[:20]) > limit):
        return _too_large(limit)
    message = await receive()
    if message["type"] != "http.request":
        return None
    body: bytes = message.get("body", b"")
    if message.get("more_body"):
        parts, size = [body], len(body)
        while message.get("more_body"):
            message = await receive()
            if message["type"] != "http.request":
                return None
            parts.append(message.get("body", b""))
            size += len(parts[-1])
            if size > limit:
                return _too_large(limit)
        body = b"".join(parts)
    return _too_large(limit) if len(body) > limit else body


def _too_large(limit: int) -> Reject:
    error = InvalidRequest(f"Invalid request: the body is larger than {limit} bytes")
    refusal = refuse(error, status=413)
    return Reject(413, refusal.body, ((b"connection", b"close"),))
