"""The server's lifespan: entered once per process, however many transports and clients share it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from typing import Any, TypeAlias

from fastmcp._components.injection.shared_values import SharedValues

LifespanFunction: TypeAlias = Callable[[Any], AbstractAsyncContextManager[Any]]


class SharedLifespan:
    """Enters a lifespan for its first user and leaves it after its last.

    `shared_values` are what `Shared` dependencies open meanwhile.
    """

    def __init__(self, server: Any, function: LifespanFunction | None) -> None:
        self._server = server
        self._function = function
        self._users = 0
        self._open = AsyncExitStack()
        self._turn: asyncio.Lock | None = None
        self.result: Mapping[str, Any] = {}
        self.shared_values: SharedValues | None = None

    @property
    def running(self) -> bool:
        """Whether somebody is inside."""
        return self._users > 0

    @asynccontextmanager
    async def use(self) -> AsyncGenerator[None]:
        """Be one of its users."""
        await self.enter()
        try:
            yield
        finally:
            await self.leave()

    async def enter(self) -> None:
        """Become a user: the first one starts the lifespan."""
        async with self._lock():
            if self._users == 0:
                if self._function is not None:
                    manager = self._function(self._server)
                    self.result = await self._open.enter_async_context(manager) or {}
                self.shared_values = SharedValues()
                self._open.push_async_callback(self.shared_values.close)
            self._users += 1

    async def leave(self) -> None:
        """Stop being a user: the last one ends the lifespan."""
        async with self._lock():
            self._users -= 1
            if self._users == 0:
                try:
                    await self._open.aclose()
                finally:
                    self.result, self.shared_values = {}, None
                    self._turn = None

    def _lock(self) -> asyncio.Lock:
        if self._turn is None:
            self._turn = asyncio.Lock()
        return self._turn
