"""TaskRun: one run of a task's function, and what stands in the place of its client."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Awaitable, Callable
from typing import Any, Final

from msgspec import Raw

from fastmcp.exceptions import InputUnavailable, StoreUnavailable
from fastmcp.wire.jsonrpc import RequestId

from .policies import Policies
from .record import Progress, TaskRecord

BREATH: Final = 0.2
"""Seconds between two writings of progress, but for the last."""


class TaskRun:
    """What a task is while a leg of it runs. It is the peer of its request: nobody waits for the
    answer, and questions are kept with the task until its client comes for them.

    `save` writes how far it is. It is `noted` once the record says that it runs. `work` is what
    runs it, `interrupted` says that this was stopped, and `cancelled` that the task has ended
    meanwhile. `policies` say how its function wants to be run.
    """

    work: asyncio.Task[Any]

    def __init__(self, record: TaskRecord, save: Callable[[Progress], Awaitable[None]]) -> None:
        self.record = record
        self.policies: Final = Policies(record)
        self.began: float = time.time()
        self.noted = False
        self.interrupted: bool = False
        self.cancelled: bool = False
        self._save = save
        self._saved = 0.0
        self._settling: asyncio.TimerHandle | asyncio.Task[None] | None = None
        self.unsaved: Progress | None = None

    @property
    def id(self) -> str:
        """The id of the task."""
        return self.record.id

    def is_over(self, record: TaskRecord) -> bool:
        """Whether the task, as it is now, has no use for what becomes of this."""
        return record.ended or record.leg != self.record.leg

    def interrupt(self) -> None:
        """Stop it; another one may have to do the same."""
        self.interrupted = True
        self.work.cancel()

    def lapse(self, record: TaskRecord | None) -> None:
        """Stop it, once, because it is over by what its task is now; None for one that is gone."""
        self.cancelled = record is None or record.ended
        if not self.interrupted:
            self.interrupt()

    async def report(self, progress: float, total: float | None, message: str | None) -> None:
        """Say how far it is, unless that is no number; written at most every `BREATH` seconds.

        Raises:
            ValueError: this cannot be made a number.
        """
        if not math.isfinite(now := float(progress)):
            return
        self.unsaved = Progress(now, _finite(total), _text(message))
        left = self._saved + BREATH - time.monotonic()
        if left <= 0 or (total is not None and now >= total):
            await self.settle()
        elif self._settling is None:
            self._settling = asyncio.get_running_loop().call_later(left, self._settle_later)

    async def settle(self) -> None:
        """Write what has not been written, if that can be done now."""
        if self.unsaved is None:
            return
        progress, self.unsaved = self.unsaved, None
        self._saved = time.monotonic()
        try:
            await self._save(progress)
        except StoreUnavailable:
            self.unsaved = self.unsaved or progress

    def _settle_later(self) -> None:
        async def settled() -> None:
            await self.settle()
            self._settling = None

        self._settling = asyncio.get_running_loop().create_task(settled())

    def over(self) -> None:
        """The run is over: what is not written by now goes with what became of it."""
        if self._settling is not None:
            self._settling.cancel()

    async def send(self, message: bytes, related: RequestId | None) -> None:
        pass

    async def request(self, method: str, params: Any, related: RequestId | None) -> Raw:
        raise InputUnavailable(f"A task cannot be answered in the middle of a run: {method}")

    def awaits(self, related: RequestId) -> bool:
        return not self.cancelled

    def release(self, related: RequestId) -> None:
        pass


def _finite(total: float | None) -> float | None:
    return None if total is None or not math.isfinite(known := float(total)) else known


def _text(message: str | None) -> str | None:
    return None if message is None else str(message).encode("utf-8", "backslashreplace").decode()
