"""TaskRun: one run of a task's function, and what stands in the place of its client."""

from __future__ import annotations

import asyncio
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

    `save` writes how far it is. It is `noted` once the record says that it runs.
    `policies` say how its function wants to be run.
    """

    def __init__(self, record: TaskRecord, save: Callable[[Progress], Awaitable[None]]) -> None:
        self.record = record
        self.policies = Policies(record)
        self.began = time.time()
        self.noted = False
        self.cancelled = False
        self._save = save
        self._saved = 0.0
        self._settling: asyncio.TimerHandle | asyncio.Task[None] | None = None
        self.unsaved: Progress | None = None

    @property
    def id(self) -> str:
        """The id of the task."""
        return self.record.id

    async def report(self, progress: float, total: float | None, message: str | None) -> None:
        """Say how far it is. It is written at most every `BREATH` seconds."""
        self.unsaved = Progress(progress, total, message)
        left = self._saved + BREATH - time.monotonic()
        if left <= 0 or (total is not None and progress >= total):
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
