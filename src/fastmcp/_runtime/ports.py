"""What transports need of a server: the contract across which neither side knows the other."""

from __future__ import annotations

from typing import Protocol

from .exchange import TransportName
from .session import Channel, Session


class Served(Protocol):
    """One client's connection to a server."""

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
