"""One inbound request, what is known of its sender, and the way back to it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Literal, Protocol, TypeAlias

from msgspec import Raw, Struct, field

from fastmcp._protocol.eras import Sender
from fastmcp.wire import jsonrpc
from fastmcp.wire.jsonrpc import RequestId
from fastmcp.wire.model import Model
from fastmcp.wire.revisions import R2025_11_25, sieve

from .outbox import Outbox

TransportName: TypeAlias = Literal["stdio", "sse", "streamable-http", "memory"]
OnFault: TypeAlias = Callable[[RequestId, Exception], None]


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

    def awaits(self, related: RequestId) -> bool:
        """Whether the other side still waits for the answer to its request; in any thread."""
        ...

    def release(self, related: RequestId) -> None:
        """Let the other side come back for the answer to its request `related`, if it can."""
        ...


class SessionRecord:
    """What outlives one request of a handshake session; `subscriptions` are URIs of resources,
    `tasks` the ids of the background tasks that it has begun.

    Where others serve the session, too, `share` lets them know what it sees now, and then its
    client which lists have changed.
    """

    __slots__ = ("id", "share", "subscriptions", "tasks")

    def __init__(self, id: str) -> None:
        self.id: str = id
        self.subscriptions: set[str] | None = None
        self.tasks: dict[str, None] | None = None
        self.share: Callable[[Sequence[str]], Awaitable[None]] | None = None


# In the place of an id, for what is no request.
NO_ID: Any = None


class Exchange(Struct, eq=False):
    """One inbound request on its way to a handler.

    `session` is the handshake session that it came in, `connection_id` names the connection of
    one client that it came over; both are None for a request that stands alone. `identity` is a
    token that the connection vouches for. `rounds` are the rounds of input that a modern request
    may need; `on_fault` hears of what is raised before it becomes an answer, and `fault` is the
    last of that. `task` is the run of a background task that this is done in, and
    `goes_on` makes a task of a request whose function wants to be one. `component` is what
    the request turned out to be for, and not what its function uses besides; `asked` counts how
    often its client was asked something.
    """

    id: RequestId
    method: str
    params: Raw
    sender: Sender
    peer: Peer
    transport: TransportName
    progress_token: RequestId | None = None
    session: SessionRecord | None = None
    connection_id: str | None = None
    scope: Mapping[str, Any] | None = None
    identity: Any = None
    on_fault: OnFault | None = None
    loop: asyncio.AbstractEventLoop = field(default_factory=asyncio.get_running_loop)
    progress: float | None = None
    rounds: Any = None
    task: Any = None
    goes_on: Callable[[], Awaitable[Any]] | None = None
    asked: int = 0
    component: Any = None
    fault: BaseException | None = None
    values: dict[Any, Any] | None = None
    outbox: Outbox | None = None

    @property
    def cancelled(self) -> bool:
        """Whether nobody waits for the answer any more."""
        return not self.peer.awaits(self.id)

    def turns_out_for(self, component: Any) -> None:
        """Note what the request is for, unless that is known: functions use others, too."""
        if self.component is None:
            self.component = component

    def report(self, fault: BaseException) -> None:
        """Tell whoever wants to hear of it what is about to become an answer."""
        self.fault = fault
        if self.on_fault is not None and isinstance(fault, Exception):
            self.on_fault(self.id, fault)

    async def notify(self, method: str, params: Any) -> None:
        """Send a notification that belongs to this request."""
        if self.outbox is not None:
            await self.outbox.sent()
        await self.peer.send(self._encode(method, params), self.id)

    def post(self, method: str, params: Any) -> None:
        """Send a notification that belongs to this request: from any thread, without waiting.

        Notifications go out in the order of the calls, and before the answer.
        """
        message = self._encode(method, params)
        self._at_home(lambda: self._made_outbox().put(message))

    def before_answer(self, work: Callable[[], Awaitable[None]]) -> None:
        """Have `work`, which must not raise, done when the function is, before the answer goes."""
        self._at_home(lambda: self._made_outbox().last(work))

    def _at_home(self, act: Callable[[], None]) -> None:
        try:
            here = asyncio.get_running_loop() is self.loop
        except RuntimeError:
            here = False
        if here:
            act()
        else:
            self.loop.call_soon_threadsafe(act)

    def _made_outbox(self) -> Outbox:
        if self.outbox is None:
            self.outbox = Outbox(lambda message: self.peer.send(message, self.id))
        return self.outbox

    def _encode(self, method: str, params: Any) -> bytes:
        revision = self.sender.revision
        if revision < R2025_11_25 and isinstance(params, Model):
            params = sieve(params, revision)
        return jsonrpc.encode_notification(method, params)
