"""Engines that work: in this event loop, and, run as a program, in a process of its own."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Generator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from typing import Any

from fastmcp.server.tasks.engine import TaskEngine
from fastmcp.server.tasks.engines.docket_engine import DocketEngine
from fastmcp.server.tasks.engines.memory_engine import MemoryEngine
from fastmcp.server.tasks.engines.sqlite_engine import SQLiteEngine

SECONDS = 20


def make_engine(
    url: str, name: str, *, redelivery_timeout: float = 300, reconnection_delay: float = 0.2
) -> TaskEngine:
    """An engine as a server makes it, but for the times."""
    if url.startswith("sqlite:///"):
        return SQLiteEngine(
            Path(url.removeprefix("sqlite:///")),
            name,
            redelivery_timeout=redelivery_timeout,
            reconnection_delay=reconnection_delay,
        )
    if url.startswith("memory://"):
        return MemoryEngine(name, concurrency=10, worker_name="here")
    return DocketEngine(
        url,
        name,
        redelivery_timeout=redelivery_timeout,
        reconnection_delay=reconnection_delay,
        minimum_check_interval=0.05,
    )


async def until(condition: Callable[[], object]) -> None:
    """Wait for something to be so."""
    deadline = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.002)


class Runs:
    """What a worker ran: `begun` in order, and `ended`; a leg whose task is in `held` runs until
    it is taken out, and one in `failing` fails as often as is said there.
    """

    def __init__(self) -> None:
        self.begun: list[tuple[str, int]] = []
        self.ended: list[tuple[str, int]] = []
        self.cancelled: list[tuple[str, int]] = []
        self.held: set[str] = set()
        self.failing: dict[str, int] = {}

    async def __call__(self, task: str, leg: int) -> None:
        self.begun.append((task, leg))
        try:
            while task in self.held:
                await asyncio.sleep(0.002)
        except asyncio.CancelledError:
            self.cancelled.append((task, leg))
            raise
        if self.failing.get(task, 0) > 0:
            self.failing[task] -= 1
            raise ConnectionError("no store")
        self.ended.append((task, leg))


@asynccontextmanager
async def opened(engine: TaskEngine) -> AsyncIterator[TaskEngine]:
    """Open an engine, for the time of a block."""
    await engine.open()
    try:
        yield engine
    finally:
        await engine.close()


@asynccontextmanager
async def working(
    engine: TaskEngine, run: Callable[[str, int], Awaitable[None]], concurrency: int = 10
) -> AsyncIterator[None]:
    """Have an open engine run legs, for the time of a block."""
    work = asyncio.create_task(engine.work(run, concurrency=concurrency, name=f"worker {id(run)}"))
    try:
        yield
    finally:
        work.cancel()
        await asyncio.wait([work])
        assert work.cancelled() or work.exception() is None, work.exception()


class WorkerProcess:
    """A process that works; each leg that it begins is a line in `begun`."""

    def __init__(self, process: subprocess.Popen[bytes], journal: Path) -> None:
        self.process = process
        self._journal = journal

    @property
    def begun(self) -> list[list[Any]]:
        """The task and the leg of each."""
        return [json.loads(line) for line in self._journal.read_text().splitlines()]

    def kill(self) -> None:
        """End it with no word to anybody."""
        self.process.kill()
        self.process.wait()


@contextmanager
def worker_process(
    url: str, name: str, directory: Path, *, redelivery_timeout: float, hold: bool
) -> Generator[WorkerProcess]:
    """Work in a process of its own; what it runs never ends if it shall `hold`."""
    journal = directory / f"journal-{len(list(directory.glob('journal-*')))}"
    journal.touch()
    given = [url, name, str(journal), str(redelivery_timeout), str(int(hold))]
    process = subprocess.Popen([sys.executable, __file__, *given], start_new_session=True)
    try:
        yield WorkerProcess(process, journal)
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


async def _main(url: str, name: str, journal: str, redelivery_timeout: str, hold: str) -> None:
    async def run(task: str, leg: int) -> None:
        with Path(journal).open("a") as file:
            file.write(json.dumps([task, leg]) + "\n")
        await asyncio.sleep(3600 if int(hold) else 0)

    engine = make_engine(url, name, redelivery_timeout=float(redelivery_timeout))
    async with opened(engine):
        await engine.work(run, concurrency=10, name=f"process {os.getpid()}")


if __name__ == "__main__":
    asyncio.run(_main(*sys.argv[1:]))
