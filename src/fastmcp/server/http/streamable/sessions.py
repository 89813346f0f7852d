"""The handshake sessions of one endpoint, and their expiry."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable
from typing import Protocol

from fastmcp._runtime.session import Channel
from fastmcp.wire.jsonrpc import Message

from ...connection import ServerConnection
from ...event_store import BackplaneEventStore, EventLog
from ..ending_sessions import EndingSessions
from ..quota import Quota
from .session import HttpSession

Connect = Callable[[Channel, str], ServerConnection]


class Sessions(EndingSessions, Protocol):
    """The sessions that an endpoint serves. Every method that waits raises `StoreUnavailable` when
    what it needs cannot be reached.
    """

    async def open(self, principal: str | None) -> HttpSession | None:
        """A new session of this caller's; None when there are too many."""
        ...

    async def find(self, id: str, principal: str | None) -> HttpSession | None:
        """The session of that id, now in use; None when there is none, or it is somebody else's."""
        ...

    async def recognize(self, name: str) -> None:
        """Know what there is to know of a session that a request names."""
        ...

    async def settle(self, session: HttpSession) -> None:
        """A client's messages were taken that nothing answers."""
        ...

    async def forward(self, session: HttpSession, message: Message) -> bool:
        """Whether a message is for another worker, and went there."""
        ...

    async def close(self, session: HttpSession) -> None:
        """End a session."""
        ...


class SessionTable:
    """The sessions that are at hand in this process, the least recently used first."""

    def __init__(self, idle_timeout: float | None) -> None:
        self.dismissed: bool = False
        self._idle_timeout = idle_timeout
        self._table: dict[str, HttpSession] = {}
        self._sweeper: asyncio.TimerHandle | None = None

    def __len__(self) -> int:
        return len(self._table)

    def add(self, session: HttpSession) -> None:
        """Take a session in."""
        self.touch(session)
        if self._sweeper is None and self._idle_timeout is not None:
            self._sweep()

    def get(self, id: str) -> HttpSession | None:
        """The session of that id, used or not."""
        return self._table.get(id)

    def drop(self, session: HttpSession) -> None:
        """End a session here."""
        self._table.pop(session.id, None)
        session.close()

    def stop_listening(self) -> None:
        self.dismissed = True
        for session in self._table.values():
            if session.listening is not None:
                session.listening.close()

    def interrupt(self) -> None:
        for session in self._table.values():
            session.connection.session.interrupt()

    async def end(self, grace: float) -> None:
        self.dismissed = False
        if self._sweeper is not None:
            self._sweeper.cancel()
            self._sweeper = None
        sessions = list(self._table.values())
        for session in sessions:
            self.drop(session)
        await asyncio.gather(*(s.connection.session.wait_tasks(grace) for s in sessions))

    def touch(self, session: HttpSession) -> None:
        """The session is used now."""
        session.used = asyncio.get_running_loop().time()
        self._table.pop(session.id, None)
        self._table[session.id] = session

    def still_busy(self, session: HttpSession) -> None:
        """The session would be idle for too long, if nobody waited on it."""
        self.touch(session)

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
                self.still_busy(oldest)
            else:
                self.drop(oldest)


class HttpSessions(SessionTable):
    """Sessions of this process, which are over when it is; as many as the quota allows."""

    def __init__(
        self, connect: Connect, quota: Quota, *, store: EventLog | None, idle_timeout: float | None
    ) -> None:
        super().__init__(idle_timeout)
        self._connect = connect
        self._quota = quota
        self._store = store

    async def open(self, principal: str | None) -> HttpSession | None:
        if not self._quota.take(principal):
            return None
        session = HttpSession(secrets.token_hex(16), self._connect, self._store)
        session.principal = principal
        self.add(session)
        return session

    async def find(self, id: str, principal: str | None) -> HttpSession | None:
        session = self.get(id)
        if session is None or session.principal != principal:
            return None
        self.touch(session)
        return session

    async def recognize(self, name: str) -> None:
        pass

    async def settle(self, session: HttpSession) -> None:
        pass

    async def forward(self, session: HttpSession, message: Message) -> bool:
        return False

    async def close(self, session: HttpSession) -> None:
        self.drop(session)

    def drop(self, session: HttpSession) -> None:
        if self.get(session.id) is session:
            self._quota.give_back(session.principal)
        super().drop(session)

    async def end(self, grace: float) -> None:
        await super().end(grace)
        if isinstance(self._store, BackplaneEventStore):
            await self._store.close()
