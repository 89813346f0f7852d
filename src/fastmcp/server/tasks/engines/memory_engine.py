"""Legs delivered within this process, and gone with it."""

from __future__ import annotations

import asyncio
import heapq
import logging
import time
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from fastmcp.exceptions import StoreUnavailable

from ..engine import RunLeg
from .failed import FAILED

if TYPE_CHECKING:
    from docket import Docket

    from .docket_in_memory import DocketInMemory

logger: Final = logging.getLogger("fastmcp.server.tasks")

Leg: TypeAlias = tuple[str, int]


class MemoryEngine:
    """Delivers to the worker of this process. What was not run to its end is run when there is a
    worker again. A Docket of the same `name` is opened for the function that asks for one.
    """

    def __init__(self, name: str, *, concurrency: int, worker_name: str) -> None:
        self._name = name
        self._concurrency = concurrency
        self._worker_name = worker_name
        self._due: dict[Leg, float] = {}
        self._queue: list[tuple[float, Leg]] = []  # of those moved since, what stands in `_due`
        self._running: set[Leg] = set()
        self._woken: asyncio.Event | None = None
        self._lent: DocketInMemory | None = None

    @property
    def docket(self) -> Docket | None:
        """Docket's own object, once somebody has asked for it."""
        return None if self._lent is None else self._lent.docket

    async def lend(self, part: str) -> Any:
        """The "docket" or the "worker" of Docket's."""
        if self._lent is None:
            from .docket_in_memory import DocketInMemory

            self._lent = DocketInMemory(self._name, self._concurrency, self._worker_name)
        return await self._lent.lend(part)

    async def open(self) -> None:
        self._woken = asyncio.Event()

    async def close(self) -> None:
        self._woken = None
        if self._lent is not None:
            lent, self._lent = self._lent, None
            await lent.close()

    async def enqueue(self, task_id: str, leg: int, delay: float = 0) -> None:
        if self._woken is None:
            raise StoreUnavailable("The tasks in memory are not open")
        if (task_id, leg) not in self._running:
            self._put((task_id, leg), delay)

    def _put(self, leg: Leg, delay: float) -> None:
        due = time.monotonic() + delay
        self._due[leg] = due
        heapq.heappush(self._queue, (due, leg))
        self._wake()

    def _wake(self) -> None:
        if self._woken is not None:
            self._woken.set()

    async def work(self, run: RunLeg, *, concurrency: int, name: str) -> None:
        if (woken := self._woken) is None:
            raise StoreUnavailable("The tasks in memory are not open")
        mine: set[asyncio.Future[None]] = set()
        try:
            while True:
                woken.clear()
                while len(mine) < concurrency and (leg := self._take()) is not None:
                    work = asyncio.ensure_future(run(*leg))
                    mine.add(work)
                    work.add_done_callback(mine.discard)
                    work.add_done_callback(partial(self._ended, leg))
                full = len(mine) >= concurrency
                with suppress(TimeoutError):
                    async with asyncio.timeout(None if full else self._wait()):
                        await woken.wait()
        finally:
            for work in mine:
                work.cancel()
            if mine:
                await asyncio.wait(mine)

    def _take(self) -> Leg | None:
        """A leg that is due."""
        while self._queue and self._queue[0][0] <= time.monotonic():
            due, leg = heapq.heappop(self._queue)
            if self._due.get(leg) == due:
                del self._due[leg]
                self._running.add(leg)
                return leg
        return None

    def _wait(self) -> float | None:
        """Seconds until the next one is due; None where there is none."""
        return max(0, self._queue[0][0] - time.monotonic()) if self._queue else None

    def _ended(self, leg: Leg, work: asyncio.Future[None]) -> None:
        self._running.discard(leg)
        if work.cancelled():
            self._put(leg, 0)
        elif (error := work.exception()) is not None:
            logger.warning("Task %s is delivered again: %s", leg[0], error)
            self._put(leg, FAILED)
        else:
            self._wake()
