"""Flight: work that is done once for all who wait for it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any


class Flight:
    """One piece of work at a time, each in a task of its own: who asked for it may be cancelled,
    and it goes on for the others and for the next ones. One event loop after the other may use it.
    """

    def __init__(self) -> None:
        self._task: asyncio.Task[None] | None = None

    @property
    def under_way(self) -> bool:
        """Whether there is work that could be waited for."""
        task = self._task
        return task is not None and not task.done() and task.get_loop() is _loop()

    async def land(self) -> None:
        """Wait until there is none; an error of it is raised here, too."""
        task = self._task
        if task is not None and self.under_way:
            await asyncio.shield(task)

    async def run(
        self, work: Callable[[], Coroutine[Any, Any, None]], needless: Callable[[], bool]
    ) -> None:
        """Do some work after what is under way, unless that has made it `needless`."""
        while self.under_way:
            await self.land()
        if needless():
            return
        self._task = task = _loop().create_task(work())
        task.add_done_callback(_look)
        await asyncio.shield(task)

    def stop(self) -> None:
        """End the work that is under way."""
        if self._task is not None and self.under_way:
            self._task.cancel()


def _loop() -> asyncio.AbstractEventLoop:
    return asyncio.get_running_loop()


def _look(task: asyncio.Task[None]) -> None:
    """Its error is for those who waited, if any still do."""
    if not task.cancelled():
        task.exception()
