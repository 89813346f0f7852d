"""Soak: sessions that are opened and abandoned. What each costs, and whether it goes away."""

from __future__ import annotations

import time
from pathlib import Path

import messages
from http1 import Connection
from soaked import Finding, megabytes, open_sessions, soak_server, until, vitals, warm_up

LIMIT = 5 * 1000
"""Bytes per abandoned session."""
SAMPLE = 100
"""Sessions that are asked at the end whether they are gone."""


async def soak(python: Path, *, sessions: int, idle: float) -> Finding:
    finding = Finding()
    with soak_server(python) as port:
        await measure_cost(port, sessions, finding)
    with soak_server(python, idle=idle) as port:
        await measure_expiry(port, sessions, idle, finding)
    return finding


async def measure_cost(port: int, sessions: int, finding: Finding) -> None:
    await warm_up(port)
    before = await vitals(port)
    begin = time.perf_counter()
    await open_sessions(port, sessions)
    elapsed = time.perf_counter() - begin
    after = await vitals(port)
    cost = (after.rss - before.rss) / sessions
    finding.add("sessions opened", f"{sessions:,} in {elapsed:.1f} s")
    finding.add(
        "sessions open at once", "unknown" if after.sessions is None else f"{after.sessions:,}"
    )
    problem = f"more than {LIMIT:,}" if cost > LIMIT else None
    finding.add("bytes per abandoned session", f"{cost:,.0f}", problem)
    finding.add("tasks per abandoned session", f"{(after.tasks - before.tasks) / sessions:.2f}")


async def measure_expiry(port: int, sessions: int, idle: float, finding: Finding) -> None:
    await warm_up(port)
    before = await vitals(port)
    opened = await open_sessions(port, sessions)
    full = await vitals(port)
    begin = time.perf_counter()
    connection = await Connection.open(port)
    untouched = reversed(opened)

    async def all_gone() -> bool:
        """Ask the server; if it cannot tell, the newest session that was not asked before."""
        latest = await vitals(port)
        if latest.sessions is not None:
            return latest.sessions == 0
        return await is_gone(connection, port, next(untouched, opened[0]))

    await until(all_gone, patience=10 * idle + 30)
    elapsed = time.perf_counter() - begin
    sample = opened[: len(opened) // 2][:: max(1, sessions // 2 // SAMPLE)]
    alive = [session for session in sample if not await is_gone(connection, port, session)]
    await connection.close()
    after = await vitals(port)
    what = f"{len(alive)} of {len(sample)} asked"
    finding.add(
        f"alive {elapsed:.1f} s later (idle limit {idle:g} s)", what, "none due" if alive else None
    )
    memory = [megabytes(one.rss) for one in (before, full, after)]
    finding.add("memory before, full, after", ", ".join(memory))
    left = after.tasks - before.tasks
    names = f"left: {after.task_names}" if left > 0 else None
    finding.add("tasks left by sessions", str(max(left, 0)), names)


async def is_gone(connection: Connection, port: int, session: str) -> bool:
    call = messages.call("handshake", 2, "add", messages.ARGUMENTS)
    response = await connection.request(messages.post(port, "handshake", call, session))
    return response.status == 404
