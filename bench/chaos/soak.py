"""The soak with faults, from its beginning to its report."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

from process import SERVERS, Program, running
from soaked import Finding, until

from fastmcp import FastMCP

from .judging import judge_calls, judge_journal, judge_left, judge_logs, read_outcomes
from .memory import Memory
from .relay import Relay
from .schedule import Schedule
from .site import Site, official_python
from .strays import strays

SETTLING = 60.0
"""Seconds within which every task ends, and everything is gone that clients left behind."""
LATE = 240.0
"""Seconds that all may take besides the time in which it is disturbed."""


async def soak(
    python: Path,
    *,
    seconds: float,
    seed: int,
    workers: int,
    clients: int,
    every: float,
    folder: Path,
) -> Finding:
    """Disturb a site and its clients for so long, with a fault every so many seconds."""
    finding = Finding()
    finding.add("seed", str(seed))
    async with (
        asyncio.timeout(seconds + LATE),
        Site(folder, workers) as site,
        Relay(site.nginx.port) as relay,
    ):
        steady = site.workers[0]
        schedule = Schedule(site, relay, seed, every)
        before = await steady.debug()
        url = f"http://127.0.0.1:{relay.port}/mcp"
        command = [python, SERVERS / "chaos_clients.py", url, folder, str(seed), str(clients)]
        with running(*command) as program:
            memory = Memory(site, program.pid)
            at_first = await _signs(program)
            async with memory.sampled(seconds / 60):
                with running(*_official(url, folder, seed)):
                    await schedule.run(seconds)
            await asyncio.to_thread(program.write, b"stop\n")
            judge_left(finding, "the clients", at_first, await _signs(program))
            program.write(b"end\n")
        for what, number in sorted(schedule.tally.items()):
            finding.add(what, f"{number:,}")
        finding.problems += schedule.problems
        await _judge_tasks(finding, site)
        await until(lambda: _is_calm(site, before), patience=SETTLING)
        judge_left(finding, "the worker that stayed", before, await steady.debug())
        memory.judge(finding)
        _judge_keys(finding, site)
    outcomes = read_outcomes(folder / "outcomes")
    judge_calls(finding, outcomes)
    judge_journal(finding, outcomes, site.journal)
    judge_logs(finding, [worker.log for worker in site.workers])
    left = strays(folder)
    finding.add("processes left", str(len(left)), "; ".join(left) if left else None)
    return finding


def _official(url: str, folder: Path, seed: int) -> list[str | Path]:
    """The client of the official SDK, from where the tests have it."""
    program = SERVERS / "chaos_official.py"
    return [official_python(), program, url, folder / "outcomes", str(seed)]


async def _signs(program: Program) -> dict[str, Any]:
    return json.loads(await asyncio.to_thread(program.read_line))


async def _is_calm(site: Site, before: dict[str, Any]) -> bool:
    now = await site.workers[0].debug()
    return not now["waiting"] and not now["sessions"] and now["tasks"] <= before["tasks"] + 1


async def _judge_tasks(finding: Finding, site: Site) -> None:
    """Wait until every task has ended, also one whose client never heard of it."""
    service = FastMCP("chaos", tasks=True, docket=site.redis_url)._parts.tasks.service()
    await service.store.open(lambda id: None, settles_key=False)
    unfinished: list[Any] = []
    known: list[str] = []

    async def all_ended() -> bool:
        nonlocal unfinished, known
        known = await service.store.ids()
        records = [await service.store.get(id) for id in known]
        unfinished = [each for each in records if each is not None and not each.ended]
        return not unfinished

    try:
        await until(all_ended, patience=SETTLING)
    finally:
        await service.store.close()
    finding.add("tasks known at the end", f"{len(known):,}")
    stuck = ", ".join(f"{each.id} {each.status}" for each in unfinished)
    finding.add("tasks stuck", str(len(unfinished)), stuck or None)


def _judge_keys(finding: Finding, site: Site) -> None:
    """What is kept in Redis for ever: of ours that is one key, of Docket's its own."""
    with site.redis() as redis:
        names = [name.decode() for name in redis.scan_iter(count=1000)]
        ever = [name for name in names if redis.ttl(name) == -1 and "chaos" not in name]
    finding.add("keys in Redis at the end", f"{len(names):,}")
    problem = f"{sorted(ever)[:5]}" if len(ever) > 1 else None
    finding.add("keys of ours without an end", str(len(ever)), problem)
