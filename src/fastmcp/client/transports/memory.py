"""A server in this process. Every message is encoded and decoded as on any other transport."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fastmcp._runtime.ports import Servable
from fastmcp._runtime.session import Session
from fastmcp.wire.features import Tool
from fastmcp.wire.jsonrpc import RequestId
from fastmcp.wire.revisions import Revision

from .transport import ClientTransport


class _Pipe:
    """A channel that hands its messages straight to the other side."""

    deliver: Callable[[bytes], None]

    async def send(self, message: bytes, related: RequestId | None) -> None:
        self.deliver(message)

    async def reply(self, id: RequestId, message: bytes) -> None:
        self.deliver(message)

    async def call(
        self,
        id: RequestId,
        method: str,
        params: Any,
        message: bytes,
        related: RequestId | None = None,
    ) -> None:
        self.deliver(message)

    def abandon(self, id: RequestId, message: bytes) -> None:
        self.deliver(message)

    def refuse(self, message: bytes) -> None:
        self.deliver(message)

    def forget(self, id: RequestId) -> None:
        pass

    def release(self, id: RequestId) -> None:
        pass


class _MemoryChannel(_Pipe):
    def __init__(self, server: Servable) -> None:
        self._server = server
        self._remote: Session | None = None

    async def start(self, session: Session) -> None:
        await self._server.lifespan.enter()
        back = _Pipe()
        back.deliver = session.feed
        self._remote = self._server.connect(back, "memory").session
        self.deliver = self._remote.feed

    def speak(self, revision: Revision) -> None:
        pass

    def learn(self, tools: list[Tool]) -> list[Tool]:
        return tools

    async def close(self) -> None:
        remote, self._remote = self._remote, None
        if remote is not None:
            remote.close()
            await remote.wait_tasks(1.0)
            await self._server.lifespan.leave()


class FastMCPTransport(ClientTransport):
    """Reaches a `FastMCP` object directly."""

    def __init__(self, mcp: Servable) -> None:
        self.server = mcp

    def __repr__(self) -> str:
        return f"FastMCPTransport({self.server!r})"

    def open(self) -> _MemoryChannel:
        return _MemoryChannel(self.server)
