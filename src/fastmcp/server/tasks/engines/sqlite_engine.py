"""Legs delivered through an SQLite file, by the processes of one host."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Final

from fastmcp.exceptions import StoreUnavailable

from ...backplane.sqlite_worker import SQLiteWorker
from ..engine import RunLeg
from . import sqlite_legs
from .sqlite_worker import SQLiteLegWorker

TIMEOUT: Final = 10.0
"""So many seconds others may keep the file busy."""


class SQLiteEngine:
    """Delivers through a table in a file, beside what a backplane keeps there. A leg is on the
    disk when it was enqueued.
    """

    def __init__(
        self, path: Path, name: str, *, redelivery_timeout: float, reconnection_delay: float
    ) -> None:
        self._path = path
        self._name = name
        self._redelivery_timeout = redelivery_timeout
        self._reconnection_delay = reconnection_delay
        self._file: SQLiteWorker | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._workers: set[SQLiteLegWorker] = set()

    async def open(self) -> None:
        loop = asyncio.get_running_loop()
        if self._file is not None and self._loop is not loop:
            self._file.abandon()
            self._workers = set()
        self._loop = loop
        file = SQLiteWorker(self._path, TIMEOUT, durable=True)
        try:
            await file.write(sqlite_legs.make_table)
        except BaseException:
            await file.stop()
            raise
        self._file = file

    async def close(self) -> None:
        if self._file is not None and self._loop is asyncio.get_running_loop():
            file, self._file = self._file, None
            await file.stop()

    async def enqueue(self, task_id: str, leg: int, delay: float = 0) -> None:
        if self._file is None:
            raise StoreUnavailable(f"SQLite: {self._path} is not open")
        due = time.time() + delay
        await self._file.write(sqlite_legs.add, self._name, task_id, leg, due)
        for worker in self._workers:
            worker.wake()

    async def work(self, run: RunLeg, *, concurrency: int, name: str) -> None:
        # What is lost here by a failure of the power is delivered again: it need not wait for
        # the disk.
        file = SQLiteWorker(self._path, TIMEOUT)
        worker = SQLiteLegWorker(
            self._path,
            file,
            self._name,
            run,
            concurrency=concurrency,
            lease=self._redelivery_timeout,
            pause=self._reconnection_delay,
        )
        self._workers.add(worker)
        try:
            await worker.work()
        finally:
            self._workers.discard(worker)
            await file.stop()
