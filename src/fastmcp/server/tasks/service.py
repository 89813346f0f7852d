"""TaskService: the background tasks of a server."""

from __future__ import annotations

import asyncio
import logging
import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from msgspec import UNSET, Raw, json

from fastmcp._components.component import Component
from fastmcp.exceptions import InvalidParams, StoreUnavailable

from ..context import Context
from ..inputs.rounds import Rounds
from ..subscriptions import Told
from .automatic import begin_automatic
from .caller import caller_of
from .config import TaskConfig
from .engine import SAFETY
from .opening import Backend
from .record import TaskRecord
from .rendering import notifications_of
from .store import LONGEST, TaskStore, list_of
from .watching import Watchers
from .worker import TaskWorker

if TYPE_CHECKING:
    from ..server import FastMCP

logger = logging.getLogger("fastmcp.server.tasks")

DEFAULT_TTL: Final = 86_400.0
"""How long a task is kept for whose client has no wish, in seconds."""
_OF_THE_REQUEST: Final = ("task", "inputResponses", "requestState")
RECHECK: Final = 5.0
"""After so many seconds who waits for a change looks for it: it may have been missed."""


class TaskService:
    """Takes tasks, keeps them, tells of them, and has them run: by workers elsewhere, and by one
    in this process unless `concurrency` is 0.
    """

    def __init__(self, server: FastMCP, backend: Backend) -> None:
        self.server = server
        self.backend = backend
        self.store = TaskStore(backend.backplane, backend.name, backend.key)
        self.watchers = Watchers()
        self.worker = TaskWorker(server, self.store, backend)
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
            await self.store.open(self._heard)
            try:
                await self.backend.engine.open()
            except BaseException:
                await self.store.close()
                raise
            if self.backend.concurrency:
                await self._begin_automatic()
            self._loop = asyncio.get_running_loop()
            self.server.audience.describe = self._described
            if self.backend.concurrency:
                self._embedded = self._loop.create_task(self.worker.work())
                self._embedded.add_done_callback(_tell_of_fault)

    async def _begin_automatic(self) -> None:
        try:
            await begin_automatic(self.server, self.store, self.backend.engine)
        except BaseException:
            await self.backend.engine.close()
            await self.store.close()
            raise

    async def stop(self) -> None:
        """Stop working, and disconnect. What was running is run again, where tasks outlive us."""
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
            self.server.audience.task_changed(id)

    async def _described(self, id: str, modern: bool) -> Sequence[Told]:
        record = await self.store.get(id)
        return () if record is None else notifications_of(record, modern=modern)

    # Tasks

    async def submit(
        self, context: Context, component: Component, config: TaskConfig, ttl: float | None
    ) -> TaskRecord:
        """Take a request as a task: it is kept, and will be run, when this returns.

        Raises:
            StoreUnavailable: it could not be kept.
        """
        await self.start()
        exchange, now = context.exchange, time.time()
        record = TaskRecord(
            id=secrets.token_hex(16),
            method=exchange.method,
            target=component.address,
            version=component.version,
            params=Raw(_of_task(exchange.params)),
            caller=caller_of(context),
            owner=context.principal,
            created_at=now,
            updated_at=now,
            ttl=min(DEFAULT_TTL if ttl is None else ttl, LONGEST),
            poll_interval=config.poll_interval.total_seconds(),
        )
        if exchange.rounds is not None:
            _take_rounds(record, exchange.rounds)
        await self.store.add(record)
        try:
            await self.backend.engine.enqueue(record.id, record.leg)
        except BaseException:
            with suppress(StoreUnavailable):
                await self.store.delete(record.id)  # nobody has been told of it
            raise
        if self.server.tasks.numbers is not None:
            self.server.tasks.numbers.submitted(record)
        return record

    async def find(self, context: Context, id: str) -> TaskRecord:
        """A task of the caller's.

        Raises:
            InvalidParams: there is none of this id, or it is somebody else's.
        """
        await self.start()
        return self._own(context.principal, id, await self.store.get(id))

    def _own(self, owner: str | None, id: str, record: TaskRecord | None) -> TaskRecord:
        if record is None or record.owner != owner:
            raise InvalidParams(f"Task not found: {id}")
        return record

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
        changed = await self.store.change(id, _cancelled)
        if changed is None:
            raise InvalidParams(f"Task not found: {id}")
        if changed[1] and self.server.tasks.numbers is not None:
            self.server.tasks.numbers.ended(changed[0])
        return changed

    async def answer(self, id: str, answers: Mapping[str, Any]) -> None:
        """Answers to some of what a task asks, by key; unknown keys, and those that have been
        answered, mean nothing. Once it has all of them, it runs again.

        Raises:
            InvalidParams: it is gone.
        """
        record = await self.store.get(id)
        if record is None:
            raise InvalidParams(f"Task not found: {id}")
        if record.status != "input_required":
            return
        if not record.questions.keys() - answers.keys():
            # Between the change and the enqueuing this process may end.
            await self.backend.engine.enqueue(id, record.leg, SAFETY)
        changed = await self.store.change(id, lambda found: _answered(found, answers))
        if changed is not None and changed[0].status == "working":
            await self.backend.engine.enqueue(id, changed[0].leg)

    async def retry(self, id: str) -> TaskRecord:
        """Run a task once more that has failed or was cancelled.

        Raises:
            InvalidParams: it is gone, or in another status.
        """
        record = await self.store.get(id)
        if record is None:
            raise InvalidParams(f"Task not found: {id}")
        if record.status not in ("failed", "cancelled"):
            raise InvalidParams(f"Task {id} is {record.status}: only one that failed is run again")
        await self.backend.engine.enqueue(id, record.leg + 1, SAFETY)
        changed = await self.store.change(id, _begun_anew)
        if changed is None:
            raise InvalidParams(f"Task not found: {id}")
        await self.backend.engine.enqueue(id, changed[0].leg)
        return changed[0]

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


