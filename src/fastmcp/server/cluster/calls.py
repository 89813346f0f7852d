"""Calls that any worker can finish: what is kept of them besides their streams."""

from __future__ import annotations

from typing import Final

from msgspec import Raw, Struct, json

from fastmcp.exceptions import McpError
from fastmcp.wire import jsonrpc
from fastmcp.wire.jsonrpc import Request

from ..backplane.backplane import Backplane
from .messages import readable

# In seconds: how long a call is kept after its worker was last seen to serve it, and the stream
# that answers it after the answer; and how long the messages of a stream without one.
KEPT: Final = 300.0
UNANSWERED: Final = 3600.0
# How many messages of a stream are kept.
LIMIT: Final = 1000

# How the entries of a stream's log begin.
MESSAGE: Final = b"m"
LAST: Final = b"l"
END: Final = b"e"  # without an answer

_NONE: Final = Raw(b"null")

INTERRUPTED = McpError(
    code=-32603,
    message="The worker that served this call is gone. Whether the call took effect is not known; "
    "it is not repeated by itself, because it is not annotated as read-only or idempotent",
)


class Call(Struct, frozen=True):
    """What a stream answers, and the worker that serves it. A batch, with which nobody else goes
    on, has no request.
    """

    worker: str
    request: Raw = _NONE

    @classmethod
    def of(cls, worker: str, requests: list[Request]) -> Call:
        """What a worker takes."""
        if len(requests) != 1:
            return cls(worker)
        [request] = requests
        message = jsonrpc.encode_request(request.id, request.method, request.params)
        return cls(worker, Raw(message))

    def read(self) -> Request | None:
        """The request, if it is one."""
        if self.request == _NONE:
            return None
        message = jsonrpc.decode(self.request)
        assert isinstance(message, Request)
        return message


class Calls:
    """The calls of all workers, by the ids of the streams that answer them."""

    def __init__(self, backplane: Backplane) -> None:
        self._backplane = backplane

    async def open(self, stream: str, call: Call) -> None:
        """Keep a call that begins."""
        await self._backplane.put(_key(stream), _encode(call), KEPT)

    async def keep(self, stream: str) -> None:
        """A call is still being served."""
        await self._backplane.touch(_key(stream), KEPT)

    async def find(self, stream: str) -> Call | None:
        """The call that a stream answers, with the worker that serves it now."""
        data = await self._backplane.get(_key(stream))
        return None if data is None else readable(_decode, data)

    async def take_over(self, stream: str, call: Call, worker: str) -> bool:
        """Become the worker that serves a call, unless another one has; whether it is so."""
        mine = Call(worker, call.request)
        return await self._backplane.swap(_key(stream), _encode(call), _encode(mine), KEPT)

    async def append(self, stream: str, kind: bytes, message: bytes) -> str:
        """Add to the log of a stream; the position."""
        ttl = UNANSWERED if kind == MESSAGE else KEPT
        return await self._backplane.append(log_of(stream), kind + message, limit=LIMIT, ttl=ttl)

    async def entries(self, stream: str, after: str | None = None) -> list[tuple[str, bytes]]:
        """The log of a stream: all, or what came after a position; ValueError for no position."""
        return await self._backplane.entries(log_of(stream), after)


def log_of(stream: str) -> str:
    """The name of a stream's log."""
    return f"stream:{stream}"


def _key(stream: str) -> str:
    return f"call:{stream}"


_encode = json.Encoder().encode
_decode = json.Decoder(Call).decode
