"""Calls that any worker can finish: what is kept of them besides their streams."""

from __future__ import annotations

from typing import Final

from msgspec import Raw, Struct, json

from fastmcp.exceptions import McpError
from fastmcp.wire import jsonrpc
from fastmcp.wire.jsonrpc import Request

from ..backplane.backplane import Backplane

# How long a call and the messages of its stream are kept, in seconds: while it is served, counted
# from the latest message, and when it is answered; and how many messages.
TTL: Final = 3600.0
ANSWERED: Final = 300.0
LIMIT: Final = 1000

# How the entries of a stream's log begin.
OPENING: Final = b"o"
MESSAGE: Final = b"m"
LAST: Final = b"l"
END: Final = b"e"  # without an answer

INTERRUPTED = McpError(
    code=-32603,
    message="The worker that served this call is gone. Whether the call took effect is not known; "
    "it is not repeated by itself, because it is not annotated as read-only or idempotent",
)


class Call(Struct, frozen=True):
    """A request, and the worker that serves it."""

    worker: str
    request: Raw

    @classmethod
    def of(cls, worker: str, request: Request) -> Call:
        """A call that a worker takes."""
        message = jsonrpc.encode_request(request.id, request.method, request.params)
        return cls(worker, Raw(message))

    def read(self) -> Request:
        """The request."""
        message = jsonrpc.decode(self.request)
        assert isinstance(message, Request)
        return message


class Calls:
    """The calls of all workers, by the ids of the streams that answer them.

    The log of a stream begins with its call; who took it over is kept beside it.
    """

    def __init__(self, backplane: Backplane) -> None:
        self._backplane = backplane

    async def open(self, stream: str, call: Call) -> str:
        """Begin the log of a stream; the position of that."""
        return await self.append(stream, OPENING, _encode(call))

    async def append(self, stream: str, kind: bytes, message: bytes) -> str:
        """Add to the log of a stream; the position."""
        ttl = ANSWERED if kind in (LAST, END) else TTL
        return await self._backplane.append(log_of(stream), kind + message, limit=LIMIT, ttl=ttl)

    async def entries(self, stream: str, after: str | None = None) -> list[tuple[str, bytes]]:
        """The log of a stream: all, or what came after a position; ValueError for no position."""
        return await self._backplane.entries(log_of(stream), after)

    async def find(self, stream: str) -> Call | None:
        """The call that a stream answers, with the worker that serves it now."""
        data = await self._backplane.get(_key(stream))
        if data is not None:
            return _decode(data)
        entries = await self.entries(stream)
        if not entries or not entries[0][1].startswith(OPENING):
            return None
        return _decode(entries[0][1][1:])

    async def take_over(self, stream: str, call: Call, worker: str) -> bool:
        """Become the worker that serves a call, unless another one has; whether it is so."""
        mine = _encode(Call(worker, call.request))
        if await self._backplane.add(_key(stream), mine, TTL):
            return True
        return await self._backplane.swap(_key(stream), _encode(call), mine, TTL)


def log_of(stream: str) -> str:
    """The name of a stream's log."""
    return f"stream:{stream}"


def _key(stream: str) -> str:
    return f"call:{stream}"


_encode = json.Encoder().encode
_decode = json.Decoder(Call).decode
