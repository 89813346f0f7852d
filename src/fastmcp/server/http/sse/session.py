"""One client over HTTP+SSE."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Mapping
from typing import Any, Final

from msgspec import UNSET

from fastmcp._protocol.eras import read_envelope
from fastmcp._protocol.framing import KEEP_ALIVE, encode_event
from fastmcp._runtime.session import Channel
from fastmcp.exceptions import InvalidRequest, McpError, RemoteProtocolError
from fastmcp.wire import jsonrpc
from fastmcp.wire.jsonrpc import Message, Request, RequestId

from ...connection import ServerConnection
from ..attendant import KEEP_ALIVE_INTERVAL
from ..settings import HttpSettings
from .backlog import Backlog

# How many calls of one client are served at a time; it does not wait for one to begin another.
MAX_CALLS = 1000
# How long a full backlog may stand still before its reader is given up, in seconds.
STANDSTILL = 30.0

_MODERN = InvalidRequest(
    "Invalid request: HTTP+SSE is older than this protocol version; send initialize, or use "
    "streamable HTTP"
)
_BUSY = McpError(
    code=-32000, message=f"Too many requests: {MAX_CALLS} of this client are being served already"
)


class SSESession:
    """One client: its connection, and the channel that writes events to its stream.

    `principal` is whose session it is. What is sent waits for room in the backlog, and with it the
    call that sends. A client that reads nothing is given up: when the backlog stands still, and
    when it grows by what cannot wait.
    """

    __slots__ = (
        "_draining",
        "_idle_timeout",
        "_interval",
        "_loop",
        "_moved",
        "_scopes",
        "_taken",
        "_timer",
        "_used",
        "backlog",
        "connection",
        "ended",
        "id",
        "principal",
    )

    def __init__(
        self,
        connect: Callable[[Channel, str], ServerConnection],
        settings: HttpSettings,
        principal: str | None,
    ) -> None:
        self.id: str = secrets.token_hex(16)
        self.principal: str | None = principal
        self.backlog: Final = Backlog()
        self.ended: bool = False
        self._draining = False
        self._scopes: dict[RequestId, Mapping[str, Any]] = {}
        self.connection: ServerConnection = connect(self, self.id)
        self.connection.scopes = self._scopes
        self.connection.limit_requests(settings.request_timeout)
        self._loop = asyncio.get_running_loop()
        self._used = self._moved = self._loop.time()
        self._taken: int = 0
        self._idle_timeout = settings.session_idle_timeout or float("inf")
        self._interval = min(KEEP_ALIVE_INTERVAL, self._idle_timeout)
        self._timer = self._loop.call_later(self._interval, self._look_after)

    # What the client sends

    def take(self, body: bytes, scope: Mapping[str, Any]) -> None:
        """Take what one POST brought: a message, or a batch where the revision has them.

        Raises:
            RemoteProtocolError: it is neither. What is wrong with a batch's members is answered
                on the stream, like everything else.
        """
        self._used = self._loop.time()
        if not jsonrpc.is_batch(body):
            self._take(jsonrpc.decode(body), scope)
            return
        if not self.connection.session.batches:
            raise InvalidRequest("Invalid request: this session's revision has no batches")
        for member in jsonrpc.split_batch(body):
            try:
                self._take(jsonrpc.decode(member), scope)
            except RemoteProtocolError as error:
                id = error.id if isinstance(error, InvalidRequest) else None
                self.refuse(jsonrpc.encode_failure(id, error))

    def _take(self, message: Message, scope: Mapping[str, Any]) -> None:
        if isinstance(message, Request):
            if message.id in self._scopes:
                text = "Invalid request: a request with this id is still in flight"
                raise InvalidRequest(text, id=message.id)
            if (error := self._refusal(message)) is not None:
                self.refuse(jsonrpc.encode_failure(message.id, error))
                return
            self._scopes[message.id] = scope
        self.connection.session.take(message)

    def _refusal(self, request: Request) -> McpError | None:
        """Why a request is not even looked at. It is said on the stream: there are clients that
        take a POST that fails for the end of the connection.
        """
        if len(self._scopes) >= MAX_CALLS:
            return _BUSY
        fresh = self.connection.lifecycle.sender is None and request.method != "initialize"
        return _MODERN if fresh and read_envelope(request.params).version is not UNSET else None

    # The channel: what the client is sent

    async def send(self, message: bytes, related: RequestId | None) -> None:
        if self.backlog.full:
            await self.backlog.wait_room()
        self.backlog.push(encode_event(message))

    async def reply(self, id: RequestId, message: bytes) -> None:
        await self.send(message, id)
        self.forget(id)

    async def call(
        self,
        id: RequestId,
        method: str,
        params: Any,
        message: bytes,
        related: RequestId | None = None,
    ) -> None:
        await self.send(message, related)

    def abandon(self, id: RequestId, message: bytes) -> None:
        self.refuse(message)

    def refuse(self, message: bytes) -> None:
        self.backlog.push(encode_event(message))
        if self.backlog.overdrawn:
            self.give_up()

    def forget(self, id: RequestId) -> None:
        self._scopes.pop(id, None)
        if self._draining and not self._scopes:
            self.end()

    def release(self, id: RequestId) -> None:
        pass

    # Its end

    def drain(self) -> None:
        """End once what is being served is answered."""
        self._draining = True
        if not self._scopes:
            self.end()

    def end(self) -> None:
        """End the session and cancel its calls; the stream ends after what waits to be written."""
        self._end(discard=False)

    def give_up(self) -> None:
        """End the session of a client that has left, or reads nothing."""
        self._end(discard=True)

    def _end(self, *, discard: bool) -> None:
        if not self.ended:
            self.ended = True
            self._timer.cancel()
            self.connection.session.close()
            self.backlog.close(discard=discard)

    def _look_after(self) -> None:
        """End it when it is idle or stands still; tell proxies that somebody is there."""
        now, backlog = self._loop.time(), self.backlog
        if now - self._used >= self._idle_timeout and not self._scopes:
            self.end()
            return
        if backlog.taken != self._taken:
            self._taken, self._moved = backlog.taken, now
        elif backlog.full and now - self._moved >= STANDSTILL:
            self.give_up()
            return
        if backlog.empty:
            backlog.push(KEEP_ALIVE)
        self._timer = self._loop.call_later(self._interval, self._look_after)
