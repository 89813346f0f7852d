"""What transports need of a server: the contract across which neither side knows the other."""

from __future__ import annotations

from typing import Any, Protocol

from .exchange import OnFault, TransportName
from .session import Channel, Session


class Served(Protocol):
    """One client's connection to a server.

    `identity` may be set to a token that says who the client is, and `on_fault` to what hears of
    the exceptions that its requests raise.
    """

    identity: Any
    on_fault: OnFault | None

    @property
    def session(self) -> Session:
        """The conversation, to be fed with what comes from the client."""
        ...


class Lifespan(Protocol):
    """What has to be entered before a server serves, and left afterwards."""

    async def enter(self) -> None: ...

    async def leave(self) -> None: ...


class Servable(Protocol):
    """A server that a client in the same process can reach."""

    @property
    def lifespan(self) -> Lifespan: ...

    def connect(self, channel: Channel, transport: TransportName, id: str | None = None) -> Served:
        """A connection for one client; it lives inside the lifespan."""
        ...
