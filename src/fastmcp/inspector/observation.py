"""Every message between a client and a server, seen where the transport takes and gives it."""

from __future__ import annotations

from typing import Any, Protocol, cast

from fastmcp._runtime.session import Session
from fastmcp.client.transports.transport import ClientChannel, ClientTransport
from fastmcp.wire import jsonrpc
from fastmcp.wire.features import Tool
from fastmcp.wire.jsonrpc import Failure, Message, Notification, Request, RequestId
from fastmcp.wire.revisions import Revision


class Observer(Protocol):
    """Hears of messages as they pass. `related` is the request that one came with the answer to,
    where the transport can tell.
    """

    def sent(self, message: bytes) -> None:
        """A message goes to the server."""
        ...

    def received(self, message: bytes, related: RequestId | None) -> None:
        """A message, or a batch of some, came from the server."""
        ...

    def failed(self, id: RequestId, error: Exception) -> None:
        """A request cannot be answered: its transport failed."""
        ...

    def hung_up(self, id: RequestId) -> None:
        """A request was given up by ending its stream, so that no message says it."""
        ...


class ObservedTransport(ClientTransport):
    """Reaches what another transport reaches, and has an `observer` hear of every message."""

    def __init__(self, inner: ClientTransport, observer: Observer) -> None:
        self.probe_timeout: float | None = inner.probe_timeout
        self.handshake_only: bool = inner.handshake_only
        self.sign_in_time: float = inner.sign_in_time
        self.network: str | None = inner.network
        self._inner = inner
        self._observer = observer

    def __repr__(self) -> str:
        return repr(self._inner)

    def open(self) -> ClientChannel:
        return _ObservedChannel(self._inner.open(), self._observer, by_http=self.network == "tcp")


class _ObservedChannel(ClientChannel):
    def __init__(self, inner: ClientChannel, observer: Observer, *, by_http: bool) -> None:
        self._inner = inner
        self._observer = observer
        self._by_http = by_http
        self._hangs_up = False

    @property
    def noise(self) -> str | None:
        """What came from the server and is no message."""
        return getattr(self._inner, "noise", None)

    async def start(self, session: Session) -> None:
        await self._inner.start(cast("Session", _ObservedSession(session, self._observer)))

    def speak(self, revision: Revision) -> None:
        self._hangs_up = self._by_http and revision.modern
        self._inner.speak(revision)

    def learn(self, tools: list[Tool]) -> list[Tool]:
        return self._inner.learn(tools)

    async def send(self, message: bytes, related: RequestId | None) -> None:
        self._observer.sent(message)
        await self._inner.send(message, related)

    async def reply(self, id: RequestId, message: bytes) -> None:
        self._observer.sent(message)
        await self._inner.reply(id, message)

    async def call(
        self,
        id: RequestId,
        method: str,
        params: Any,
        message: bytes,
        related: RequestId | None = None,
    ) -> None:
        self._observer.sent(message)
        await self._inner.call(id, method, params, message, related)

    def abandon(self, id: RequestId, message: bytes) -> None:
        if self._hangs_up:
            self._observer.hung_up(id)
        else:
            self._observer.sent(message)
        self._inner.abandon(id, message)

    def refuse(self, message: bytes) -> None:
        self._observer.sent(message)
        self._inner.refuse(message)

    def forget(self, id: RequestId) -> None:
        self._inner.forget(id)

    def release(self, id: RequestId) -> None:
        self._inner.release(id)

    async def close(self) -> None:
        await self._inner.close()


class _ObservedSession:
    """A session as a channel knows it: what comes in is heard of before it is taken."""

    def __init__(self, session: Session, observer: Observer) -> None:
        self._session = session
        self._observer = observer

    def __getattr__(self, name: str) -> Any:
        return getattr(self._session, name)

    def feed(self, data: bytes, related: RequestId | None = None) -> None:
        self._observer.received(data, related)
        self._session.feed(data, related)

    def take(self, message: Message, related: RequestId | None = None) -> None:
        self._observer.received(_as_bytes(message), related)
        self._session.take(message, related)

    def fail(self, id: RequestId, error: Exception) -> None:
        self._observer.failed(id, error)
        self._session.fail(id, error)


def _as_bytes(message: Message) -> bytes:
    """A message that was read already: its params, or its result, are as they came."""
    if isinstance(message, Request):
        return jsonrpc.encode_request(message.id, message.method, message.params)
    if isinstance(message, Notification):
        return jsonrpc.encode_notification(message.method, message.params)
    if isinstance(message, Failure):
        failure = {"jsonrpc": "2.0", "id": message.id, "error": message.error}
        return jsonrpc.encode_value(failure)
    return jsonrpc.encode_result(message.id, message.result)
