"""A client reduced to messages: what a server in this process answers, in any revision."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

from apps import CAPABILITIES_KEY, HANDSHAKE, MODERN, enveloped, initialize, notification

from fastmcp import FastMCP

REVISIONS = ["2024-11-05", "2025-03-26", "2025-06-18", HANDSHAKE, MODERN]
SECONDS = 20


class _Inbox:
    """The channel that the server's session writes to."""

    def __init__(self) -> None:
        self.queue: asyncio.Queue[Any] = asyncio.Queue()

    def refuse(self, message: bytes) -> None:
        self.queue.put_nowait(json.loads(message))

    async def send(self, message: bytes, related: Any) -> None:
        self.refuse(message)

    async def reply(self, id: Any, message: bytes) -> None:
        self.refuse(message)

    async def call(
        self, id: Any, method: str, params: Any, message: bytes, related: Any = None
    ) -> None:
        self.refuse(message)

    def abandon(self, id: Any, message: bytes) -> None:
        self.refuse(message)

    def forget(self, id: Any) -> None:
        pass


class Conversation:
    """Sends messages to a server and collects what comes back, in order."""

    def __init__(
        self, mcp: FastMCP, revision: str, capabilities: dict[str, Any] | None = None
    ) -> None:
        self.revision = revision
        self.capabilities = capabilities or {}
        self._inbox = _Inbox()
        self.connection = mcp.connect(self._inbox, "memory")
        self.session = self.connection.session

    def send(self, message: Any) -> None:
        """Send a message, in the envelope that the revision asks for."""
        if self.revision == MODERN and "id" in message:
            message = enveloped(message, **{CAPABILITIES_KEY: self.capabilities})
        self.session.feed(json.dumps(message).encode())

    async def receive(self) -> Any:
        """The next message of the server's."""
        async with asyncio.timeout(SECONDS):
            return await self._inbox.queue.get()

    async def ask(self, message: Any) -> Any:
        """Send a request and take the next message for its answer."""
        self.send(message)
        return await self.receive()


@asynccontextmanager
async def conversation(
    mcp: FastMCP, revision: str = HANDSHAKE, capabilities: dict[str, Any] | None = None
) -> AsyncGenerator[Conversation]:
    """A conversation that is past its handshake, where the revision has one."""
    talk = Conversation(mcp, revision, capabilities)
    if revision != MODERN:
        answer = await talk.ask(initialize(revision, capabilities=capabilities))
        assert answer["result"]["protocolVersion"] == revision
        talk.send(notification("notifications/initialized"))
    try:
        yield talk
    finally:
        talk.session.close()


def ask(mcp: FastMCP, message: Any, revision: str = HANDSHAKE) -> Any:
    """The answer to one request."""

    async def main() -> Any:
        async with conversation(mcp, revision) as talk:
            return await talk.ask(message)

    return asyncio.run(main())
