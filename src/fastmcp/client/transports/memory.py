"""A server in this process. Every message is encoded and decoded as on any other transport."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from time import monotonic
from typing import Any

from msgspec import Raw

from fastmcp._runtime.ports import Servable
from fastmcp._runtime.session import Session, as_error
from fastmcp.wire import jsonrpc
from fastmcp.wire.jsonrpc import Failure, Request, RequestId, Response

from .transport import ClientChannel, ClientTransport

# A call that never has to wait lets other tasks run all the same, that often: in seconds.
BREATH = 0.001

_serving: set[asyncio.Task[Any]] = set()


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


class _WayBack(_Pipe):
    """What the server says, with the request that it belongs to."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self.deliver = session.feed

    async def send(self, message: bytes, related: RequestId | None) -> None:
        self._session.feed(message, related)

    async def call(
        self,
        id: RequestId,
        method: str,
        params: Any,
        message: bytes,
        related: RequestId | None = None,
    ) -> None:
        self._session.feed(message, related)


class _MemoryChannel(_Pipe, ClientChannel):
    def __init__(self, transport: FastMCPTransport) -> None:
        self._server = transport.server
        self._transport = transport
        self._remote: Session | None = None
        self._calling: dict[RequestId, asyncio.Task[Any]] = {}
        self._given_up: set[RequestId] = set()
        self._faults: dict[RequestId, Exception] = {}
        self._ready: Any = getattr(asyncio.get_running_loop(), "_ready", None)
        self._looked = 0.0

    async def start(self, session: Session) -> None:
        await self._server.lifespan.enter()
        served = self._server.connect(_WayBack(session), "memory")
        served.identity = self._transport.identity
        if self._transport.raise_exceptions:
            served.on_fault = self._keep_fault
        self._session = session
        self._remote = served.session
        self.deliver: Callable[[bytes], None] = self._remote.feed

    def _keep_fault(self, id: RequestId, fault: Exception) -> None:
        """Have a request raise what its function raised, in place of the answer that follows."""
        if id in self._calling:
            self._faults[id] = fault
        else:
            self._session.fail(id, fault)

    async def ask_directly(self, request: Request) -> Raw | None:
        """Have the server serve a request in the task that asks; a task of its own would cost as
        much as all the rest.

        Raises:
            McpError: the server answered with an error.
        """
        if self._others_wait():
            await asyncio.sleep(0)
        id, task = request.id, asyncio.current_task()
        if self._remote is None or task is None:
            return None
        cancelled_before = task.cancelling()
        self._calling[id] = task
        try:
            reply = await self._served(self._remote, request, task)
            if self._faults and (fault := self._faults.get(id)) is not None:
                raise fault
        except asyncio.CancelledError:
            if id not in self._given_up or task.uncancel() > cancelled_before:
                raise
            return None
        finally:
            del self._calling[id]
            self._given_up.discard(id)
            self._faults.pop(id, None)
        return None if reply is None else jsonrpc.result_in(reply, id) or _result(reply)

    async def _served(
        self, remote: Session, request: Request, task: asyncio.Task[Any]
    ) -> bytes | None:
        """The reply. A task that serves one already has another serve what it asks meanwhile, so
        that functions which call each other do not use up the stack.
        """
        if task in _serving:
            return await asyncio.create_task(remote.serve(request))
        _serving.add(task)
        try:
            return await remote.serve(request)
        finally:
            _serving.discard(task)

    def _others_wait(self) -> bool:
        """Whether other tasks are to run first: they are ready, or it is time to look for some."""
        now = monotonic()
        # asyncio's loops keep there what is ready; of any other loop it is not known.
        if self._ready or self._ready is None or now - self._looked > BREATH:
            self._looked = now
            return True
        return False

    def abandon(self, id: RequestId, message: bytes) -> None:
        self.deliver(message)
        self._give_up(id)

    def _give_up(self, id: RequestId) -> None:
        """Stop serving a request, for which its caller no longer waits."""
        task = self._calling.get(id)
        if task is not None and id not in self._given_up:
            self._given_up.add(id)
            task.cancel()

    async def close(self) -> None:
        remote, self._remote = self._remote, None
        if remote is not None:
            remote.close()
            for id in list(self._calling):
                self._give_up(id)
            await remote.wait_tasks(1.0)
            await self._server.lifespan.leave()


class FastMCPTransport(ClientTransport):
    """Reaches a `FastMCP` object directly.

    With `raise_exceptions` what the server's functions raise is raised by the client's call, as the
    same object. `identity` is who the client is: a token as authentication would have made it.
    """

    def __init__(
        self, mcp: Servable, raise_exceptions: bool = False, *, identity: Any = None
    ) -> None:
        self.server = mcp
        self.raise_exceptions = raise_exceptions
        self.identity = identity

    def __repr__(self) -> str:
        return f"FastMCPTransport({self.server!r})"

    def open(self) -> _MemoryChannel:
        return _MemoryChannel(self)


def _result(reply: bytes) -> Raw:
    message = jsonrpc.decode(reply)
    if isinstance(message, Failure):
        raise as_error(message.error)
    assert isinstance(message, Response)
    return message.result