def _tell_of_fault(work: asyncio.Task[None]) -> None:
    if not work.cancelled() and (fault := work.exception()) is not None:
        logger.error("This process runs no more tasks: its worker has failed", exc_info=fault)


def _of_task(params: Raw) -> bytes:
    """The parameters of a request, without those that were for its own rounds."""
    members: dict[str, Raw] = json.decode(params, type=dict[str, Raw])
    kept = {name: raw for name, raw in members.items() if name not in _OF_THE_REQUEST}
    return bytes(params) if len(kept) == len(members) else json.encode(kept)


def _take_rounds(record: TaskRecord, rounds: Rounds) -> None:
    """Go on with what the client answered before there was a task."""
    record.rounds = rounds.record
    given = rounds.responses or {}
    record.answers = {key: Raw(json.encode(answer)) for key, answer in given.items()}
    record.asked_as = {key: key for key in given}


def _cancelled(record: TaskRecord) -> bool:
    if record.ended:
        return False
    record.status, record.status_message = "cancelled", "Cancelled"
    record.questions, record.answers, record.rounds = {}, {}, None
    return True


def _answered(record: TaskRecord, answers: Mapping[str, Any]) -> bool:
    given = {key: answers[key] for key in record.questions.keys() & answers.keys()}
    if record.status != "input_required" or not given:
        return False
    for key, answer in given.items():
        del record.questions[key]
        record.answers[key] = Raw(json.encode(answer))
    if not record.questions:
        record.status = "working"
    return True


def _begun_anew(record: TaskRecord) -> bool:
    if record.status not in ("failed", "cancelled"):
        return False
    record.status, record.status_message, record.progress = "working", None, None
    record.result, record.error, record.attempts = UNSET, None, 0
    record.worker, record.started_at = None, None
    record.leg += 1
    record.due_at = None
    return True
