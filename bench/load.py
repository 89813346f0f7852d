"""HTTP load generator: N keep-alive connections, each with one call in flight, for a while.

Runs as its own process (`python bench/load.py --port …`) and prints one JSON line; `drive()`
starts it and returns that line as a Load.
"""

from __future__ import annotations

import argparse
import asyncio
import http.client
import json
import sys
import time
from dataclasses import asdict, dataclass

import messages
from http1 import Response, ResponseReader
from process import BENCH, BenchError, cpu_seconds, output_of

FIRST_ID = 1_000_000_000
"""Ids count up from here: all have one width, so the request's length never changes."""
IDS_PER_CONNECTION = 10_000_000
WARM_UP = 0.3


@dataclass(frozen=True)
class Target:
    """What to call, and how."""

    port: int
    era: messages.Era
    tool: str = "add"
    session: bool = False
    pid: int = 0
    """The server's process, to see how busy it was; 0 when that does not matter."""
    token: str = ""
    """The bearer token that each call has."""

    @property
    def progress(self) -> bool:
        return self.tool == "add_with_progress"


@dataclass(frozen=True)
class Load:
    """What came of it."""

    calls: int
    errors: int
    first_error: str
    seconds: float
    p50_ms: float
    p99_ms: float
    server_cpu: float | None
    """CPU seconds that the server used."""

    @property
    def rate(self) -> float:
        return self.calls / self.seconds


class Caller(asyncio.Protocol):
    """One connection: send, read the answer, send the next."""

    def __init__(self, run: Run, request: bytes, first_id: int) -> None:
        self._run = run
        self._before, self._after = request.split(b"%d" % FIRST_ID)
        self._id = first_id
        self._reader = ResponseReader()
        self._transport: asyncio.Transport | None = None
        self._sent_at = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._send()

    def _send(self) -> None:
        assert self._transport is not None
        self._sent_at = time.perf_counter()
        self._transport.write(b"%b%d%b" % (self._before, self._id, self._after))
        self._id += 1

    def data_received(self, data: bytes) -> None:
        response = self._reader.feed(data)
        if response is None:
            return
        self._run.answered(response, time.perf_counter() - self._sent_at)
        if self._run.finished.done():
            assert self._transport is not None
            self._transport.close()
        else:
            self._send()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self._run.finished.done():
            self._run.failed(f"connection lost: {exc or 'closed by the server'}")
            self._run.finish()


class Run:
    """Counts the answers of all connections between the end of the warm-up and the end."""

    def __init__(self, target: Target) -> None:
        self._target = target
        self.finished: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._checked = False
        self._latencies: list[float] = []
        self._errors = 0
        self._first_error = ""
        self._begin()

    def _begin(self) -> None:
        self._latencies.clear()
        self._cpu_at = cpu_seconds(self._target.pid)
        self._began_at = time.perf_counter()

    def answered(self, response: Response, seconds: float) -> None:
        if not self._checked:
            self._checked = True
            self._check_first(response)
        if response.status != 200 or not messages.is_good(response.body):
            self.failed(f"HTTP {response.status}: {response.body[:200]!r}")
        self._latencies.append(seconds)

    def _check_first(self, response: Response) -> None:
        try:
            answer = messages.parse_answer(response.body)
            messages.check_answer(answer, progress=self._target.progress)
        except ValueError as error:
            self.failed(str(error))

    def failed(self, why: str) -> None:
        self._errors += 1
        self._first_error = self._first_error or why

    def finish(self) -> None:
        if not self.finished.done():
            self.finished.set_result(None)

    async def measure(self, connections: int, seconds: float, sessions: list[str | None]) -> Load:
        loop = asyncio.get_running_loop()
        for number in range(connections):
            call = messages.call(
                self._target.era,
                FIRST_ID,
                self._target.tool,
                messages.ARGUMENTS,
                progress=self._target.progress,
            )
            if self._target.progress:
                call["params"]["_meta"]["progressToken"] = f"progress-{number}"
            request = messages.post(
                self._target.port, self._target.era, call, sessions[number], self._target.token
            )
            caller = Caller(self, request, FIRST_ID + number * IDS_PER_CONNECTION)
            await loop.create_connection(lambda c=caller: c, "127.0.0.1", self._target.port)
        loop.call_later(WARM_UP, self._begin)
        loop.call_later(WARM_UP + seconds, self.finish)
        await self.finished
        return self._summary()

    def _summary(self) -> Load:
        elapsed = time.perf_counter() - self._began_at
        cpu_now = cpu_seconds(self._target.pid)
        cpu = None
        if cpu_now is not None and self._cpu_at is not None:
            cpu = cpu_now - self._cpu_at
        ordered = sorted(self._latencies) or [0.0]
        return Load(
            calls=len(self._latencies),
            errors=self._errors,
            first_error=self._first_error,
            seconds=elapsed,
            p50_ms=ordered[len(ordered) // 2] * 1000,
            p99_ms=ordered[len(ordered) * 99 // 100] * 1000,
            server_cpu=cpu,
        )


def open_session(port: int) -> str:
    """Shake hands on a connection of its own; return the session id."""
    session = _send(port, messages.initialize(), None)
    if not session:
        raise BenchError("initialize gave no session id")
    _send(port, messages.initialized(), session)
    return session


def _send(port: int, message: dict[str, object], session: str | None) -> str | None:
    connection = http.client.HTTPConnection("127.0.0.1", port)
    fields = messages.headers("handshake", message, session)
    connection.request("POST", messages.PATH, messages.encode(message), fields)
    response = connection.getresponse()
    body = response.read()
    connection.close()
    if response.status not in (200, 202):
        raise BenchError(f"{message['method']}: HTTP {response.status} {body[:200]!r}")
    return response.getheader("Mcp-Session-Id")


def close_session(port: int, session: str) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port)
    fields = {
        "Mcp-Session-Id": session,
        "MCP-Protocol-Version": messages.VERSIONS["handshake"],
        "Accept": "application/json, text/event-stream",
    }
    connection.request("DELETE", messages.PATH, headers=fields)
    connection.getresponse().read()
    connection.close()


async def generate(target: Target, connections: int, seconds: float) -> Load:
    """Put the load on, in this process."""
    opened = [open_session(target.port) for _ in range(connections) if target.session]
    sessions: list[str | None] = [*opened] or [None] * connections
    try:
        return await Run(target).measure(connections, seconds, sessions)
    finally:
        for session in opened:
            close_session(target.port, session)


def drive(target: Target, *, connections: int, seconds: float) -> Load:
    """Put the load on from a process of its own; raise if any call failed."""
    command = [sys.executable, BENCH / "load.py", "--connections", str(connections)]
    command += ["--seconds", str(seconds), "--target", json.dumps(asdict(target))]
    load = Load(**json.loads(output_of(*command)))
    if load.errors:
        raise BenchError(f"{load.errors} errors in {load.calls} calls, first: {load.first_error}")
    return load


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--target", required=True, help="a Target as JSON")
    parser.add_argument("--connections", type=int, default=16)
    parser.add_argument("--seconds", type=float, default=2.0)
    options = parser.parse_args()
    target = Target(**json.loads(options.target))
    load = asyncio.run(generate(target, options.connections, options.seconds))
    print(json.dumps(asdict(load)))


if __name__ == "__main__":
    main()
