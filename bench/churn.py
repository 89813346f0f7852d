"""Soak: calls of which many are cancelled or dropped. Memory stays flat, no task is left."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import messages
from http1 import Connection
from process import BenchError
from soaked import (
    Finding,
    Vitals,
    delete_session,
    expect,
    megabytes,
    open_session,
    soak_server,
    tasks_settle,
    until,
    vitals,
    warm_up,
)

CLIENTS = 32
SAMPLES = 10
SETTLED = 3
"""Memory is compared from this sample on; before it the server fills its caches."""
GROWTH_LIMIT = 0.05
FOREVER = 3600.0
"""A wait that only ends by being cancelled."""
GRACE = 1.0
"""Seconds in which a cancelled request may still be answered."""

ACTIONS = {
    "call": 60,
    "modern_call": 20,
    "cancel": 8,
    "modern_drop": 6,
    "drop_unread": 4,
    "drop_half_sent": 2,
}


class Client:
    """One client with a handshake session, in which it acts at random."""

    def __init__(self, port: int, seed: int) -> None:
        self._port = port
        self._random = random.Random(seed)
        self._id = 0
        self._session = ""
        self._main: Connection
        self._side: Connection

    async def start(self) -> None:
        self._main = await Connection.open(self._port)
        self._side = await Connection.open(self._port)
        self._session = await open_session(self._main, self._port)

    async def stop(self) -> None:
        await delete_session(self._side, self._port, self._session)
        await self._main.close()
        await self._side.close()

    async def act(self, tally: Counter[str]) -> None:
        [action] = self._random.choices(list(ACTIONS), list(ACTIONS.values()))
        tally[action] += 1
        outcome = await getattr(self, f"_{action}")()
        if outcome:
            tally[outcome] += 1

    def _request(self, era: messages.Era, tool: str, arguments: dict[str, Any]) -> bytes:
        self._id += 1
        call = messages.call(era, self._id, tool, arguments, progress=tool == "wait")
        session = self._session if era == "handshake" else None
        return messages.post(self._port, era, call, session)

    async def _call(self) -> None:
        request = self._request("handshake", "add", messages.ARGUMENTS)
        expect(await self._main.request(request), 200)

    async def _modern_call(self) -> None:
        request = self._request("modern", "add", messages.ARGUMENTS)
        expect(await self._main.request(request), 200)

    async def _cancel(self) -> str | None:
        """Cancel a call that has begun; it may or may not be answered."""
        await self._begin_to_wait("handshake")
        cancel = messages.cancelled(self._id)
        request = messages.post(self._port, "handshake", cancel, self._session)
        expect(await self._side.request(request), 202)
        try:
            await asyncio.wait_for(self._main.receive(), GRACE)
        except TimeoutError:
            await self._reconnect()
            return "cancelled and stream left open"
        return None

    async def _modern_drop(self) -> None:
        """Closing the stream is how a modern client cancels."""
        await self._begin_to_wait("modern")
        await self._reconnect()

    async def _drop_unread(self) -> None:
        await self._main.send(self._request("handshake", "add", messages.ARGUMENTS))
        await self._reconnect()

    async def _drop_half_sent(self) -> None:
        request = self._request("modern", "add", messages.ARGUMENTS)
        await self._main.send(request[: self._random.randrange(1, len(request))])
        await self._reconnect()

    async def _begin_to_wait(self, era: messages.Era) -> None:
        await self._main.send(self._request(era, "wait", {"seconds": FOREVER}))
        if not await self._main.receive_until(b"notifications/progress"):
            raise BenchError("a call that was to wait ended before it reported progress")

    async def _reconnect(self) -> None:
        self._main.abort()
        self._main = await Connection.open(self._port)


async def soak(python: Path, *, calls: int) -> Finding:
    finding = Finding()
    with soak_server(python) as port:
        await warm_up(port)
        before = await vitals(port)
        clients = [Client(port, seed) for seed in range(CLIENTS)]
        await asyncio.gather(*(client.start() for client in clients))
        tally = Counter[str]()
        samples: list[Vitals] = []
        for _ in range(SAMPLES):
            await act_together(clients, calls // SAMPLES, tally)
            samples.append(await calm(port))
        await asyncio.gather(*(client.stop() for client in clients))
        after = await tasks_settle(port, before.tasks)
    finding.add("calls", f"{calls:,}: " + ", ".join(f"{n:,} {what}" for what, n in tally.items()))
    add_growth(finding, "memory", [sample.rss for sample in samples], megabytes)
    add_growth(finding, "live allocations", [sample.blocks for sample in samples], "{:,}".format)
    left = max(after.tasks - before.tasks, 0)
    names = f"running: {after.task_names}" if left else None
    finding.add("tasks left", f"{left} ({after.waiting} calls still run)", names)
    return finding


async def calm(port: int) -> Vitals:
    """The vitals once the server is through with what was dropped."""
    tasks = -1
    latest = await vitals(port)

    async def same_as_before() -> bool:
        nonlocal tasks, latest
        latest = await vitals(port)
        same = latest.tasks == tasks
        tasks = latest.tasks
        return same

    await until(same_as_before)
    return latest


def add_growth(finding: Finding, what: str, sizes: list[int], form: Callable[[int], str]) -> None:
    finding.add(f"{what} along the way", ", ".join(form(size) for size in sizes))
    growth = sizes[-1] / sizes[SETTLED] - 1
    problem = f"more than {GROWTH_LIMIT:.0%}" if growth > GROWTH_LIMIT else None
    finding.add(f"growth of {what} after warm-up", f"{growth:+.1%}", problem)


async def act_together(clients: list[Client], actions: int, tally: Counter[str]) -> None:
    """So many actions in all, each client taking the next as soon as it is free."""
    remaining = iter(range(actions))

    async def work(client: Client) -> None:
        for _ in remaining:
            await client.act(tally)

    await asyncio.gather(*(work(client) for client in clients))
