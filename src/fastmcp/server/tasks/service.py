"""TaskService: the background tasks of a server."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack, suppress
from typing import TYPE_CHECKING, Any, Final

from fastmcp.exceptions import InvalidParams, StoreUnavailable

from ..context import Context
from ..subscriptions import Told
from .automatic import begin_automatic
from .changes import answered, begun_anew, cancelled
from .engine import enqueue_with
from .opening import Backend
from .record import TaskRecord
from .rendering import notifications_of
from .store import TaskStore, list_of
from .watching import Watchers
from .worker import TaskWorker

if TYPE_CHECKING:
    from ..server import FastMCP

logger: Final = logging.getLogger("fastmcp.server.tasks")

RECHECK: Final = 5.0
"""After so many seconds who waits for a change looks for it: it may have been missed."""


class TaskService:
    """Takes tasks, keeps them, tells of them, and has them run: by workers elsewhere, and by one
    in this process unless `concurrency` is 0.
    """

    def __init__(self, server: FastMCP, backend: Backend) -> None:
        self.server = server
        self.backend = backend
        self.store: Final = TaskStore(backend.backplane, backend.name, backend.key)
        self.watchers: Final = Watchers()
        self.worker: TaskWorker = TaskWorker(server, self.store, backend)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._embedded: asyncio.Task[None] | None = None
        self._starting: asyncio.Lock | None = None

    # Life

    async def start(self) -> None:
        """Connect, and begin to work; nothing more where that is done.

        Raises:
            StoreUnavailable: the backend cannot be reached.
            ConfigurationError: the backend is used by others in another way.
        """
        if self._loop is not None:
            return
        if self._starting is None:
            self._starting = asyncio.Lock()
        async with self._starting:
            if self._loop is not None:
                return
            async with AsyncExitStack() as opened:
                await self.store.open(self._heard)
                opened.push_async_callback(self.store.close)
                await self.backend.engine.open()
                opened.push_async_callback(self.backend.engine.close)
                if self.backend.concurrency:
                    await begin_automatic(
                        self.server._parts.catalogue, self.store, self.backend.engine
                    )
                opened.pop_all()
            self._loop = asyncio.get_running_loop()
            self.server._parts.audience.describe = self._described
            if self.backend.concurrency:
                self._embedded = self._loop.create_task(self.worker.work())
                self._embedded.add_done_callback(_tell_of_fault)

    async def stop(self) -> None:
        """Stop working, and disconnect. What was running is run again, where tasks outlive us."""
        self._starting = None  # it belongs to this event loop
        if self._loop is None:
            return
        self._loop = None
        if self._embedded is not None:
            self._embedded.cancel()
            await asyncio.wait([self._embedded])
            self._embedded = None
        await self.backend.engine.close()
        await self.store.close()

    async def worked(self) -> None:
        """Wait for the end of the work in this process. It has none but `stop`, or a fault, which
        is raised.
        """
        if self._embedded is not None:
            await asyncio.shield(self._embedded)

    def _heard(self, id: str | None) -> None:
        self.watchers.changed(id)
        self.worker.changed(id)
        if id is not None:
            self.server._parts.audience.task_changed(id)

    async def _described(self, id: str, modern: bool) -> Sequence[Told]:
        record = await self.store.get(id)
        return () if record is None else notifications_of(record, modern=modern)

    # Tasks

    async def submit(self, record: TaskRecord) -> None:
        """Take a new task: it is kept, and will be run, when this returns.

        Raises:
            StoreUnavailable: it could not be kept.
        """
        await self.start()
        try:
            await self.store.add(record, settled=False)
            await self.backend.engine.enqueue(record.id, record.leg)
            await self.store.settle(record)
        except BaseException:
            with suppress(StoreUnavailable):
                await self.store.delete(record.id)  # nobody has been told of it
            raise
        if self.server._parts.tasks.numbers is not None:
            self.server._parts.tasks.numbers.submitted(record)

    async def find(self, context: Context, id: str) -> TaskRecord:
        """A task of the caller's.

        Raises:
            InvalidParams: there is none of this id, or it is somebody else's.
        """
        return known(id, await self.look_for(context, id))

    async def look_for(self, context: Context, id: str) -> TaskRecord | None:
        """A task of the caller's; None where there is none of this id, or it is somebody else's."""
        await self.start()
        record = await self.store.get(id)
        return None if record is None or record.owner != context.principal else record

    async def listed(self, context: Context) -> list[str]:
        """The ids of the tasks that the caller may see, the latest first; some may be gone."""
        await self.start()
        exchange = context.exchange
        session = None if exchange.session is None else exchange.session.id
        of = list_of(context.principal, session or exchange.sender.session)
        return [] if of is None else await self.store.ids(of)

    async def cancel(self, id: str) -> tuple[TaskRecord, bool]:
        """Cancel a task, unless it has come to its end; what it is now, and whether it was
        cancelled by this. Its function is interrupted, wherever it runs.

        Raises:
            InvalidParams: it is gone.
        """
        found, changed = await self.store.change(id, cancelled) or (None, False)
        record = known(id, found)
        if changed and self.server._parts.tasks.numbers is not None:
            self.server._parts.tasks.numbers.ended(record)
        return record, changed

    async def answer(self, id: str, answers: Mapping[str, Any]) -> None:
        """Answers to some of what a task asks, by key; unknown keys, and those that have been
        answered, mean nothing. Once it has all of them, it runs again.

        Raises:
            InvalidParams: it is gone.
        """
        record = known(id, await self.store.get(id))
        if record.status != "input_required":
            return
        if record.questions.keys() - answers.keys():
            found = await self.store.change(
                id, lambda now: answered(now, answers) and now.status == "input_required"
            )
            if found is None or found[0].status == "input_required":
                return  # else others have answered the rest meanwhile, and it is to run

        async def changed() -> bool:
            found = await self.store.change(id, lambda now: answered(now, answers))
            return found is not None and found[0].status == "working"

        await enqueue_with(self.backend.engine, id, record.leg, changed)

    async def retry(self, id: str) -> TaskRecord:
        """Run a task once more that has failed or was cancelled.

        Raises:
            InvalidParams: it is gone, or in another status.
        """
        record = known(id, await self.store.get(id))
        if record.status not in ("failed", "cancelled"):
            raise InvalidParams(
                f"Task {id} is {record.status}: only one that failed or was cancelled is run again"
            )

        async def changed() -> bool:
            nonlocal record
            found = await self.store.change(id, begun_anew)
            record = known(id, None if found is None else found[0])
            return True

        await enqueue_with(self.backend.engine, id, record.leg + 1, changed)
        return record

    async def until(self, id: str, reached: Callable[[TaskRecord], bool]) -> TaskRecord | None:
        """Wait for a task to be as it shall; None when it is gone."""
        with self.watchers.watching(id) as event:
            while True:
                event.clear()
                record = await self.store.get(id)
                if record is None or reached(record):
                    return record
                try:
                    async with asyncio.timeout(RECHECK):
                        await event.wait()
                except TimeoutError:
                    continue


def known(id: str, record: TaskRecord | None) -> TaskRecord:
    """A task that is there.

    Raises:
        InvalidParams: it is not, or not for who asks.
    """
    if record is None:
        raise InvalidParams(f"Task not found: {id}")
    return record


def _tell_of_fault(work: asyncio.Task[None]) -> None:
    if not work.cancelled() and (fault := work.exception()) is not None:
        logger.error("This process runs no more tasks: its worker has failed", exc_info=fault)
