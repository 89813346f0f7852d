"""Servers in processes of their own, on ports of their own, that are killed and come back."""

from __future__ import annotations

import os
import signal
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path

from processes import HttpServer, free_port, http_server

SOURCE = """
import asyncio
import os
from fastmcp import FastMCP

mcp = FastMCP("replica")
number = int(os.environ["NUMBER"])

@mcp.tool(annotations={"readOnlyHint": True})
def who() -> int:
    return number

@mcp.tool(annotations={"readOnlyHint": True})
async def wait(seconds: float) -> int:
    await asyncio.sleep(seconds)
    return number

@mcp.tool
def change(id: int) -> int:
    with open(os.environ["DONE"], "a") as done:
        done.write(f"{id}\\n")
    return number

@mcp.resource("data://number")
def number_resource() -> str:
    return str(number)

@mcp.prompt
def ask() -> str:
    return str(number)

port = os.environ.get("PORT")
mcp.run("http", port=int(port), show_banner=False) if port else mcp.run()
"""


class Fleet:
    """So many of the same server over HTTP."""

    def __init__(self, count: int, folder: Path) -> None:
        self.script = folder / "replica.py"
        self.script.write_text(SOURCE, "utf-8")
        self.done = folder / "done.txt"
        self.done.touch()
        self.ports = [free_port() for _ in range(count)]
        self.urls = [f"http://127.0.0.1:{port}/mcp" for port in self.ports]
        self._folder = folder
        self._running: dict[int, tuple[HttpServer, ExitStack]] = {}

    @property
    def changes(self) -> list[int]:
        """What `change` was called with, in whatever process."""
        return [int(line) for line in self.done.read_text("utf-8").split()]

    def environment(self, number: int) -> dict[str, str]:
        """What a replica is told."""
        return {"NUMBER": str(number), "DONE": str(self.done)}

    def start(self, number: int) -> None:
        """Start one, and wait until it listens."""
        stack = ExitStack()
        running = http_server(
            [self.script],
            self._folder / f"{number}.log",
            port=self.ports[number],
            env=self.environment(number),
        )
        self._running[number] = stack.enter_context(running), stack

    def kill(self, number: int) -> None:
        """End one in the middle of whatever it does."""
        server, stack = self._running.pop(number)
        server.stop(signal.SIGKILL)
        stack.close()

    def freeze(self, number: int) -> None:
        """Have one do nothing more, though it is there."""
        os.killpg(self._running[number][0].process.pid, signal.SIGSTOP)

    def thaw(self, number: int) -> None:
        """Have it go on."""
        os.killpg(self._running[number][0].process.pid, signal.SIGCONT)

    def end(self) -> None:
        """End all of them."""
        for number in list(self._running):
            self.kill(number)


@contextmanager
def fleet(count: int, folder: Path) -> Generator[Fleet]:
    """So many replicas, which run inside of the block."""
    made = Fleet(count, folder)
    try:
        with ThreadPoolExecutor() as starting:
            list(starting.map(made.start, range(count)))
        yield made
    finally:
        made.end()
