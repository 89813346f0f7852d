"""An SQLite file that one thread of this process works on, for an event loop."""

from __future__ import annotations

import asyncio
import os
import queue
import sqlite3
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, Concatenate, NamedTuple, ParamSpec, TypeVar

from fastmcp.exceptions import StoreUnavailable

from .sqlite_tables import has_tables, make_tables

T = TypeVar("T")
P = ParamSpec("P")


class SQLiteWorker:
    """Does one thing after the other, each in a transaction; what waits longer than `timeout`
    seconds fails. The thread runs from the first use until `stop`.
    """

    def __init__(self, path: Path, timeout: float, *, durable: bool = False) -> None:
        self._path = path
        self._durable = durable
        self._timeout = timeout
        self._loop = asyncio.get_running_loop()
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name=f"sqlite {path.name}", daemon=True)
        self._connection: sqlite3.Connection | None = None
        self._ended = asyncio.Event()
        self._thread.start()

    async def read(
        self,
        work: Callable[Concatenate[sqlite3.Connection, P], T],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        """Look something up.

        Raises:
            StoreUnavailable: the file cannot be used now, or not in time.
        """
        return await self._do("BEGIN", lambda connection: work(connection, *args, **kwargs))

    async def write(
        self,
        work: Callable[Concatenate[sqlite3.Connection, P], T],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        """Change something, and nobody else does meanwhile.

        Raises:
            StoreUnavailable: the file cannot be used now, or not in time.
        """
        return await self._do(
            "BEGIN IMMEDIATE", lambda connection: work(connection, *args, **kwargs)
        )

    async def _do(self, begin: str, work: Callable[[sqlite3.Connection], T]) -> T:
        done: asyncio.Future[T] = self._loop.create_future()
        self._jobs.put(_Job(begin, work, done, time.monotonic() + self._timeout))
        return await done

    def abandon(self) -> None:
        """Let it end by itself: its event loop is gone."""
        self._jobs.put(None)

    async def stop(self) -> None:
        """Finish what was asked for, then close the file."""
        self._jobs.put(None)
        await self._ended.wait()
        self._thread.join()

    def _run(self) -> None:
        while (job := self._jobs.get()) is not None:
            if job.done.cancelled():
                continue
            result, error = None, None
            try:
                result = self._transact(job)
            except sqlite3.Error as failure:
                if failure.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:
                    self._close()
                error = StoreUnavailable(f"SQLite: {self._path}: {failure}")
            except Exception as failure:
                error = failure
            self._tell(_settle, job.done, result, error)
        self._close()
        self._tell(self._ended.set)

    def _tell(self, what: Callable[..., object], *arguments: Any) -> None:
        with suppress(RuntimeError):  # nobody is there any more
            self._loop.call_soon_threadsafe(what, *arguments)

    def _transact(self, job: _Job) -> Any:
        if time.monotonic() > job.due:
            raise StoreUnavailable(f"SQLite: {self._path}: busy for {self._timeout:g} seconds")
        connection = self._open()
        connection.execute(job.begin)
        try:
            result = job.work(connection)
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise
        return result

    def _open(self) -> sqlite3.Connection:
        if self._connection is None:
            # What is in there is not for other users. A file that is there already must not be
            # opened and closed: that drops the locks of every other connection of this process
            # (POSIX), and other processes then take the journal for abandoned.
            with suppress(OSError):
                os.close(os.open(self._path, os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
            connection = sqlite3.connect(self._path, timeout=self._timeout, isolation_level=None)
            try:
                self._prepare(connection)
            except BaseException:
                connection.close()
                raise
            self._connection = connection
        return self._connection

    def _prepare(self, connection: sqlite3.Connection) -> None:
        """Readers and writers do not wait for each other, and a crash of ours loses nothing; where
        it is durable, neither does one of the machine.
        """
        until = time.monotonic() + self._timeout
        while True:  # changing the mode does not wait for others by itself
            try:
                connection.execute("PRAGMA journal_mode = WAL")
                break
            except sqlite3.OperationalError:
                if time.monotonic() > until:
                    raise
                time.sleep(0.01)
        connection.execute(f"PRAGMA synchronous = {'FULL' if self._durable else 'NORMAL'}")
        if not has_tables(connection):
            connection.execute("BEGIN IMMEDIATE")
            if not has_tables(connection):  # nobody else has made them meanwhile
                make_tables(connection)
            connection.execute("COMMIT")

    def _close(self) -> None:
        if self._connection is not None:
            with suppress(sqlite3.Error):
                self._connection.close()
            self._connection = None


class _Job(NamedTuple):
    """What to do, whom to tell, and until when it makes sense."""

    begin: str
    work: Callable[[sqlite3.Connection], Any]
    done: asyncio.Future[Any]
    due: float


def _settle(done: asyncio.Future[Any], result: Any, error: Exception | None) -> None:
    if done.done():
        return
    if error is None:
        done.set_result(result)
    else:
        done.set_exception(error)
