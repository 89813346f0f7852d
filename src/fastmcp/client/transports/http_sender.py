"""What sends the requests of a transport over HTTP, whichever library does that."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple, Protocol

# Servers commonly close a connection that was idle for 5 seconds. A request that is sent at that
# very moment would be lost, so no connection is used again after as long as that.
IDLE = 4.0
KEPT = 100


class Timeouts(NamedTuple):
    """In seconds, as a tuple, which both httpx2 and httpx read. A tool may take its time."""

    connect: float | None = 10.0
    read: float | None = None
    write: float | None = 60.0
    pool: float | None = None


class Sender(Protocol):
    """Sends requests to one server."""

    async def open(self) -> None:
        """Make ready; nothing is sent yet."""
        ...

    async def send(
        self, method: str, url: str, headers: Mapping[str, str | bytes], content: bytes | None
    ) -> Any:
        """The answer, as the `Response` of httpx and httpx2 is one: its body is yet to be read."""
        ...

    async def close(self) -> None:
        """End every exchange, and free what was opened."""
        ...
