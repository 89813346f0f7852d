"""SingleFlight: who asks for the same at the same time, asks once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Hashable
from typing import Any, Generic, TypeVar

T = TypeVar("T")


class SingleFlight(Generic[T]):
    """Work under a key that is done once for all who want it while it is done.

    It goes on if who began it is cancelled, because others wait for it; it must end by itself.
    """

    def __init__(self) -> None:
        self._flights: dict[Hashable, asyncio.Task[T]] = {}

    def flying(self, key: Hashable) -> bool:
        """Whether such work is being done, on this event loop."""
        flight = self._flights.get(key)
        return flight is not None and flight.get_loop() is asyncio.get_running_loop()

    async def join(self, key: Hashable, work: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """The outcome of the work: what is being done, or else of what begins now."""
        return await asyncio.shield(self.begin(key, work))

    def begin(self, key: Hashable, work: Callable[[], Coroutine[Any, Any, T]]) -> asyncio.Task[T]:
        """See to it that the work is being done."""
        if self.flying(key):
            return self._flights[key]
        task = asyncio.get_running_loop().create_task(work())
        self._flights[key] = task

        def ended(task: asyncio.Task[T]) -> None:
            if self._flights.get(key) is task:
                del self._flights[key]
            if not task.cancelled():
                task.exception()  # which nobody may have waited for

        task.add_done_callback(ended)
        return task
