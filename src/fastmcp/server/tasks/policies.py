"""Policies: how a task wants to be run, as the objects of Docket in its signature say."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from msgspec import Raw, Struct, json
from pydantic_core import to_json

from fastmcp.exceptions import McpError

from .record import TaskRecord

TIMED_OUT: Final = -32000


class Again(Struct):
    """The function is to run once more, at `due_at`: because it failed, or because it always is.
    What it was answered belongs to the run that is tried again.
    """

    due_at: float
    message: str
    retried: bool = False
    params: Raw | None = None

    @property
    def delay(self) -> float:
        """How long it is until then, in seconds."""
        return max(self.due_at - time.time(), 0.0)

    def __call__(self, record: TaskRecord) -> bool:
        record.leg += 1
        record.status, record.status_message = "working", self.message
        record.due_at, record.progress = self.due_at, None
        if self.retried:
            record.attempts += 1
            return True
        record.attempts, record.rounds, record.answers, record.asked_as = 0, None, {}, {}
        if self.params is not None:
            record.params = self.params
        return True


class Policies:
    """The policies of one leg. They are the function's own: `heard` is False once it uses others,
    whose policies are not for this task. `fault` is what the function raised.
    """

    def __init__(self, record: TaskRecord) -> None:
        self.heard = True
        self.fault: BaseException | None = None
        self._record = record
        self._begun = time.time()
        self._retry: Any = None
        self._timeout: Any = None
        self._perpetual: Any = None
        self._params: Raw | None = None
        self._deadline: asyncio.Timeout | None = None
        self._timer: asyncio.TimerHandle | None = None

    def follow(self, policy: Any, kinds: frozenset[str]) -> None:
        """Heed an object that the function receives, and let that know of this run."""
        if not self.heard:
            return
        if "Retry" in kinds:
            self._retry = policy
            policy.attempt = self._record.attempts + 1
            if "ExponentialRetry" in kinds:
                policy.delay = _grown(policy.delay, policy.maximum_delay, policy.attempt)
        elif "Timeout" in kinds:
            self._timeout = policy
            self._look()
        elif "Perpetual" in kinds:
            self._perpetual = policy
            policy.args, policy.kwargs = (), {}
            policy.perpetuate = self._perpetuate

    def _perpetuate(self, **arguments: Any) -> None:
        """Have the next run receive these arguments, in place of Docket's own method."""
        members = json.decode(self._record.params, type=dict[str, Raw])
        self._params = Raw(json.encode({**members, "arguments": Raw(to_json(arguments))}))

    async def bounded(self, act: Callable[..., Awaitable[Any]], context: Any, params: Any) -> Any:
        """What `act` gives within the time that the function may take.

        Raises:
            McpError: it takes longer.
        """
        deadline = self._deadline = asyncio.timeout(None)
        try:
            async with deadline:
                return await act(context, params)
        except TimeoutError:
            if not deadline.expired():
                raise  # the function's own
            seconds = self._timeout.base.total_seconds()
            message = f"The task timed out after {seconds:g} seconds"
            raise McpError(code=TIMED_OUT, message=message) from None
        finally:
            if self._timer is not None:
                self._timer.cancel()

    def _look(self) -> None:
        """End the time, unless the function has extended it."""
        loop = asyncio.get_running_loop()
        left = self._timeout.remaining().total_seconds()
        if left > 0:
            self._timer = loop.call_later(left, self._look)
        elif self._deadline is not None:
            self._deadline.reschedule(loop.time())

    def after(self, *, failed: bool) -> Again | None:
        """Whether the function runs once more, now that a run has ended; None if it does not."""
        if self.fault is not None and (retried := self._retried()) is not None:
            return retried
        if self._perpetual is None or self._perpetual.cancelled:
            return None
        due = self._next()
        then = datetime.fromtimestamp(due, UTC).isoformat(timespec="seconds")
        message = f"{'Failed, runs' if failed else 'Runs'} again at {then.replace('+00:00', 'Z')}"
        return Again(due, message, params=self._params)

    def _retried(self) -> Again | None:
        retry, attempt = self._retry, self._record.attempts + 1
        if retry is None or (retry.attempts is not None and attempt >= retry.attempts):
            return None
        of = "" if retry.attempts is None else f" of {retry.attempts}"
        due = time.time() + retry.delay.total_seconds()
        return Again(due, f"Attempt {attempt + 1}{of}", retried=True)

    def _next(self) -> float:
        chosen: datetime | None = self._perpetual._next_when
        return next_run(self._perpetual, self._begun) if chosen is None else chosen.timestamp()


def next_run(perpetual: Any, begun: float) -> float:
    """When a function runs next whose run began then: by its calendar, or its interval."""
    if (expression := getattr(perpetual, "expression", None)) is not None:
        anew = type(perpetual)(expression, automatic=perpetual.automatic, tz=perpetual.tz)
        return anew.next_time().timestamp()
    return max(time.time(), begun + perpetual.every.total_seconds())


def _grown(delay: timedelta, most: timedelta, attempt: int) -> timedelta:
    """A delay that doubles with each attempt, up to the longest."""
    for _ in range(attempt - 1):
        if not timedelta(0) < delay < most:
            break
        delay *= 2
    return min(delay, most)
