"""Starting and ending what serves the sessions of one application."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import ExitStack, asynccontextmanager
from typing import TYPE_CHECKING, Any, cast
from weakref import WeakKeyDictionary

from ..ending_sessions import EndingSessions
from ..servable import HttpServable
from .told_to_end import ends_in_order, when_told_to_end

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

# How long a call that is cancelled at the end may take to clean up, in seconds.
CLEANING = 0.5


class SessionManager:
    """Runs the sessions of an application together with its server's lifespan.

    The lifespan of the application does the same, so entering both does no harm. `handle_request`
    is an ASGI application: the endpoint, with the middleware of its application around it.
    """

    handle_request: ASGIApp

    def __init__(self, server: HttpServable, sessions: EndingSessions) -> None:
        self._server = server
        self._sessions = sessions
        self._users = 0
        self._late = ExitStack()
        self._turns: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Lock] = (
            WeakKeyDictionary()
        )

    @property
    def running(self) -> bool:
        """Whether requests can be served: by this `run`, or by any other user of the lifespan."""
        return self._server.lifespan.running

    @property
    def opened(self) -> Mapping[str, Any]:
        """What the lifespan of the server yielded, by name."""
        result: Any = self._server.lifespan.result
        return cast("Mapping[str, Any]", result) if isinstance(result, Mapping) else {}

    @asynccontextmanager
    async def run(self) -> AsyncGenerator[None]:
        """Serve inside of this; it can be entered again, also before it is left."""
        async with self._server.lifespan.use():
            self._users += 1
            try:
                with when_told_to_end(self.dismiss):
                    yield
            finally:
                self._users -= 1
                if self._users == 0:
                    await self._sessions.end(CLEANING)

    def dismiss(self) -> None:
        """Send away those who only listen; they would hold up the end. Nobody begins to listen
        from then on: a client that is sent away comes back at once.
        """
        self._sessions.stop_listening()
        self._server._parts.audience.dismiss("streamable-http")

    def interrupt(self) -> None:
        """Have what sessions are being served answered with an error: the server stops."""
        self._sessions.interrupt()

    def started(self, app: ASGIApp) -> ASGIApp:
        """`app`, whose first request starts what nobody has started."""

        lifespan = self._server.lifespan

        async def serve(scope: Scope, receive: Receive, send: Send) -> None:
            if not lifespan.running:
                await self._start_late()
            await app(scope, receive, send)

        return serve

    async def _start_late(self) -> None:
        async with self._turns.setdefault(asyncio.get_running_loop(), asyncio.Lock()):
            if self.running:
                return
            self._server.logger.warning(
                "%r was mounted without its lifespan, which starts now; to have it end in order, "
                "mount mcp_app = mcp.http_app() and pass lifespan=mcp_app.lifespan to the parent "
                "application",
                self._server.name,
            )
            await self._server.lifespan.enter()
            if ends_in_order():  # its server puts back the handlers that were there before
                self._late.enter_context(when_told_to_end(self.dismiss))


class StreamableHTTPASGIApp:
    """An ASGI application of its own for the requests that a session manager handles."""

    def __init__(self, session_manager: SessionManager | None) -> None:
        self.session_manager = session_manager

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self.session_manager is None:
            raise RuntimeError(
                "There is no session manager to serve with: give StreamableHTTPASGIApp "
                "mcp.session_manager, or mount mcp.http_app() and pass lifespan=mcp_app.lifespan "
                "to the parent application"
            )
        await self.session_manager.handle_request(scope, receive, send)
