"""Session lifespans: what is opened for each session that uses it, and closed with the session."""

from __future__ import annotations

import asyncio
from typing import Any

from fastmcp._logging.tracebacks import exc_info_of
from fastmcp._runtime.exchange import Exchange
from fastmcp.utilities.lifespan import LifespanFunction, manager_of

from ..middleware.middleware import CallNext, Middleware, MiddlewareContext
from .held import Held

# What is not served by a user's code, or goes on for as long as the client listens.
_WITHOUT = {"initialize", "server/discover", "ping", "logging/setLevel", "subscriptions/listen"}
# How long the requests of a session that has ended may take to clean up, in seconds.
GRACE = 0.5


class _Session:
    """The lifespan of one session, and the requests that use it."""

    __slots__ = ("opening", "requests")

    def __init__(self, opening: asyncio.Task[Held]) -> None:
        self.opening = opening
        self.requests: set[asyncio.Task[Any]] = set()

    async def end(self) -> None:
        if self.requests:
            await asyncio.wait(self.requests, timeout=GRACE)
        self.opening.cancel()
        await asyncio.wait([self.opening])
        if not self.failed:
            await self.opening.result().close()

    @property
    def failed(self) -> bool:
        return self.opening.cancelled() or self.opening.exception() is not None


class SessionLifespans(Middleware):
    """Enters a lifespan for a session at its first request that may need it.

    A request that stands alone has a lifespan for itself.
    """

    def __init__(self, server: Any, function: LifespanFunction) -> None:
        self._server = server
        self._function = function
        self._sessions: dict[str, _Session] = {}
        self._alone: dict[Exchange, Any] = {}
        self._ending: set[asyncio.Task[None]] = set()

    def value_for(self, exchange: Exchange) -> Any:
        """What the lifespan of a request's session yielded; None for nothing."""
        session = self._sessions.get(exchange.connection_id or "")
        if session is None or not session.opening.done():
            return self._alone.get(exchange)
        return session.opening.result().value

    async def __call__(self, context: MiddlewareContext[Any], call_next: CallNext[Any, Any]) -> Any:
        if context.fastmcp_context is None or context.method in _WITHOUT:
            return await call_next(context)
        exchange = context.fastmcp_context.exchange
        if exchange.connection_id is None:
            async with manager_of(self._function, self._server) as self._alone[exchange]:
                try:
                    return await call_next(context)
                finally:
                    del self._alone[exchange]
        session = self._session(exchange.connection_id)
        task = asyncio.current_task()
        assert task is not None
        session.requests.add(task)
        try:
            await asyncio.shield(session.opening)
            return await call_next(context)
        finally:
            session.requests.discard(task)

    def _session(self, id: str) -> _Session:
        session = self._sessions.get(id)
        if session is None or (session.opening.done() and session.failed):
            opening = asyncio.create_task(Held.open(manager_of(self._function, self._server)))
            session = self._sessions[id] = _Session(opening)
        return session

    def forget(self, id: str) -> None:
        """End the lifespan of a session, which has ended."""
        session = self._sessions.pop(id, None)
        if session is not None:
            ending = asyncio.create_task(self._end(session))
            self._ending.add(ending)
            ending.add_done_callback(self._ending.discard)

    async def _end(self, session: _Session) -> None:
        try:
            await session.end()
        except Exception as error:
            what = "The lifespan of a session failed at its end"
            self._server.logger.error(what, exc_info=exc_info_of(error))

    async def close(self) -> None:
        """End those of all sessions."""
        for id in list(self._sessions):
            self.forget(id)
        await asyncio.gather(*self._ending)
