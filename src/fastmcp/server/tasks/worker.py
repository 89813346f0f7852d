"""TaskWorker: runs the legs of tasks in this process."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from fastmcp._tracing.presence import tracing_mode
from fastmcp.exceptions import StoreUnavailable

from .engine import enqueue_with
from .policies import Again
from .record import Progress, TaskRecord
from .run import TaskRun

if TYPE_CHECKING:
    from ..server import FastMCP
    from .leg import Outcome
    from .opening import Backend
    from .store import TaskStore

logger: Final = logging.getLogger("fastmcp.server.tasks")

NOTED: Final = 1.0
"""After so many seconds it is noted that a leg runs; of one that ends before, with its outcome."""


class TaskWorker:
    """Runs what the engine of a backend delivers, and keeps what becomes of it."""

    def __init__(self, server: FastMCP, store: TaskStore, backend: Backend) -> None:
        self._server = server
        self._store = store
        self._backend = backend
        self._running: dict[str, TaskRun] = {}
        self._beside: set[asyncio.Task[None]] = set()

    async def work(self) -> None:
        """Work until cancelled."""
        try:
            await self._backend.engine.work(
                self._run, concurrency=self._backend.concurrency, name=self._backend.worker_name
            )
        finally:
            for task in self._beside:
                task.cancel()

    def changed(self, id: str | None) -> None:
        """A task has changed; None: any may have. A leg that is over by that is interrupted."""
        for each in (id,) if id is not None else tuple(self._running):
            if each in self._running:
                self._do_beside(self._look_at(each))

    def _do_beside(self, work: Coroutine[Any, Any, None]) -> None:
        """Have something done that may fail for now."""

        async def tried() -> None:
            with suppress(StoreUnavailable):
                await work

        task = asyncio.get_running_loop().create_task(tried())
        self._beside.add(task)
        task.add_done_callback(self._beside.discard)

    async def _look_at(self, id: str) -> None:
        record = await self._store.get(id)
        run = self._running.get(id)
        if run is not None and (record is None or run.is_over(record)):
            run.lapse(record)

    async def _run(self, id: str, leg: int) -> None:
        """Run a leg that was delivered, perhaps not for the first time."""
        record = await self._store.get(id)
        if record is None or record.ended or record.status == "input_required":
            return
        if record.leg != leg:
            if record.leg > leg:  # who delivered it may have ended before that one was enqueued
                await self._backend.engine.enqueue(id, record.leg, record.delay)
            return
        if (other := self._running.get(id)) is not None:
            await asyncio.wait([other.work])
            if other.record.leg != leg:  # that was cancelled, and needs a moment to end
                await asyncio.sleep(0)
                await self._run(id, leg)
            return  # delivered again because it takes long
        run_leg = _runner()
        run = TaskRun(record, lambda progress: self._save(run, progress))
        loop = asyncio.get_running_loop()
        run.work = loop.create_task(run_leg(self._server, record, run))
        noting = loop.call_later(NOTED, lambda: self._do_beside(self._note(run)))
        self._running[id] = run
        if (numbers := self._server._parts.tasks.numbers) is not None:
            numbers.begun(record)
        try:
            await asyncio.wait([run.work])
        except asyncio.CancelledError:
            run.interrupt()
            await asyncio.wait([run.work])
            raise
        finally:
            if numbers is not None:
                numbers.left()
            noting.cancel()
            run.over()
            del self._running[id]
        if not run.interrupted:
            await self._keep_or_fail(run)

    async def _keep_or_fail(self, run: TaskRun) -> None:
        """Keep what became of it, or that this cannot be done: it would go wrong each time."""
        from .leg import fruitless

        if run.work.cancelled():
            await self._keep(run, fruitless("the function cancelled what runs it"))
            return
        try:
            await self._keep(run, run.work.result())
        except StoreUnavailable:
            raise
        except Exception as fault:
            logger.exception("What became of the task %s cannot be kept", run.id)
            await self._keep(run, fruitless(f"its outcome cannot be kept ({type(fault).__name__})"))

    async def _keep(self, run: TaskRun, outcome: Outcome) -> None:
        def change(record: TaskRecord) -> bool:
            if run.unsaved is not None:
                _advance(record, run.unsaved)
            return outcome(record)

        if not isinstance(outcome, Again):
            record = await self._write(run, change)
            if (
                record is not None
                and record.ended
                and self._server._parts.tasks.numbers is not None
            ):
                self._server._parts.tasks.numbers.ended(record)
            return

        async def changed() -> bool:
            return await self._write(run, change) is not None

        following = run.record.leg + 1
        await enqueue_with(self._backend.engine, run.id, following, changed, outcome.delay)

    async def _save(self, run: TaskRun, progress: Progress) -> None:
        def change(record: TaskRecord) -> bool:
            _advance(record, progress)
            return True

        await self._write(run, change)

    async def _note(self, run: TaskRun) -> None:
        if not run.noted:
            await self._write(run, lambda record: True)

    async def _write(self, run: TaskRun, change: Callable[[TaskRecord], bool]) -> TaskRecord | None:
        """Change the record of what was run, and who runs it: the record then, or None where that
        leg is over by now, and is stopped; what told of that may have come before it began.
        """

        def changed(record: TaskRecord) -> bool:
            if run.is_over(record):
                return False
            record.worker = self._backend.worker_name
            if record.started_at is None:
                record.started_at = run.began
            return change(record)

        found = await self._store.change(run.id, changed)
        run.noted = True
        if found is not None and found[1]:
            return found[0]
        run.lapse(None if found is None else found[0])
        return None


def _runner() -> Callable[[FastMCP, TaskRecord, TaskRun], Coroutine[Any, Any, Outcome]]:
    """What runs a leg, with spans in a program that traces."""
    if tracing_mode() == "off":
        from .leg import run_leg

        return run_leg
    from .leg_tracing import run_traced_leg

    return run_traced_leg


def _advance(record: TaskRecord, progress: Progress) -> None:
    record.progress = progress
    record.status_message = progress.message
