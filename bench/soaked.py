"""What the three soaks share: the server under soak, its vital signs, sessions on it."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import zip_longest
from pathlib import Path

import messages
from http1 import Connection, Response
from process import SERVERS, BenchError, http_server

POLL = 0.1
PATIENCE = 60.0
CONNECTIONS = 16


@dataclass(frozen=True)
class Vitals:
    """What the server says about itself."""

    rss: int
    blocks: int
    """Live allocations of the interpreter: what grows with a leak, whatever the allocator keeps."""
    tasks: int
    task_names: dict[str, int]
    sessions: int | None
    waiting: int
    """Calls of the `wait` tool that still run."""
    emitted: int
    """Notifications the `flood` tool has sent."""


@dataclass
class Finding:
    """One soak's outcome: facts to print, and those that break a limit."""

    facts: dict[str, str] = field(default_factory=dict[str, str])
    problems: list[str] = field(default_factory=list[str])

    def add(self, name: str, value: str, problem: str | None = None) -> None:
        self.facts[name] = value
        if problem is not None:
            self.problems.append(f"{name}: {value} ({problem})")


@contextmanager
def soak_server(python: Path, *, idle: float = 1800.0) -> Generator[int]:
    """The soak server; gives its port."""
    script = SERVERS / "soak_app.py"
    with http_server(python, script, "--idle", str(idle)) as (_, port):
        yield port


async def vitals(port: int) -> Vitals:
    """Read them on a connection of their own."""
    connection = await Connection.open(port)
    request = messages.http_request("GET", port, {"Accept": "*/*"}, path="/debug")
    response = await connection.request(request)
    await connection.close()
    if response.status != 200:
        raise BenchError(f"/debug: HTTP {response.status} {response.body[:200]!r}")
    return Vitals(**json.loads(response.body))


async def until(condition: Callable[[], Awaitable[bool]], patience: float = PATIENCE) -> bool:
    """Poll until the condition holds; False when patience ran out."""
    deadline = time.monotonic() + patience
    while not await condition():
        if time.monotonic() > deadline:
            return False
        await asyncio.sleep(POLL)
    return True


async def tasks_settle(port: int, baseline: int) -> Vitals:
    """Wait until no more tasks than at the beginning are left; return the last vitals."""
    latest = await vitals(port)

    async def settled() -> bool:
        nonlocal latest
        latest = await vitals(port)
        return latest.tasks <= baseline and latest.waiting == 0

    await until(settled, patience=15.0)
    return latest


async def open_session(connection: Connection, port: int) -> str:
    """Shake hands; return the session id."""
    response = await connection.request(messages.post(port, "handshake", messages.initialize()))
    session = response.header("mcp-session-id")
    if response.status != 200 or session is None:
        raise BenchError(f"initialize: HTTP {response.status} {response.body[:200]!r}")
    request = messages.post(port, "handshake", messages.initialized(), session)
    expect(await connection.request(request), 202)
    return session


async def delete_session(connection: Connection, port: int, session: str) -> None:
    fields = {
        "Mcp-Session-Id": session,
        "MCP-Protocol-Version": messages.VERSIONS["handshake"],
        "Accept": "application/json, text/event-stream",
    }
    expect(await connection.request(messages.http_request("DELETE", port, fields)), 200, 202, 204)


async def open_sessions(port: int, number: int) -> list[str]:
    """Open many sessions over a few connections and leave them open; the newest come last."""

    async def some(count: int) -> list[str]:
        connection = await Connection.open(port)
        sessions = [await open_session(connection, port) for _ in range(count)]
        await connection.close()
        return sessions

    shares = [len(range(first, number, CONNECTIONS)) for first in range(CONNECTIONS)]
    batches = await asyncio.gather(*(some(share) for share in shares))
    turns = zip_longest(*batches)
    return [session for turn in turns for session in turn if session is not None]


async def warm_up(port: int, sessions: int = 100) -> None:
    """Let the server allocate what it allocates once."""
    connection = await Connection.open(port)
    for session in await open_sessions(port, sessions):
        call = messages.call("handshake", 1, "add", messages.ARGUMENTS)
        expect(await connection.request(messages.post(port, "handshake", call, session)), 200)
        await delete_session(connection, port, session)
    await connection.close()


def expect(response: Response, *statuses: int) -> None:
    if response.status not in statuses:
        raise BenchError(f"HTTP {response.status} {response.body[:200]!r}, due was {statuses}")


def megabytes(size: float) -> str:
    return f"{size / 2**20:.1f} MiB"
