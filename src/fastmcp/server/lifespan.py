"""The server's lifespan: entered once per process, however many transports and clients share it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, TypeAlias

LifespanFunction: TypeAlias = Callable[[Any], AbstractAsyncContextManager[Any]]


class SharedLifespan:
    """Enters a lifespan for its first user and leaves it after its last."""

    def __init__(self, server: Any, function: LifespanFunction | None) -> None:
        self._server = server
        self._function = function
        self._users = 0
        self._manager: AbstractAsyncContextManager[Any] | None = None
        self._turn: asyncio.Lock | None = None
        self.result: Mapping[str, Any] = {}

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
            if self._users == 0 and self._function is not None:
                manager = self._function(self._server)
                self.result = await manager.__aenter__() or {}
                self._manager = manager
            self._users += 1

    async def leave(self) -> None:
        """Stop being a user: the last one ends the lifespan."""
        async with self._lock():
            self._users -= 1
            if self._users == 0 and self._manager is not None:
                manager, self._manager = self._manager, None
                try:
                    await manager.__aexit__(None, None, None)
                finally:
                    self.result = {}
                    self._turn = None

    def _lock(self) -> asyncio.Lock:
        if self._turn is None:
            self._turn = asyncio.Lock()
        return self._turn
