"""One inbound request, what is known of its sender, and the way back to it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, Protocol, TypeAlias

from msgspec import Raw

from fastmcp._protocol.eras import Sender
from fastmcp.wire import jsonrpc
from fastmcp.wire.jsonrpc import RequestId

TransportName: TypeAlias = Literal["stdio", "sse", "streamable-http", "memory"]


class Peer(Protocol):
    """The other side of a conversation, as the code that serves a request sees it."""

    async def send(self, message: bytes, related: RequestId | None) -> None:
        """Send a notification; `related` is the request of theirs that it belongs to.

        Returns when the transport took it. A peer that cannot be reached any more, or whose
        transport has no room for notifications, drops it.
        """
        ...

    async def request(self, method: str, params: Any, related: RequestId | None) -> Raw:
        """Ask the other side and wait for its result.

        Raises:
            McpError: it answered with an error.
            ClientError: it cannot be asked, or is gone.
        """
        ...

    def release(self, related: RequestId) -> None:
        """Let the other side come back for the answer to its request `related`, if it can."""
        ...


class SessionRecord:
    """What outlives one request of a handshake session; `subscriptions` are URIs of resources."""

    __slots__ = ("id", "principal", "state", "subscriptions")

    def __init__(self, id: str, principal: str | None = None) -> None:
        self.id = id
        self.principal = principal
        self.state: dict[str, Any] | None = None
        self.subscriptions: set[str] | None = None


class Exchange:
    """One inbound request on its way to a handler."""

    __slots__ = (
        "id",
        "method",
        "params",
        "peer",
        "progress",
        "progress_token",
        "scope",
        "sender",
        "session",
        "transport",
    )

    def __init__(
        self,
        id: RequestId,
        method: str,
        params: Raw,
        *,
        sender: Sender,
        peer: Peer,
        transport: TransportName,
        progress_token: RequestId | None = None,
        session: SessionRecord | None = None,
        scope: Mapping[str, Any] | None = None,
    ) -> None:
        self.id = id
        self.method = method
        self.params = params
        self.sender = sender
        self.peer = peer
        self.transport: TransportName = transport
        self.progress_token = progress_token
        self.progress: float | None = None
        self.session = session
        self.scope = scope

    async def notify(self, method: str, params: Any) -> None:
        """Send a notification that belongs to this request."""
        await self.peer.send(jsonrpc.encode_notification(method, params), self.id)
