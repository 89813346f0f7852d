"""Soak: clients that stop reading. The others are served as before, and memory stays bounded."""

from __future__ import annotations

import asyncio
from pathlib import Path

import messages
from http1 import Connection
from load import Target, drive
from soaked import Finding, megabytes, soak_server, tasks_settle, until, vitals, warm_up

OTHERS = 8
RECEIVE_BUFFER = 4096
BLOB = 8_000_000
FLOOD = {"notifications": 800, "size": 10_000}
"""Both are twice what the kernel holds for a connection whose reader has stopped."""
SLOWEST = 0.7
"""Share of the usual throughput that the others must keep."""


async def soak(python: Path, *, stalled: int, seconds: float) -> Finding:
    finding = Finding()
    with soak_server(python) as port:
        await warm_up(port)
        target = Target(port, "modern")

        async def others() -> float:
            load = await asyncio.to_thread(drive, target, connections=OTHERS, seconds=seconds)
            return load.rate

        alone = await others()
        before = await vitals(port)
        readers = await asyncio.gather(*(stall(port, number) for number in range(stalled)))
        await until_quiet(port)
        full = await vitals(port)
        during = await others()
        for reader in readers:
            reader.abort()
        after = await tasks_settle(port, before.tasks)
        alone_again = await others()
    share = 2 * during / (alone + alone_again)
    rates = f"{alone:,.0f}, {during:,.0f}, {alone_again:,.0f} calls/s"
    finding.add(f"others before, with {stalled} stalled, after", rates)
    problem = f"less than {SLOWEST:.0%}" if share < SLOWEST else None
    finding.add("throughput kept by the others", f"{share:.0%}", problem)
    finding.add("memory per stalled reader", megabytes((full.rss - before.rss) / stalled))
    sent = full.emitted / (stalled - stalled // 2)
    asked = FLOOD["notifications"]
    problem = "never held: the buffer has no bound" if sent >= asked else None
    finding.add("notifications sent before the tool was held", f"{sent:,.0f} of {asked:,}", problem)
    left = max(after.tasks - before.tasks, 0)
    finding.add("tasks left by stalled readers", str(left), str(after.task_names) if left else None)
    return finding


async def stall(port: int, number: int) -> Connection:
    """Ask for a lot, see the answer begin, and read no more of it."""
    tool, arguments = ("blob", {"size": BLOB}) if number % 2 else ("flood", FLOOD)
    call = messages.call("modern", number + 1, tool, arguments, progress=tool == "flood")
    connection = await Connection.open(port, receive_buffer=RECEIVE_BUFFER)
    await connection.send(messages.post(port, "modern", call))
    await connection.receive_until(b"\r\n\r\n")
    return connection


async def until_quiet(port: int) -> None:
    """Wait until the tools that flood are held up, or through."""
    emitted = -1

    async def quiet() -> bool:
        nonlocal emitted
        latest = (await vitals(port)).emitted
        same = latest == emitted
        emitted = latest
        return same

    await until(quiet)
