"""What sessions kept in Redis cost, the model that follows, and a simulation that checks it.

uv run python bench/capacity.py [--sessions 100000] [--markdown]

The costs are taken from a few thousand sessions; the model adds them up for many; then that many
are opened, used and listened to, in one worker that is called in process and a real Redis server,
and what that took stands beside what the model said.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import subprocess
import sys
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace

import redis
from process import SERVERS, log
from redis_process import redis_server

SAMPLE = 4000

# The load that the table of sizes is for.
CALLS_PER_MINUTE = 1.0
STREAMED = 0.5
LISTENING = 0.5
LIFETIME = 1800.0
KEPT = 300.0
"""Seconds for which an answered stream stays in Redis (`ANSWERED` in server/cluster/calls.py)."""
BUSY = 0.6
"""How much of a core a worker may use on average."""
REPLICA = 60.0
"""Seconds for which a worker keeps what it does not use (`LOCAL_IDLE`)."""


@dataclass(frozen=True)
class Cost:
    """Of one thing: CPU microseconds and bytes of a worker, commands and bytes of Redis."""

    cpu: float
    memory: float
    commands: float
    kept: float

    def times(self, count: float) -> Cost:
        return Cost(self.cpu * count, self.memory * count, self.commands * count, self.kept * count)

    def plus(self, other: Cost) -> Cost:
        return Cost(
            self.cpu + other.cpu,
            self.memory + other.memory,
            self.commands + other.commands,
            self.kept + other.kept,
        )


class Site:
    """A worker and its Redis."""

    def __init__(self, process: subprocess.Popen[str], store: redis.Redis) -> None:
        self._process = process
        self._store = store
        self._memory = 0.0

    def ask(self, do: str, count: int = 0) -> dict[str, float]:
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write(json.dumps({"do": do, "count": count}) + "\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())

    def cost(self, do: str, count: int) -> Cost:
        """What it takes to do something so many times, all together."""
        before = self._counters()
        done = self.ask(do, count)
        after = self._counters()
        memory, self._memory = done["memory"] - self._memory, done["memory"]
        commands = after["commands"] - before["commands"]
        return Cost(done["cpu"] * 1e6, memory, commands, after["bytes"] - before["bytes"])

    def _counters(self) -> dict[str, float]:
        found = self._store.info("all")
        return {
            "commands": found["total_commands_processed"],
            "bytes": found["used_memory_dataset"],
        }


@contextmanager
def site() -> Generator[Site]:
    with redis_server() as url, redis.Redis.from_url(url) as store:
        command = [sys.executable, str(SERVERS / "capacity_app.py")]
        environment = {**os.environ, "FASTMCP_SESSION_STORE": url}
        pipe = subprocess.PIPE
        process = subprocess.Popen(command, stdin=pipe, stdout=pipe, env=environment, text=True)
        with process:
            yield Site(process, store)
            assert process.stdin is not None
            process.stdin.close()


def unit_costs() -> dict[str, Cost]:
    """Of one session, one call, one streamed call and one listening stream: memory from a run of
    its own, since counting it takes time.
    """
    found: dict[str, Cost] = {}
    with site() as timed, site() as traced:
        for each in (timed, traced):
            for do in ("open", "call", "stream"):
                each.ask(do, 500)
        traced.ask("trace")
        for do in ("open", "call", "stream", "listen"):
            cpu = timed.cost(do, SAMPLE).cpu / SAMPLE
            rest = traced.cost(do, SAMPLE).times(1 / SAMPLE)
            found[do] = Cost(cpu, rest.memory, rest.commands, rest.kept)
            log(f"{do:8} {found[do]}")
    return found


def predict(costs: dict[str, Cost], counts: Mapping[str, float]) -> Cost:
    """What it takes to do all of this."""
    total = Cost(0, 0, 0, 0)
    for do, count in counts.items():
        total = total.plus(costs[do].times(count))
    return total


def worker_memory(costs: dict[str, Cost], at_hand: float, listening: float) -> float:
    """Of a worker that has so many sessions at hand, those of who listens among them."""
    return at_hand * costs["open"].memory + listening * costs["listen"].memory


def simulate(counts: dict[str, int]) -> Cost:
    """Do it; the worker's memory is what it is once it has let go of what nobody uses."""
    total = Cost(0, 0, 0, 0)
    with site() as running:
        running.ask("trace")
        for do, count in {**counts, "rest": 1}.items():
            total = total.plus(running.cost(do, count))
            log(f"{do:8} {count:,}")
    with site() as running:
        cpu = sum(running.cost(do, count).cpu for do, count in counts.items())
    return Cost(cpu, total.memory, total.commands, total.kept)


