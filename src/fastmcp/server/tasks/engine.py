"""The port behind which tasks wait for a worker, are run, and are run again when one dies."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final, Protocol, TypeAlias

RunLeg: TypeAlias = Callable[[str, int], Awaitable[None]]
"""Runs one leg of a task: its id, and the number of the leg. It raises only when the leg has to be
delivered again: the store could not be reached, or the worker ends."""


SAFETY: Final = 15.0
"""Seconds until a leg is run whose enqueuing has been interrupted."""


class TaskEngine(Protocol):
    """Delivers each leg that was enqueued to one worker, and to another one when that dies before
    its run returns: at least once. `open` and `close` come in pairs, in the event loop.

    Every method but `close` raises `StoreUnavailable` when the service behind it cannot be reached.
    """

    async def open(self) -> None:
        """Connect."""
        ...

    async def close(self) -> None:
        """Disconnect."""
        ...

    async def enqueue(self, task_id: str, leg: int, delay: float = 0) -> None:
        """Have a leg run once `delay` seconds have passed. What waits already, and has not been
        begun, is moved to that time; a leg that runs is left alone. The leg is durable when this
        returns, as far as the backend is.
        """
        ...

    async def work(self, run: RunLeg, *, concurrency: int, name: str) -> None:
        """Run legs, so many at once, until cancelled; then what runs is cancelled, too, and is
        delivered again. A service that cannot be reached is tried again after `reconnection_delay`.
        """
        ...


async def enqueue_with(
    engine: TaskEngine,
    task_id: str,
    leg: int,
    change: Callable[[], Awaitable[bool]],
    delay: float = 0,
) -> None:
    """Enqueue the leg that `change` makes the next one, which says whether it did. This process may
    end in between: so it is enqueued before, for later, and after, for when it is due.
    """
    await engine.enqueue(task_id, leg, delay + SAFETY)
    if await change():
        await engine.enqueue(task_id, leg, delay)
