"""What of Docket runs legs: its worker, and what becomes of a leg that it could not finish."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncGenerator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, Final

from docket import Docket, Worker
from docket.dependencies import FailureHandler, TaskOutcome, current_worker
from docket.execution import Execution
from redis.exceptions import ResponseError

from ..engine import RunLeg
from .failed import FAILED

logger: Final = logging.getLogger("fastmcp.server.tasks")

BUSY: Final = timedelta(milliseconds=2)
"""How often a worker without a free slot looks for one, for a second after the last leg began."""


MOST: Final = 5_000
"""So many messages are claimed in one command; a worker is given fewer at once."""
AGAIN: Final = "Task %s is delivered again: %s"


class LegWorker(Worker):
    """A worker of Docket's that runs legs by `run`."""

    def __init__(self, docket: Docket, run: RunLeg, **options: Any) -> None:
        self._run_leg = run
        self._begun = 0.0
        self._tasks_by_key: dict[str, asyncio.Task[None]] = {}
        self._legs: dict[tuple[str, int], asyncio.Task[None]] = {}
        self._parted: asyncio.Future[None] | None = None
        self._ending = False
        super().__init__(docket, **options)

    @property
    def minimum_check_interval(self) -> timedelta:
        """Docket waits so long for a leg, which wakes it, and for a free slot, which does not."""
        if len(self._tasks_by_key) < self.concurrency:
            return self._interval
        return BUSY if time.monotonic() - self._begun < 1 else self._interval

    @minimum_check_interval.setter
    def minimum_check_interval(  # pyright: ignore[reportIncompatibleVariableOverride]
        self, interval: timedelta
    ) -> None:
        self._interval = interval

    def end(self) -> None:
        """What runs from now on is cancelled as soon as Docket lets go of its connection."""
        self._ending = True

    async def deliver(self, task_id: str, leg: int) -> None:
        """Run a leg to its end, unless the worker or its connection ends before.

        Raises:
            Interrupted: it was cancelled.
            CancelledError: it goes on while nobody can be told; its message stays where it is.
        """
        key = task_id, leg
        self._begun = time.monotonic()
        work = self._legs.get(key)
        if work is None:
            work = asyncio.ensure_future(self._run_leg(task_id, leg))
            self._legs[key] = work
            work.add_done_callback(lambda _: self._legs.pop(key, None))
        parted = self._parted
        assert parted is not None  # Docket delivers while it is connected
        await asyncio.wait([work, parted], return_when=asyncio.FIRST_COMPLETED)
        if not work.done():
            work.add_done_callback(partial(_tell_of_failure, task_id))
            raise asyncio.CancelledError
        if work.cancelled():
            raise Interrupted
        work.result()

    @asynccontextmanager
    async def connected(self) -> AsyncGenerator[None]:
        """Around the time in which it has a connection. When that is lost, Docket waits for what
        it has begun before it looks for another one; legs go on without it.
        """
        if self._parted is not None:
            await self._claim_own()
        self._parted = parted = asyncio.get_running_loop().create_future()
        try:
            yield
        finally:
            if self._ending:
                await self.cancel_legs()
            parted.set_result(None)

    async def _claim_own(self) -> None:
        """Have what this worker was given, and could not tell the end of when its connection was
        lost, delivered at once: by its first sweep, which Docket makes when it is connected.
        """
        docket, timeout = self.docket, int(self.redelivery_timeout.total_seconds() * 1000)
        stream, group = docket.stream_key, docket.worker_group_name
        async with docket.redis() as redis:
            try:
                given = await redis.xpending_range(
                    stream, group, min="-", max="+", count=MOST, consumername=self.name
                )
            except ResponseError:  # this Redis has kept nothing
                return
            if not given:
                return
            ids = [each["message_id"] for each in given]
            await redis.xclaim(stream, group, self.name, 0, ids, idle=timeout, justid=True)
            await redis.set(docket.redelivery_sweep_key, self.name, px=timeout // 4)

    async def cancel_legs(self) -> None:
        """Interrupt all that run, and wait for them."""
        for work in self._legs.values():
            work.cancel()
        if self._legs:
            await asyncio.wait(self._legs.values())


class Interrupted(Exception):
    """The worker ends before the leg does."""


class DeliverAgain(FailureHandler["DeliverAgain"]):
    """Has a leg delivered again that could not be finished: Docket by itself would drop it."""

    async def __aenter__(self) -> DeliverAgain:
        return self

    @classmethod
    def worker_lifecycle(
        cls, docket: Docket, worker: Worker
    ) -> AbstractAsyncContextManager[None] | None:
        """Docket asks for what is to stand around each of its connections."""
        return worker.connected() if isinstance(worker, LegWorker) else None

    async def handle_failure(self, execution: Execution, outcome: TaskOutcome) -> bool:
        delay = 0.0
        if not isinstance(outcome.exception, Interrupted):
            delay = FAILED
            logger.warning(AGAIN, execution.args[0], outcome.exception)
        execution.when = datetime.now(UTC) + timedelta(seconds=delay)
        execution.attempt += 1
        await execution.schedule(
            replace=True,
            reschedule_message=execution.message_id,
            expected_generation=execution.generation,
        )
        return True


def _tell_of_failure(task_id: str, work: asyncio.Task[None]) -> None:
    """Tell why a leg failed that nobody waited for any more; it is delivered as it was before."""
    if not work.cancelled() and (error := work.exception()) is not None:
        logger.warning(AGAIN, task_id, error)


async def run_leg(task_id: str, leg: int, again: DeliverAgain = DeliverAgain()) -> None:  # noqa: B008
    """What Docket calls. It remembers every function that it has ever seen, so there is one."""
    worker = current_worker.get()
    if not isinstance(worker, LegWorker):
        raise RuntimeError("Only the workers of a server run its tasks")
    await worker.deliver(task_id, leg)
