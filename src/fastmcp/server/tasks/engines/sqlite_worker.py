"""A worker that takes legs from an SQLite file."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, Final

from fastmcp.exceptions import StoreUnavailable

from ...backplane.sqlite_worker import SQLiteWorker
from ..engine import RunLeg
from . import sqlite_holder, sqlite_legs
from .failed import FAILED
from .sqlite_legs import Leg

logger: Final = logging.getLogger("fastmcp.server.tasks")

SHORTEST: Final = 0.005
"""So many seconds a worker waits before it looks again whether another process has added a leg;
each time twice as long, up to LONGEST.
"""
LONGEST: Final = 0.1
LOOK_AROUND: Final = 1.0
"""Seconds between two looks for workers that have died."""


class SQLiteLegWorker:
    """Takes legs of a queue, so many at once, and runs them. A leg is its own for `lease` seconds,
    and longer while it runs; when its process dies, others look for that.
    """

    def __init__(
        self,
        path: Path,
        file: SQLiteWorker,
        queue: str,
        run: RunLeg,
        *,
        concurrency: int,
        lease: float,
        pause: float,
    ) -> None:
        self._path = path
        self._file = file
        self._queue = queue
        self._run = run
        self._concurrency = concurrency
        self._lease = lease
        self._pause = pause
        self._wait = SHORTEST
        self._running: dict[Leg, asyncio.Task[None]] = {}
        self._woken = asyncio.Event()

    def wake(self) -> None:
        """There may be something to do."""
        self._woken.set()

    async def work(self) -> None:
        """Work until cancelled; then what runs is cancelled, too, and given back."""
        self._holder = sqlite_holder.Holder(self._path)
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._always(self._take))
                group.create_task(self._always(self._renew))
                group.create_task(self._always(self._look_around))
        finally:
            await self._end()

    async def _end(self) -> None:
        for work in self._running.values():
            work.cancel()
        if self._running:
            await asyncio.wait(self._running.values())
        try:
            await self._file.write(sqlite_legs.give_all_back, self._holder.name, time.time())
        except StoreUnavailable as error:
            logger.warning("What was running is run again only later: %s", error)
        self._holder.close()

    async def _always(self, step: Callable[[], Coroutine[Any, Any, None]]) -> None:
        while True:
            try:
                await step()
            except StoreUnavailable as error:
                logger.warning("Tasks wait: %s; tried again in %g seconds", error, self._pause)
                await asyncio.sleep(self._pause)

    # Taking

    async def _take(self) -> None:
        """Take what is due, else wait until something may be."""
        self._woken.clear()
        free = self._concurrency - len(self._running)
        if free <= 0:
            await self._woken.wait()
            return
        due = await self._file.read(sqlite_legs.next_due, self._queue)
        now = time.time()
        if due is not None and due <= now:
            taken = await self._file.write(
                sqlite_legs.take, self._queue, self._holder.name, now, now + self._lease, free
            )
            for leg in taken.legs:
                self._begin(leg)
            due, self._wait = taken.next_due, SHORTEST
            if len(taken.legs) == free or (due is not None and due <= now):
                return
        await self._until(LONGEST if due is None else due - now)

    async def _until(self, due: float) -> None:
        try:
            async with asyncio.timeout(max(0, min(self._wait, due))):
                await self._woken.wait()
            self._wait = SHORTEST
        except TimeoutError:
            self._wait = min(self._wait * 2, LONGEST)

    def _begin(self, leg: Leg) -> None:
        if leg in self._running:  # its lease could not be renewed in time
            return
        work = asyncio.ensure_future(self._deliver(leg))
        self._running[leg] = work
        work.add_done_callback(lambda _: self._ended(leg))

    def _ended(self, leg: Leg) -> None:
        del self._running[leg]
        self._woken.set()

    async def _deliver(self, leg: Leg) -> None:
        holder = self._holder.name
        try:
            try:
                await self._run(*leg)
            except Exception as error:
                logger.warning("Task %s is delivered again: %s", leg[0], error)
                due = time.time() + FAILED
                await self._file.write(sqlite_legs.give_back, self._queue, holder, leg, due)
            else:
                await self._file.write(sqlite_legs.finish, self._queue, holder, leg)
        except StoreUnavailable as error:  # it is delivered again when its lease ends
            logger.warning("Task %s may be delivered again: %s", leg[0], error)

    # Keeping

    async def _renew(self) -> None:
        await asyncio.sleep(self._lease / 3)
        if self._running:
            until = time.time() + self._lease
            legs = list(self._running)
            await self._file.write(sqlite_legs.renew, self._queue, self._holder.name, legs, until)

    async def _look_around(self) -> None:
        """Give back what workers held that have died since."""
        for name in await asyncio.to_thread(sqlite_holder.dead, self._path):
            await self._file.write(sqlite_legs.give_all_back, name, time.time())
            sqlite_holder.bury(self._path, name)
            self._woken.set()
        await asyncio.sleep(LOOK_AROUND)
