"""A server with tasks, and workers of it, in processes of their own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Generator
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path
from typing import Any

from apps import Mcp, messages, request
from processes import SECONDS, HttpServer, environment, http_server, run_python
from settled import wait_until

SHOP = '''
    import asyncio, os
    from contextlib import asynccontextmanager
    from pathlib import Path
    from fastmcp import Context, FastMCP

    @asynccontextmanager
    async def lifespan(server):
        print("opened", flush=True)
        yield {}
        print("closed", flush=True)

    mcp = FastMCP("Shop", lifespan=lifespan, tasks=True)

    def write(path, text):
        with open(path, "a") as file:
            file.write(f"{text}\\n")

    @mcp.tool
    async def add(a: int, b: int) -> int:
        return a + b

    @mcp.tool
    async def note(path: str, text: str) -> None:
        write(path, text)

    @mcp.tool
    async def fail(password: str) -> None:
        raise ValueError("out of paper, password=hunter2")

    @mcp.tool
    async def meet(path: str) -> int:
        """Returns when another call of it has begun."""
        write(path, os.getpid())
        while len(Path(path).read_text().splitlines()) < 2:
            await asyncio.sleep(0.01)
        return os.getpid()

    @mcp.tool
    async def hang(path: str, ctx: Context) -> None:
        """Returns once there is a file with .go behind its name."""
        await ctx.report_progress(1, 10, "begun")
        write(path, "begun")
        try:
            while not Path(f"{path}.go").exists():
                await asyncio.sleep(0.01)
        finally:
            write(path, "ended")

    @mcp.tool
    async def linger(path: str) -> None:
        """As `hang`, also when it is cancelled."""
        write(path, "begun")
        go = Path(f"{path}.go")
        while not go.exists():
            try:
                await asyncio.sleep(0.01)
            except asyncio.CancelledError:
                write(path, "cancelled")

    if __name__ == "__main__":
        mcp.run("http", port=int(os.environ["PORT"]))
'''

NO_WORKER = {"FASTMCP_DOCKET_CONCURRENCY": "0"}
"""For a server that runs no task itself."""


def write_shop(folder: Path, name: str = "server.py", **docket: str) -> Path:
    """The program of the server; its path."""
    source = textwrap.dedent(SHOP)
    if docket:
        given = ", ".join(f"{keyword}={value!r}" for keyword, value in docket.items())
        source = source.replace("tasks=True", f"tasks=True, {given}")
    path = folder / name
    path.write_text(source, "utf-8")
    return path


class Shop:
    """A server that is asked for tasks, in a session of 2025-11-25."""

    def __init__(self, server: HttpServer, client: Mcp) -> None:
        self.server = server
        self._client = client
        self._session = client.open()
        self._ids = count(1)

    def ask(self, method: str, **params: Any) -> Any:
        """The result of a request."""
        reply = self._client.post(request(method, next(self._ids), **params), self._session)
        answer = messages(reply)[-1]
        assert "result" in answer, answer
        return answer["result"]

    def submit(self, tool: str, /, **arguments: Any) -> str:
        """Call a tool as a task; its id."""
        result = self.ask("tools/call", name=tool, arguments=arguments, task={})
        assert "task" in result, result
        return result["task"]["taskId"]

    def status(self, id: str) -> str:
        """What has become of a task."""
        return self.ask("tasks/get", taskId=id)["status"]

    def value(self, id: str) -> Any:
        """What a tool returned, once it has."""
        return self.ask("tasks/result", taskId=id)["structuredContent"]["result"]

    def wait_for(self, id: str, status: str) -> None:
        """Wait until a task has that status."""
        wait_until(lambda: self.status(id) == status)


@contextmanager
def shop(program: Path, log: Path, **variables: str) -> Generator[Shop]:
    """The server, with these variables in its environment."""
    with (
        http_server([program], log, env=variables) as server,
        Mcp(server.url.removesuffix("/mcp")) as client,
    ):
        yield Shop(server, client)


class Worker:
    """A worker; its output goes to the file `log`."""

    def __init__(self, process: subprocess.Popen[bytes], log: Path) -> None:
        self.process = process
        self.log = log

    @property
    def output(self) -> str:
        """What it printed so far."""
        return self.log.read_text("utf-8")

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Signal it and wait for its end; the exit code."""
        self.process.send_signal(number)
        return self.process.wait(SECONDS)


@contextmanager
def worker(
    log: Path, *arguments: str | Path, cwd: Path | None = None, **variables: str
) -> Generator[Worker]:
    """`fastmcp tasks worker`, once it works."""
    with log.open("ab") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "fastmcp", "tasks", "worker", *arguments],
            cwd=cwd,
            env=environment(variables),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    found = Worker(process, log)
    with process:
        try:
            wait_until(lambda: "at once, as" in found.output or process.poll() is not None)
            assert process.poll() is None, found.output
            yield found
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)


def tasks_command(
    *arguments: str | Path, cwd: Path | None = None, **variables: str
) -> subprocess.CompletedProcess[str]:
    """`fastmcp tasks`, run to its end."""
    return run_python("-m", "fastmcp", "tasks", *map(str, arguments), cwd=cwd, env=variables)


def lines(path: Path) -> list[str]:
    """What calls have written to a file."""
    return path.read_text("utf-8").splitlines() if path.exists() else []
