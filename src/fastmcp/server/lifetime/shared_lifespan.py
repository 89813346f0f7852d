"""The server's lifespan as it runs: entered once per process, however many transports share it."""

from __future__ import annotations

import asyncio
import contextvars
import threading
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from fastmcp._components.current import current_scope
from fastmcp._components.injection.shared_values import SharedValues
from fastmcp._logging.tracebacks import exc_info_of
from fastmcp.exceptions import ConfigurationError
from fastmcp.utilities.lifespan import Exits, LifespanFunction, manager_of

from ..middleware.middleware import Middleware
from .held import Held

if TYPE_CHECKING:
    from ..background import Home, ServerBackground
    from ..providers.base import Provider
    from .http_pool import HttpPool
    from .session_lifespan import SessionLifespans


class SharedLifespan:
    """Enters a lifespan for its first user and leaves it after its last.

    The HTTP client lives around what the function opens; inside of it live what `Shared`
    dependencies open, the background tasks, and the lifespans of sessions, which end in reverse.
    `result` is what the function yielded: `{}` for None, and while nothing runs. `home` is where
    what runs in the lifespan belongs: its loop and its context variables.
    """

    def __init__(
        self,
        server: Any,
        function: LifespanFunction | None,
        of_sessions: LifespanFunction | None = None,
    ) -> None:
        for name, given in (("lifespan", function), ("session_lifespan", of_sessions)):
            if given is not None and not callable(given):
                raise ConfigurationError(
                    f"{name}= takes an async function that yields once, not {given!r}"
                )
        self._server = server
        self._function = function
        self.sessions: SessionLifespans | None = None
        if of_sessions is not None:
            from .session_lifespan import SessionLifespans

            self.sessions = SessionLifespans(server, of_sessions)
        self._users: dict[asyncio.AbstractEventLoop, int] = {}
        self._held: Held | None = None
        self._ending = False
        self._turn = threading.Lock()  # users may come and go in several threads
        self._http: HttpPool | None = None
        self._background: ServerBackground | None = None
        self._sources: dict[Provider, Held] = {}
        self.home: Home | None = None
        self.result: Any = {}
        self.shared_values: SharedValues | None = None

    @property
    def running(self) -> bool:
        """Whether it has been entered, and nobody ends it."""
        held = self._held
        return held is not None and held.opened and held.alive and not self._ending

    @property
    def http(self) -> HttpPool:
        """The HTTP client for all that the server does."""
        if self._http is None:
            from .http_pool import HttpPool

            self._http = HttpPool()
        return self._http

    @property
    def background(self) -> ServerBackground:
        """The tasks that run beside the requests."""
        if self._background is None:
            from ..background import ServerBackground

            self._background = ServerBackground(self._server, lambda: self.home)
        return self._background

    @property
    def around_requests(self) -> list[Middleware]:
        """What every request goes through before any middleware of the user's."""
        return [] if self.sessions is None else [self.sessions]

    def forget(self, session: str) -> None:
        """A session has ended."""
        if self.sessions is not None:
            self.sessions.forget(session)

    @asynccontextmanager
    async def use(self) -> AsyncGenerator[None]:
        """Be one of its users."""
        await self.enter()
        try:
            yield
        finally:
            await self.leave()

    async def enter(self) -> None:
        """Become a user: the first one starts the lifespan. What is a part of it, as a tool that
        the lifespan's function calls, is none.
        """
        if self._is_part:
            return
        while True:
            with self._turn:
                if self.running:
                    self._count(1)
                    return
                held = self._held
                startable = held is None or not (held.alive and held.reachable)
                if startable:
                    held = self._held = Held(self._live(), self._lost, part_of=self)
                    self._ending = False
                    self._count(1)
            assert held is not None
            if startable:
                await self._start(held)
                return
            await (held.wait_over() if self._ending else held.wait_opened())

    async def _start(self, held: Held) -> None:
        try:
            await held.opening()
        except BaseException:
            with self._turn:
                self._count(-1)
            raise

    async def leave(self) -> None:
        """Stop being a user: the last one ends the lifespan."""
        if self._is_part:
            return
        with self._turn:
            if self._count(-1) > 0:
                return
            held = None if self._users or self._ending else self._held
            self._ending = self._ending or held is not None
        if held is not None:
            await self._end(held)
        elif self._users:
            await self._close_http()

    async def _end(self, held: Held) -> None:
        try:
            await held.close()
        finally:
            with self._turn:
                if self._held is held and not held.alive:
                    self._held = None  # it knows in which context it was entered

    @property
    def _is_part(self) -> bool:
        """Whether what runs here is a part of the lifespan."""
        scope = current_scope.get(None)
        return scope is not None and self in scope.part_of

    def _count(self, change: int) -> int:
        """How many users there are in the running loop now. Those of loops that ended are gone."""
        here = asyncio.get_running_loop()
        users = {loop: number for loop, number in self._users.items() if not loop.is_closed()}
        users[here] = users.get(here, 0) + change
        self._users = {loop: number for loop, number in users.items() if number > 0}
        return users[here]

    def _lost(self, error: BaseException) -> None:
        self._server.logger.error(
            "The lifespan of %r ended while the server was running",
            self._server.name,
            exc_info=exc_info_of(error),
        )

    @asynccontextmanager
    async def _live(self) -> AsyncGenerator[None]:
        try:
            async with Exits() as exits:
                exits.push(self._close_all_http)
                if self._server._parts.cluster is not None:
                    await self._server._parts.cluster.start()
                    exits.push(self._server._parts.cluster.stop)
                if self._function is not None:
                    result = await exits.enter(manager_of(self._function, self._server))
                    self.result = {} if result is None else result
                self._server._parts.observing.look()
                exits.push(self._close_sources)
                self._including = asyncio.Lock()
                self._server._parts.sources.opener = self.include
                for provider in self._server._parts.sources.providers:
                    await self.include(provider)
                self.shared_values = SharedValues()
                exits.push(self.shared_values.close)
                exits.push(self._end_background)
                self._begin_background()
                if self.sessions is not None:
                    exits.push(self.sessions.close)
                exits.push(self._server._parts.tasks.stop)
                await self._server._parts.tasks.start()
                yield
        finally:
            self.result, self.shared_values = {}, None
            self._server._parts.sources.opener = None

    async def include(self, provider: Provider) -> None:
        """Have the lifespan of a provider be open from now on, to the end of this one."""
        if provider in self._sources:
            return
        async with self._including:
            if provider not in self._sources:
                self._sources[provider] = await Held.open(provider.lifespan(), self._lost)

    def exclude(self, provider: Provider) -> None:
        """Have the lifespan of a provider end, soon; from any thread."""
        held, home = self._sources.pop(provider, None), self.home
        if held is not None and home is not None:
            asyncio.run_coroutine_threadsafe(held.close(), home[0])

    async def _close_sources(self) -> None:
        self._server._parts.sources.opener = None
        self._server._parts.sources.stop_asking()
        async with Exits() as exits:
            while self._sources:
                provider = next(iter(self._sources))
                exits.push(self._sources.pop(provider).close)

    def _begin_background(self) -> None:
        self.home = (asyncio.get_running_loop(), contextvars.copy_context())
        if self._background is not None:
            self._background.begin()

    async def _end_background(self) -> None:
        self.home = None
        if self._background is not None:
            await self._background.stop()

    async def _close_http(self) -> None:
        if self._http is not None:
            await self._http.close_here()

    async def _close_all_http(self) -> None:
        if self._http is not None:
            await self._http.close()
