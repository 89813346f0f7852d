"""Handshake sessions over HTTP: their streams, their expiry, and the table of them."""

from __future__ import annotations

import asyncio
import secrets
from collections import deque
from collections.abc import Callable
from typing import Any

from fastmcp._runtime.session import Channel
from fastmcp.exceptions import InputUnavailable
from fastmcp.wire.jsonrpc import RequestId

from ..connection import ServerConnection
from ..event_store import EventLog
from .stream import Stream

# How many messages are kept for a client that has no stream open for them.
UNCLAIMED = 64
# How long a client that takes JSON answers may take to listen for what it is asked, in seconds.
PATIENCE = 5.0


class HttpSession:
    """One handshake client: its connection, and the channel that routes to its streams."""

    __slots__ = (
        "_by_request",
        "_expected",
        "_store",
        "_unclaimed",
        "connection",
        "id",
        "listening",
        "used",
    )

    def __init__(
        self, id: str, connect: Callable[[Channel, str], ServerConnection], store: EventLog | None
    ) -> None:
        self.id = id
        self.used = 0.0
        self.listening: Stream | None = None
        self._store = store
        self._by_request: dict[RequestId, Stream] = {}
        self._unclaimed: deque[bytes] | None = None
        self._expected: asyncio.Future[None] | None = None
        self.connection = connect(self, id)
        self.connection.scopes = {}

    @property
    def busy(self) -> bool:
        """Whether somebody is waiting on it."""
        return self.listening is not None or bool(self._by_request)

    def open_stream(self, requests: set[RequestId], *, quiet: bool) -> Stream:
        """The stream that answers these requests; a quiet one carries their answers only."""
        stream = Stream(f"{self.id}/{secrets.token_hex(8)}", set(requests), quiet=quiet)
        for id in requests:
            self._by_request[id] = stream
        return stream

    def find_stream(self, id: str) -> Stream | None:
        """The stream of that id, while it is not done."""
        if self.listening is not None and self.listening.id == id:
            return self.listening
        return next((s for s in self._by_request.values() if s.id == id), None)

    @property
    def listening_id(self) -> str:
        """The id of the stream for what belongs to no request."""
        return f"{self.id}/listen"

    def listen(self) -> Stream:
        """The stream for what belongs to no request; there is one at a time."""
        stream = self.listening = Stream(self.listening_id, {"listen"})
        if self._expected is not None:
            self._expected.set_result(None)
            self._expected = None
        for message in self._unclaimed or ():
            stream.push(message, None)
        self._unclaimed = None
        return stream

    # The channel of the session.

    async def send(self, message: bytes, related: RequestId | None) -> None:
        stream = self.listening if related is None else self._by_request.get(related)
        if stream is not None:
            if not stream.quiet:
                await self._push(stream, message)
                await stream.wait_room()
        elif related is None:
            await self._keep(message)

    async def _keep(self, message: bytes) -> None:
        """Keep what belongs to no request for the next time that the client listens."""
        if self._store is not None:
            await self._store.store_event(self.listening_id, message)
        else:
            if self._unclaimed is None:
                self._unclaimed = deque(maxlen=UNCLAIMED)
            self._unclaimed.append(message)

    async def _push(self, stream: Stream, message: bytes) -> None:
        # Stored before it is sent: a client that leaves in between asks for it again.
        event_id = None
        if self._store is not None and not stream.quiet:
            event_id = await self._store.store_event(stream.id, message)
        stream.push(message, event_id)

    async def reply(self, id: RequestId, message: bytes) -> None:
        stream = self._by_request.get(id)
        if stream is not None:
            await self._push(stream, message)
        self.forget(id)

    async def call(
        self,
        id: RequestId,
        method: str,
        params: Any,
        message: bytes,
        related: RequestId | None = None,
    ) -> None:
        stream = None if related is None else self._by_request.get(related)
        if stream is None or stream.quiet:
            stream = await self._listened()
        if stream is None:
            raise InputUnavailable(
                f"The client cannot be asked ({method}): its answers are JSON, and it does not "
                "listen on a GET stream"
            )
        await self._push(stream, message)
        await stream.wait_room()

    async def _listened(self) -> Stream | None:
        """The stream on which the client listens, or is about to."""
        if self.listening is None:
            self._expected = self._expected or asyncio.get_running_loop().create_future()
            await asyncio.wait([self._expected], timeout=PATIENCE)
        return self.listening

    def abandon(self, id: RequestId, message: bytes) -> None:
        self.refuse(message)

    def refuse(self, message: bytes) -> None:
        if self.listening is not None:
            self.listening.push(message, None)

    def forget(self, id: RequestId) -> None:
        stream = self._by_request.pop(id, None)
        if stream is not None:
            stream.settle(id)
        if self.connection.scopes is not None:
            self.connection.scopes.pop(id, None)

    def release(self, id: RequestId) -> None:
        stream = self._by_request.get(id)
        if stream is not None and self._store is not None and not stream.quiet:
            stream.detach()

    def close(self) -> None:
        """End the session and all its streams."""
        self.connection.session.close()
        for stream in (*self._by_request.values(), self.listening):
            if stream is not None:
                stream.close()
        self._by_request.clear()


class HttpSessions:
    """The sessions of one endpoint, the least recently used first."""

    def __init__(
        self,
        connect: Callable[[Channel, str], ServerConnection],
        *,
        store: EventLog | None,
        idle_timeout: float | None,
        limit: int,
    ) -> None:
        self._connect = connect
        self._store = store
        self._idle_timeout = idle_timeout
        self._limit = limit
        self._table: dict[str, HttpSession] = {}
        self._sweeper: asyncio.TimerHandle | None = None

    def __len__(self) -> int:
        return len(self._table)

    def open(self) -> HttpSession | None:
        """A new session; None when there are too many."""
        if len(self._table) >= self._limit:
            return None
        session = HttpSession(secrets.token_hex(16), self._connect, self._store)
        self._touch(session)
        if self._sweeper is None and self._idle_timeout is not None:
            self._sweep()
        return session

    def get(self, id: str) -> HttpSession | None:
        """The session of that id, now in use."""
        session = self._table.pop(id, None)
        if session is not None:
            self._touch(session)
        return session

    def close(self, session: HttpSession) -> None:
        """End a session."""
        self._table.pop(session.id, None)
        session.close()

    def stop_listening(self) -> None:
        """End the streams that wait for whatever may come."""
        for session in self._table.values():
            if session.listening is not None:
                session.listening.close()

    def close_all(self) -> None:
        """End every session."""
        if self._sweeper is not None:
            self._sweeper.cancel()
            self._sweeper = None
        for session in list(self._table.values()):
            self.close(session)

    async def end(self, grace: float) -> None:
        """End every session; the calls that this cancels have `grace` seconds to clean up."""
        sessions = list(self._table.values())
        self.close_all()
        for session in sessions:
            await session.connection.session.wait_tasks(grace)

    def _touch(self, session: HttpSession) -> None:
        session.used = asyncio.get_running_loop().time()
        self._table[session.id] = session

    def _sweep(self) -> None:
        """End what has been idle for too long, and come back when the next one may be."""
        assert self._idle_timeout is not None
        loop = asyncio.get_running_loop()
        now = loop.time()
        self._sweeper = None
        while self._table:
            oldest = next(iter(self._table.values()))
            patience = oldest.used + self._idle_timeout - now
            if patience > 0:
                self._sweeper = loop.call_later(patience, self._sweep)
                return
            if oldest.busy:
                self.get(oldest.id)
            else:
                self.close(oldest)
