"""What a client asks of a transport."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

from fastmcp._runtime.session import Channel, Session
from fastmcp.exceptions import ConfigurationError
from fastmcp.wire.features import Tool
from fastmcp.wire.jsonrpc import RequestId
from fastmcp.wire.revisions import Revision

if TYPE_CHECKING:
    from ..answers import Answers
    from ..conversation import Conversation
    from ..notices import Notices
    from ..options import Options

    Connect: TypeAlias = Callable[["ClientTransport", Options, Answers, Notices], Conversation]


class ClientChannel(Channel, Protocol):
    """An open way to one server; channels inherit what most of them do alike."""

    async def start(self, session: Session) -> None:
        """Reach the server; what comes from it is fed to `session`, which is closed when the
        server goes away.

        Raises:
            ClientError: it cannot be reached.
        """
        ...

    def speak(self, revision: Revision) -> None:
        """The revision that was agreed on."""

    def learn(self, tools: list[Tool]) -> list[Tool]:
        """Take note of listed tools for later calls; those that can be called here."""
        return tools

    async def reply(self, id: RequestId, message: bytes) -> None:
        """Send the answer to a request of the server's."""
        await self.send(message, None)

    def forget(self, id: RequestId) -> None:
        """A request of the server's ended without an answer."""

    def release(self, id: RequestId) -> None:
        """Servers cannot come back for answers."""

    async def close(self) -> None:
        """Leave, and free everything that was opened."""
        ...


class ClientTransport(ABC):
    """How to reach a server; it may be opened any number of times."""

    probe_timeout: float | None = None
    """Seconds after which silence to a probe means a handshake server; None where it does not."""

    handshake_only: bool = False
    """Whether only servers of the handshake era are reached so; they are not probed then."""

    keep_alive: bool = False
    """Whether what was opened stays open between one use and the next, until it is closed."""

    sign_in_time: float = 0.0
    """How long a person may need to sign in while the transport is opened, in seconds."""

    def secure(self, auth: Any, verify: Any) -> None:
        """Authenticate by `auth` and trust by `verify` from now on; None leaves either as it is.

        Raises:
            ConfigurationError: this is no transport over HTTP.
        """
        raise ConfigurationError(f"auth= and verify= are for servers over HTTP, not for {self!r}")

    network: str | None = None
    """How messages travel, in the words of OpenTelemetry: "tcp", "pipe"; None within a process."""

    raise_exceptions: bool = False
    """Whether requests raise what the server's functions raised, as the same objects."""

    def converse(
        self, connect: Connect, options: Options, answers: Answers, notices: Notices
    ) -> Conversation:
        """What a client asks: one connection, made by `connect`, or what stands before several."""
        return connect(self, options, answers, notices)

    @abstractmethod
    def open(self) -> ClientChannel:
        """A channel that is yet to be started."""
