"""Tasks, and workers that are killed while they run them; what became of all."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from runpy import run_path
from typing import Any

from msgspec import json

from fastmcp import Client, FastMCP
from fastmcp.exceptions import FastMCPError, StoreUnavailable
from fastmcp.server.tasks.record import TaskRecord
from fastmcp.server.tasks.service import TaskService
from fastmcp.settings import settings

SERVER = Path(__file__).with_name("chaos_server.py")


@dataclass
class Plan:
    """So many tasks at a URL, and so many workers, of which one is killed every so many seconds
    and replaced, so many times at most. `restart` is done once, after the second time.
    """

    url: str
    directory: Path
    tasks: int
    workers: int
    kill_every: float
    kills: int
    concurrency: int = 4
    redelivery_timeout: float = 3.0
    restart: Callable[[], None] | None = None
    patience: float = 40.0

    @property
    def journal(self) -> Path:
        """Where it stands what was run."""
        return self.directory / "journal"

    @property
    def runs(self) -> list[list[str]]:
        """The number of the task, and the process, of every run that has begun."""
        return [line.split() for line in self.journal.read_text().splitlines()]

    @property
    def environment(self) -> Mapping[str, str]:
        """The settings of the server and its workers."""
        return {
            "FASTMCP_DOCKET_URL": self.url,
            "FASTMCP_DOCKET_CONCURRENCY": str(self.concurrency),
            "FASTMCP_DOCKET_REDELIVERY_TIMEOUT": str(self.redelivery_timeout),
            "FASTMCP_DOCKET_RECONNECTION_DELAY": "0.2",
            "FASTMCP_SHOW_SERVER_BANNER": "false",
            "CHAOS_JOURNAL": str(self.journal),
        }


@dataclass
class Report:
    """What became of the tasks: `accepted` ones were answered with an id. `again` are the runs
    beyond the first of each; `changed` are those that were something else after their end.
    """

    accepted: int
    refused: int
    statuses: Counter[str]
    wrong: int
    changed: int
    runs: int
    again: int
    kills: int
    seconds: float

    def __str__(self) -> str:
        statuses = ", ".join(f"{count} {name}" for name, count in sorted(self.statuses.items()))
        return (
            f"{self.accepted} tasks accepted ({self.refused} refused), {statuses}; "
            f"{self.wrong} with a wrong result, {self.changed} changed after their end; "
            f"{self.runs} runs, {self.again} again; {self.kills} workers killed; "
            f"{self.seconds:.1f} s"
        )


async def chaos(plan: Plan) -> Report:
    """Submit the tasks, kill the workers, and wait until every task has ended."""
    plan.journal.touch()
    began = time.monotonic()
    async with _submitting(plan) as (client, service):
        with Crew(plan) as crew:
            killing = asyncio.create_task(crew.kill_some())
            try:
                accepted, refused = await _submit(client, plan.tasks)
                ends = await _ends(service, accepted, plan.patience)
            finally:
                killing.cancel()
            later = [await service.store.get(id) for id in accepted]
    runs = Counter(number for number, _ in plan.runs)
    return Report(
        accepted=len(accepted),
        refused=refused,
        statuses=Counter("lost" if end is None else end.status for end in ends.values()),
        wrong=sum(not _right(end, accepted[id]) for id, end in ends.items()),
        changed=sum(ends[id] != record for id, record in zip(accepted, later, strict=True)),
        runs=runs.total(),
        again=runs.total() - len(runs),
        kills=crew.killed,
        seconds=time.monotonic() - began,
    )


class Crew:
    """The workers."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._workers: list[subprocess.Popen[bytes]] = []
        self.killed = 0

    def __enter__(self) -> Crew:
        for _ in range(self._plan.workers):
            self._add()
        return self

    def __exit__(self, *_: object) -> None:
        for worker in self._workers:
            worker.kill()
            worker.wait()

    def _add(self) -> None:
        command = [sys.executable, "-m", "fastmcp", "tasks", "worker", str(SERVER)]
        with (self._plan.directory / "workers.log").open("ab") as log:
            worker = subprocess.Popen(
                command, env={**os.environ, **self._plan.environment}, stdout=log, stderr=log
            )
        self._workers.append(worker)

    async def kill_some(self) -> None:
        """One after the other that has run something, the oldest first."""
        while self.killed < self._plan.kills:
            await asyncio.sleep(self._plan.kill_every)
            while (victim := self._oldest()) is None:
                await asyncio.sleep(0.05)
            self._workers.remove(victim)
            victim.kill()
            victim.wait()
            self.killed += 1
            self._add()
            if self._plan.restart is not None and self.killed == 2:
                await asyncio.to_thread(self._plan.restart)

    def _oldest(self) -> subprocess.Popen[bytes] | None:
        active = {int(process) for _, process in self._plan.runs}
        return next((worker for worker in self._workers if worker.pid in active), None)


@asynccontextmanager
async def _submitting(plan: Plan) -> AsyncIterator[tuple[Client[Any], TaskService]]:
    """A client of a server that runs no task itself."""
    server: FastMCP[Any] = run_path(str(SERVER))["mcp"]
    server._parts.tasks.url = plan.url
    settings.docket_concurrency = 0
    try:
        service = server._parts.tasks.service()
    finally:
        del settings.docket_concurrency
    async with Client(server) as client:
        yield client, service


async def _submit(client: Client[Any], tasks: int) -> tuple[dict[str, int], int]:
    """The number behind each task that was accepted, by its id; and how often one was refused."""
    accepted: dict[str, int] = {}
    refused = 0
    numbers = iter(range(tasks))

    async def some() -> None:
        nonlocal refused
        for number in numbers:
            while (id := await _accepted(client, number)) is None:
                refused += 1
                await asyncio.sleep(0.1)
            accepted[id] = number

    await asyncio.gather(*(some() for _ in range(8)))
    return accepted, refused


async def _accepted(client: Client[Any], number: int) -> str | None:
    try:
        task = await client.call_tool("work", {"number": number}, task=True)
    except FastMCPError:
        return None
    return None if task.returned_immediately else task.task_id  # that is an error of the tool


async def _ends(
    service: TaskService, ids: Iterable[str], patience: float
) -> dict[str, TaskRecord | None]:
    """Each task as it was when it had ended; or as it is when nobody has the patience any more."""
    ends: dict[str, TaskRecord | None] = {}
    waiting, deadline = list(ids), time.monotonic() + patience
    while waiting:
        late = time.monotonic() > deadline
        try:
            found = {id: await service.store.get(id) for id in waiting}
        except StoreUnavailable:
            found = {}
        ends |= {id: end for id, end in found.items() if late or end is None or end.ended}
        waiting = [id for id in waiting if id not in ends]
        await asyncio.sleep(0.1)
    return ends


def _right(record: TaskRecord | None, number: int) -> bool:
    if record is None or record.status != "completed":
        return False
    return json.decode(record.result)["structuredContent"] == {"result": number}