def sizes(costs: dict[str, Cost], sessions: int) -> list[str]:
    """A row of the table of sizes: what so many live sessions need."""
    calls = sessions * CALLS_PER_MINUTE / 60
    streams, plain, opened = calls * STREAMED, calls * (1 - STREAMED), sessions / LIFETIME
    per_second = predict(costs, {"open": opened, "call": plain, "stream": streams})
    workers = math.ceil(per_second.cpu / 1e6 / BUSY)
    listening = sessions * LISTENING
    replicas = min(sessions, max(listening, (calls + opened) * REPLICA))
    memory = worker_memory(costs, replicas, listening)
    kept = (
        sessions * costs["open"].kept
        + listening * costs["listen"].kept
        + streams * KEPT * costs["stream"].kept
    )
    return [
        f"{sessions:,}",
        f"{calls:,.0f}",
        f"{workers:,}",
        f"{memory / workers / 2**20:,.0f} MiB",
        f"{kept / 2**20:,.0f} MiB",
        f"{per_second.commands:,.0f}",
    ]


def table(rows: list[list[str]], *, markdown: bool) -> str:
    if markdown:
        head, *rest = rows
        lines = [head, ["---"] * len(head), *rest]
        return "\n".join("| " + " | ".join(line) + " |" for line in lines)
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        for row in rows
    )


def main() -> None:
    formatter = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=formatter)
    parser.add_argument("--sessions", type=int, default=100_000)
    parser.add_argument("--markdown", action="store_true")
    options = parser.parse_args()

    costs = unit_costs()
    names = {
        "open": "a session: handshake, and what stays",
        "call": "a call answered by JSON",
        "stream": "a call answered by a stream",
        "listen": "a stream to listen on",
    }
    rows = [["what", "worker CPU", "worker memory", "Redis commands", "Redis memory"]]
    for do, name in names.items():
        cost = costs[do]
        rows.append(
            [
                name,
                f"{cost.cpu:,.0f} µs",
                f"{max(cost.memory, 0):,.0f} B",
                f"{cost.commands:.1f}",
                f"{max(cost.kept, 0):,.0f} B",
            ]
        )
    print(table(rows, markdown=options.markdown), end="\n\n")

    counts = {
        "open": options.sessions,
        "call": options.sessions,
        "stream": options.sessions // 2,
        "listen": options.sessions // 2,
    }
    said = replace(
        predict(costs, counts), memory=worker_memory(costs, counts["listen"], counts["listen"])
    )
    was = simulate(counts)
    rows = [[f"{options.sessions:,} sessions", "model", "simulation", "simulation/model"]]
    for name, unit, attribute, scale in (
        ("worker CPU", "s", "cpu", 1e6),
        ("worker memory", "MiB", "memory", 2**20),
        ("Redis commands", "", "commands", 1),
        ("Redis memory", "MiB", "kept", 2**20),
    ):
        one, two = getattr(said, attribute) / scale, getattr(was, attribute) / scale
        rows.append([name, f"{one:,.0f} {unit}", f"{two:,.0f} {unit}", f"{two / one:.2f}"])
    print(table(rows, markdown=options.markdown), end="\n\n")

    rows = [["live sessions", "calls/s", "workers", "memory each", "Redis memory", "commands/s"]]
    rows += [sizes(costs, sessions) for sessions in (10**3, 10**4, 10**5, 10**6)]
    print(table(rows, markdown=options.markdown))


if __name__ == "__main__":
    main()
