"""A backplane in one SQLite file."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path
from typing import Concatenate, ParamSpec, TypeVar

from fastmcp.exceptions import ConfigurationError

from . import sqlite_tables as tables
from .backplane import Hear
from .positions import number_of
from .sqlite_topics import SQLiteTopics
from .sqlite_worker import SQLiteWorker

T = TypeVar("T")
P = ParamSpec("P")

PURGE_EVERY = 10.0


class SQLiteBackplane:
    """Kept in a file, for the processes of one host; it outlives them, however they end.

    Messages of other processes are looked for every `poll_interval` seconds, while anybody
    subscribes. What takes longer than `timeout` seconds fails. What is `durable` survives that the
    power fails, once it was answered; each change waits for the disk, then.
    """

    def __init__(
        self,
        path: str | Path,
        *,
        timeout: float = 2.0,
        poll_interval: float = 0.1,
        durable: bool = False,
    ) -> None:
        if not str(path) or str(path) == ":memory:":
            raise ConfigurationError(
                f"SQLiteBackplane() takes the path of a file, not {str(path)!r}"
            )
        self._path = Path(path).absolute()
        self._timeout = timeout
        self._durable = durable
        self._poll_interval = poll_interval
        self._users = 0
        self._loop: asyncio.AbstractEventLoop | None = None
        self._purged = 0.0

    @property
    def path(self) -> Path:
        """The file."""
        return self._path

    async def open(self) -> None:
        await self._write(tables.purge)
        self._users += 1

    async def close(self) -> None:
        self._users = max(0, self._users - 1)
        if self._users == 0 and self._loop is asyncio.get_running_loop():
            self._loop = None
            await self._topics.close()
            await self._worker.stop()

    # Values

    async def get(self, key: str) -> bytes | None:
        return await self._file().read(tables.get, key)

    async def put(self, key: str, value: bytes, ttl: float | None = None) -> None:
        await self._write(tables.put, key, value, ttl)

    async def add(self, key: str, value: bytes, ttl: float | None = None) -> bool:
        return await self._write(tables.add, key, value, ttl)

    async def swap(self, key: str, old: bytes, new: bytes, ttl: float | None = None) -> bool:
        return await self._write(tables.swap, key, old, new, ttl)

    async def touch(self, key: str, ttl: float) -> bool:
        return await self._write(tables.touch, key, ttl)

    async def delete(self, key: str) -> bool:
        return await self._write(tables.delete, key)

    # Logs

    async def append(self, log: str, entry: bytes, *, limit: int, ttl: float) -> str:
        return str(await self._write(tables.append, log, entry, limit, ttl))

    async def entries(self, log: str, after: str | None = None) -> list[tuple[str, bytes]]:
        last = -1 if after is None else number_of(after)
        found = await self._file().read(tables.entries, log, last)
        return [(str(position), entry) for position, entry in found]

    # Topics

    async def publish(self, topic: str, message: bytes) -> bool:
        self._file()
        await self._topics.publish(topic, message)
        return True  # it stays for a while, for whoever looks

    async def subscribe(self, topic: str, hear: Hear) -> None:
        self._file()
        await self._topics.subscribe(topic, hear)

    async def unsubscribe(self, topic: str, hear: Hear) -> None:
        if self._loop is asyncio.get_running_loop():
            await self._topics.unsubscribe(topic, hear)

    # Groups

    async def join(self, group: str, member: str, *, limit: int, ttl: float) -> bool:
        return await self._write(tables.join, group, member, limit, ttl)

    async def leave(self, group: str, member: str) -> None:
        await self._write(tables.leave, group, member)

    # The file

    def _file(self) -> SQLiteWorker:
        """A worker belongs to an event loop, and is of no use without it."""
        loop = asyncio.get_running_loop()
        if loop is not self._loop:
            if self._loop is not None:
                self._worker.abandon()
            self._loop = loop
            self._worker = SQLiteWorker(self._path, self._timeout, durable=self._durable)
            self._topics = SQLiteTopics(self._worker, self._poll_interval)
        return self._worker

    async def _write(
        self,
        work: Callable[Concatenate[sqlite3.Connection, P], T],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        if time.monotonic() - self._purged > PURGE_EVERY:
            self._purged = time.monotonic()
            await self._file().write(tables.purge)
        return await self._file().write(work, *args, **kwargs)
