"""What a client asks of a transport."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Protocol

from fastmcp._runtime.session import Channel, Session
from fastmcp.wire.features import Tool
from fastmcp.wire.revisions import Revision


class ClientChannel(Channel, Protocol):
    """An open way to one server."""

    async def start(self, session: Session) -> None:
        """Reach the server; what comes from it is fed to `session`, which is closed when the
        server goes away.

        Raises:
            ClientError: it cannot be reached.
        """
        ...

    def speak(self, revision: Revision) -> None:
        """The revision that was agreed on."""
        ...

    def learn(self, tools: list[Tool]) -> list[Tool]:
        """Take note of listed tools for later calls; those that can be called here."""
        ...

    async def close(self) -> None:
        """Leave, and free everything that was opened."""
        ...


class ClientTransport(ABC):
    """How to reach a server; it may be opened any number of times."""

    probe_timeout: float | None = None
    """Seconds after which silence to a probe means a handshake server; None where it does not."""

    @abstractmethod
    def open(self) -> ClientChannel:
        """A channel that is yet to be started."""
