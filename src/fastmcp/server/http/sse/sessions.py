"""The sessions of one HTTP+SSE endpoint."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from fastmcp._runtime.session import Channel

from ...connection import ServerConnection
from ..quota import Quota
from ..settings import HttpSettings
from .session import SSESession


class SSESessions:
    """The sessions of one endpoint, each for as long as its stream is being written.

    One is idle when its client sends nothing and waits for nothing.
    """

    def __init__(
        self, connect: Callable[[Channel, str], ServerConnection], settings: HttpSettings
    ) -> None:
        self._connect = connect
        self._settings = settings
        self._quota = Quota(settings.max_sessions, settings.max_sessions_per_principal)
        self.dismissed: bool = False
        self._table: dict[str, SSESession] = {}

    def __len__(self) -> int:
        return len(self._table)

    def open(self, principal: str | None) -> SSESession | None:
        """A new session; None when there are too many."""
        if not self._quota.take(principal):
            return None
        session = SSESession(self._connect, self._settings, principal)
        self._table[session.id] = session
        return session

    def find(self, id: str, principal: str | None) -> SSESession | None:
        """The session of that id, unless it has ended or is somebody else's."""
        session = self._table.get(id)
        live = session is not None and not session.ended and session.principal == principal
        return session if live else None

    async def close(self, session: SSESession, grace: float) -> None:
        """Forget a session whose stream is over; its calls have `grace` seconds to clean up."""
        session.give_up()
        try:
            await session.connection.session.wait_tasks(grace)
        finally:
            del self._table[session.id]
            self._quota.give_back(session.principal)

    def stop_listening(self) -> None:
        """End every stream, once the calls that it is to answer are answered; begin no more."""
        self.dismissed = True
        for session in list(self._table.values()):
            session.drain()

    def interrupt(self) -> None:
        """Have everything answered that is still being served: with an error."""
        for session in self._table.values():
            session.connection.session.interrupt()

    async def end(self, grace: float) -> None:
        """End every session; the calls that this cancels have `grace` seconds to clean up."""
        self.dismissed = False
        sessions = list(self._table.values())
        for session in sessions:
            session.end()
        await asyncio.gather(*(s.connection.session.wait_tasks(grace) for s in sessions))
