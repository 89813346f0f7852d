"""Background tasks: how many a second from submission to result, beside FastMCP 4.1 with
fastmcp-tasks in the same run; and what tasks cost a server whose calls are ordinary ones.

    python bench/tasks.py [--tasks 400] [--rounds 3] [memory] [redis] [sqlite] [unused]

Client and server share a process, the client asks for 20 tasks at a time; the best round counts.
SQLite is ours alone. Redis is a `redis-server` that is started for it.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from peers import PEERS, python_of, uv
from process import REPOSITORY, BenchError, log

PEER = ("fastmcp==4.1.2", "fastmcp-tasks==4.1.2")
AT_ONCE = 20
PORT = 7961

RATE = """
import asyncio, json, sys, time
from fastmcp import Client, FastMCP
url, number, at_once, ours = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4] == "ours"
if ours:
    mcp = FastMCP("bench", tasks=True, docket=url)
    begin = lambda client, a: client.call_tool("add", {"a": a, "b": 1}, task=True)
else:
    from fastmcp_tasks import TasksExtension, call_tool_task
    mcp = FastMCP("bench")
    mcp.add_extension(TasksExtension(url=url, name="theirs"))
    begin = lambda client, a: call_tool_task(client, "add", {"a": a, "b": 1})

@mcp.tool(task=True)
async def add(a: int, b: int) -> int:
    return a + b

async def main():
    async with Client(mcp) as client:
        async def one(a):
            task = await begin(client, a)
            assert (await task.result()).data == a + 1
        await one(1)
        started = time.perf_counter()
        for _ in range(number // at_once):
            await asyncio.gather(*(one(a) for a in range(at_once)))
        print(json.dumps(number / (time.perf_counter() - started)))

asyncio.run(main())
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("rows", nargs="*", choices=["memory", "redis", "sqlite", "unused", []])
    parser.add_argument("--tasks", type=int, default=400)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    rows = options.rows or ["memory", "redis", "sqlite", "unused"]
    for row in rows:
        if row == "unused":
            unused(options.rounds)
            continue
        with place(row) as url:
            compare(row, url, options.tasks, options.rounds)


def compare(row: str, url: str, number: int, rounds: int) -> None:
    """Take turns."""
    contenders = {"ours": Path(sys.executable)}
    if row != "sqlite":
        contenders["peer"] = peer_python()
    best = dict.fromkeys(contenders, 0.0)
    for _ in range(rounds):
        for role, python in contenders.items():
            command = [str(python), "-c", RATE, url, str(number), str(AT_ONCE), role]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if done.returncode:
                raise BenchError(f"{role}: {done.stderr[-2000:]}")
            best[role] = max(best[role], json.loads(done.stdout))
    ratio = f", {best['ours'] / best['peer']:.1f} times FastMCP 4.1" if "peer" in best else ""
    rates = ", ".join(f"{role} {rate:.0f}/s" for role, rate in best.items())
    print(f"tasks, {row}: {rates}{ratio}")


def unused(rounds: int) -> None:
    """What a call costs a server with tasks, beside the same without, taking turns."""
    sys.path.insert(0, str(REPOSITORY / "bench"))
    from fastmcp import FastMCP

    async def add(a: int, b: int) -> int:
        return a + b

    async def main() -> dict[str, float]:
        best: dict[str, float] = {}
        servers = {"without": FastMCP("bench"), "with": FastMCP("bench", tasks=True)}
        for mcp in servers.values():
            mcp.tool(add)
        for _ in range(20 * rounds):
            for name, mcp in servers.items():
                best[name] = min(best.get(name, 1e9), await microseconds(mcp))
        return best

    best = asyncio.run(main())
    ratio = best["with"] / best["without"]
    print(
        f"tasks, unused: a call {best['with']:.1f} us with tasks=True, {best['without']:.1f} us "
        f"without: {ratio:.3f}"
    )


async def microseconds(mcp: object) -> float:
    """What one of 3,000 modern calls costs, at least, of 20 samples."""
    import messages
    from raw_call import Inbox

    inbox, loop = Inbox(), asyncio.get_running_loop()
    async with mcp.lifespan.use():  # type: ignore[attr-defined]
        session = mcp.connect(inbox, "memory").session  # type: ignore[attr-defined]
        call = messages.encode(messages.call("modern", 1, "add", messages.ARGUMENTS))
        best = float("inf")
        for _ in range(20):
            started = time.perf_counter()
            for _ in range(150):
                inbox.answer = loop.create_future()
                session.feed(call)
                await inbox.answer
            best = min(best, (time.perf_counter() - started) / 150)
        session.close()
    return best * 1e6


@contextmanager
def place(row: str) -> Generator[str]:
    """Where the tasks are kept."""
    if row == "memory":
        yield "memory://"
        return
    with tempfile.TemporaryDirectory() as folder:
        if row == "sqlite":
            yield f"sqlite:///{folder}/tasks.db"
            return
        program = shutil.which("redis-server")
        if program is None:
            raise BenchError("redis-server is not installed")
        command = [program, "--port", str(PORT), "--save", "", "--dir", folder]
        with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
            time.sleep(1)
            try:
                yield f"redis://127.0.0.1:{PORT}/0"
            finally:
                process.terminate()


def peer_python() -> Path:
    """The interpreter of the peer's environment, which is installed on first use."""
    home = PEERS / "fastmcp-tasks-4.1.2"
    complete = home / ".complete"
    if not complete.exists():
        log(f"installing {' '.join(PEER)} into {home.relative_to(REPOSITORY)}")
        uv("venv", "--quiet", "--clear", "--python", sys.executable, str(home))
        uv("pip", "install", "--quiet", "--python", str(python_of(home)), *PEER)
        complete.touch()
    return python_of(home)


if __name__ == "__main__":
    main()
