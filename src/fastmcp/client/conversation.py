"""What a client asks of a connection, whether one server is behind it or several."""

from __future__ import annotations

from collections.abc import Coroutine, Mapping
from typing import Any, Protocol

from msgspec import Raw

from fastmcp.wire.features import Tool
from fastmcp.wire.jsonrpc import RequestId
from fastmcp.wire.lifecycle import LoggingLevel
from fastmcp.wire.tasks import TaskMetadata

from .negotiation import Agreement
from .progress import ProgressHandler


class Conversation(Protocol):
    """A way to ask, and to hear of what the other side says unasked."""

    @property
    def is_open(self) -> bool:
        """Whether a server can be reached."""
        ...

    @property
    def agreement(self) -> Agreement:
        """What was agreed on when it was opened last; RuntimeError when it never was."""
        ...

    async def enter(self) -> None:
        """Be one of its users; the first one opens it."""
        ...

    async def leave(self) -> None:
        """Stop being a user; after the last one it is closed."""
        ...

    async def close(self) -> None:
        """Close it, whoever uses it."""
        ...

    async def initialize(self, timeout: float | None) -> Agreement:
        """Agree on a revision now, where opening left that out."""
        ...

    def request(
        self,
        method: str,
        params: Mapping[str, Any] | None = None,
        *,
        timeout: float | None = None,
        progress_handler: ProgressHandler | None = None,
        meta: Mapping[str, Any] | None = None,
        in_rounds: bool = True,
        as_task: TaskMetadata | None = None,
    ) -> Coroutine[Any, Any, Raw]:
        """Ask, and answer what is asked meanwhile; the raw JSON of the result.

        Without `in_rounds` that may be a modern server's demand for input, and with `as_task` the
        task that a server has made of the request, if it has tasks.
        """
        ...

    def cancel(self, id: RequestId, reason: str | None) -> None:
        """Give up a request that is in flight."""
        ...

    async def ping(self) -> None:
        """See that the server answers."""
        ...

    async def set_level(self, level: LoggingLevel) -> None:
        """Hear log messages of this level and above."""
        ...

    async def tell(self, method: str, params: Any) -> None:
        """Send a notification that only the handshake era has; no other server is told."""
        ...

    async def hear_lists(self) -> None:
        """Hear from now on that a list has changed, from a server that has to be asked for that."""
        ...

    async def watch(self, uri: str) -> None:
        """Hear from now on that a resource has changed."""
        ...

    async def unwatch(self, uri: str) -> None:
        """Hear of it no more."""
        ...

    def learn(self, tools: list[Tool]) -> list[Tool]:
        """Take note of listed tools for later calls; those that can be called here."""
        ...
