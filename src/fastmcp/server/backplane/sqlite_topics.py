"""The topics of a backplane in SQLite: its messages are looked for while anybody subscribes."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress

from fastmcp.exceptions import StoreUnavailable

from . import sqlite_tables as tables
from .backplane import Hear
from .listeners import Listeners, logger
from .sqlite_worker import SQLiteWorker

KEPT = 60.0
"""So many seconds a message is there for every process to find it."""


class SQLiteTopics:
    """Who hears which topics of a file."""

    def __init__(self, worker: SQLiteWorker, interval: float) -> None:
        self._worker = worker
        self._interval = interval
        self._listeners: Listeners[str] = Listeners()
        # Looking for messages and telling them is one step; what subscribes comes before or after.
        self._turn = asyncio.Lock()
        self._news = asyncio.Event()
        self._last = 0
        self._looked = 0.0
        self._following: asyncio.Task[None] | None = None

    async def publish(self, topic: str, message: bytes) -> None:
        await self._worker.write(tables.publish, topic, message, KEPT)
        self._news.set()

    async def subscribe(self, topic: str, hear: Hear) -> None:
        async with self._turn:
            if self._following is None:
                self._last = await self._worker.read(tables.last_message)
                self._looked = time.monotonic()
                self._following = asyncio.get_running_loop().create_task(self._follow())
            else:
                await self._look()
            self._listeners.add(topic, hear)

    async def unsubscribe(self, topic: str, hear: Hear) -> None:
        self._listeners.remove(topic, hear)
        async with self._turn:
            if not self._listeners.topics:
                await self._stop()

    async def close(self) -> None:
        """Hear nothing more."""
        self._listeners = Listeners()
        await self._stop()

    async def _stop(self) -> None:
        if self._following is not None:
            self._following.cancel()
            await asyncio.wait([self._following])
            self._following = None

    async def _follow(self) -> None:
        failing = False
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(self._interval):
                    await self._news.wait()
            self._news.clear()
            try:
                async with self._turn:
                    await self._look()
                failing = False
            except StoreUnavailable as error:
                if not failing:
                    logger.warning("Messages of other workers are not heard: %s", error)
                failing = True

    async def _look(self) -> None:
        """Tell what came since the last time."""
        topics = frozenset(self._listeners.topics)
        last, told = await self._worker.read(tables.messages, self._last, topics)
        now = time.monotonic()
        missed = last < self._last or now - self._looked > KEPT
        self._last, self._looked = last, now
        for topic, message in told:
            self._listeners.tell(topic, message)
        if missed:
            self._listeners.tell_of_a_gap()
