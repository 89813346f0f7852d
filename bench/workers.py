"""Calls per second of one worker and of several, latencies under load, and what idle streams cost.

uv run python bench/workers.py [--seconds N] [--rounds N] [--workers N]

The load comes from wrk (Debian's package), which shares the machine's cores with the workers.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import load
import messages
from process import SERVERS, BenchError, environment, free_port, log, wait_until_listening

STREAMS = 1000


@dataclass(frozen=True)
class Figures:
    """Of one run of wrk; times in milliseconds."""

    rate: float
    p50: float
    p99: float


@contextmanager
def served(script: str, *arguments: str) -> Generator[tuple[int, int]]:
    """Run a server; its port and process."""
    port = free_port()
    command = [sys.executable, str(SERVERS / script), str(port), *arguments]
    with subprocess.Popen(command, env=environment()) as process:
        try:
            wait_until_listening(port, script)
            yield port, process.pid
        finally:
            process.terminate()
            process.wait()


def wrk(port: int, connections: int, seconds: int, folder: Path) -> Figures:
    """Call `add` over so many connections, one call in flight on each."""
    program = shutil.which("wrk")
    if program is None:
        raise BenchError("wrk is not installed: apt-get install wrk")
    call = messages.call("modern", 1, "add", messages.ARGUMENTS)
    fields = messages.headers("modern", call, None)
    script = folder / "call.lua"
    lines = [
        f"wrk.headers[{json.dumps(name)}] = {json.dumps(str(fields[name]))}" for name in fields
    ]
    body = json.dumps(messages.encode(call).decode())
    script.write_text("\n".join(['wrk.method = "POST"', f"wrk.body = {body}", *lines]))
    command = [program, "-t1", f"-c{connections}", f"-d{seconds}s", "--latency", "-s", str(script)]
    done = subprocess.run(
        [*command, f"http://127.0.0.1:{port}/mcp"], capture_output=True, text=True, check=True
    )
    if "Non-2xx" in done.stdout or "Socket errors" in done.stdout:
        raise BenchError(done.stdout)
    rate = re.search(r"Requests/sec:\s+([\d.]+)", done.stdout)
    assert rate is not None
    return Figures(float(rate[1]), _latency(done.stdout, 50), _latency(done.stdout, 99))


def _latency(output: str, percent: int) -> float:
    found = re.search(rf"{percent}%\s+([\d.]+)(us|ms|s)", output)
    assert found is not None
    return float(found[1]) * {"us": 0.001, "ms": 1, "s": 1000}[found[2]]


def resident(pid: int) -> float:
    """Resident memory of a process in MiB."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) / 1024
    raise BenchError("resident memory needs /proc")


async def idle_streams(port: int, pid: int) -> float:
    """MiB that a thousand sessions with a stream each take."""
    streams: list[asyncio.StreamWriter] = []
    for _ in range(50):
        streams.append(await _listen(port))
    before = resident(pid)
    for _ in range(STREAMS):
        streams.append(await _listen(port))
    cost = resident(pid) - before
    for stream in streams:
        stream.close()
    return cost


async def _listen(port: int) -> asyncio.StreamWriter:
    """Open a session, and its stream on a connection of its own."""
    session = load.open_session(port)
    lines = [
        "GET /mcp HTTP/1.1",
        f"Host: 127.0.0.1:{port}",
        "Accept: text/event-stream",
        f"Mcp-Session-Id: {session}",
        "MCP-Protocol-Version: 2025-11-25",
    ]
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write("\r\n".join([*lines, "", ""]).encode())
    head = await reader.readuntil(b"\r\n\r\n")
    if b" 200 " not in head:
        raise BenchError(f"no stream: {head!r}")
    return writer


def main() -> None:
    formatter = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=formatter)
    parser.add_argument("--seconds", type=int, default=4)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--workers", type=int, default=2)
    options = parser.parse_args()
    runs: dict[int, list[Figures]] = {1: [], options.workers: []}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for _ in range(options.rounds):
            for count, found in runs.items():
                with served("workers_app.py", str(count)) as (port, _pid):
                    wrk(port, 64, 1, folder)
                    found.append(wrk(port, 64, options.seconds, folder))
                log(f"{count} workers: {found[-1]}")
    rates = {count: statistics.median(one.rate for one in found) for count, found in runs.items()}
    tails = {
        count: statistics.median(one.p99 / one.p50 for one in found)
        for count, found in runs.items()
    }
    with served("streams_app.py") as (port, pid):
        cost = asyncio.run(idle_streams(port, pid))
    many = options.workers
    for name, figure in (
        ("calls/s of one worker, 64 connections", f"{rates[1]:,.0f}"),
        (f"calls/s of {many} workers", f"{rates[many]:,.0f}"),
        (f"{many} workers / one", f"{rates[many] / rates[1]:.2f}"),
        ("p99 / p50 of one worker", f"{tails[1]:.2f}"),
        (f"p99 / p50 of {many} workers", f"{tails[many]:.2f}"),
        (f"MiB for {STREAMS:,} sessions, each with an idle stream", f"{cost:.1f}"),
    ):
        print(f"{name:50} {figure}")


if __name__ == "__main__":
    main()
