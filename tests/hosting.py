"""A server for ASGI servers of others to host, and what every one of them has to do with it."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2
from processes import SECONDS, HttpServer, environment, free_port, listening

from fastmcp import Client

HOSTED = """
import asyncio
import os
from contextlib import asynccontextmanager
from fastmcp import Context, FastMCP

@asynccontextmanager
async def lifespan(server):
    print("lifespan began", os.getpid(), flush=True)
    yield {}
    print("lifespan ended", os.getpid(), flush=True)

mcp = FastMCP("hosted", lifespan=lifespan)

@mcp.tool
async def count(ctx: Context, to: int) -> int:
    for number in range(to):
        await ctx.report_progress(number + 1, to)
        await asyncio.sleep(0.01)
    return os.getpid()

@mcp.custom_route("/own", methods=["GET"])
async def own(request):
    return {"route": "own"}

app = mcp.http_app(stateless_http=True)
"""


@contextmanager
def hosted(
    module: str, arguments: Sequence[str], folder: Path, *, source: str = HOSTED
) -> Generator[HttpServer]:
    """`python -m module arguments` in a folder with the server in `hosted.py`; `{port}` and
    `{host}` in the arguments are where it has to listen.
    """
    (folder / "hosted.py").write_text(source, "utf-8")
    port = free_port()
    filled = [each.format(host="127.0.0.1", port=port) for each in arguments]
    env = environment({"PYTHONUNBUFFERED": "1", "PYTHONPATH": str(folder)})
    command = [sys.executable, "-m", module, *filled]
    with listening(command, folder / "output.log", port, cwd=folder, env=env) as server:
        wait_until_served(server)
        yield server


def wait_until_served(server: HttpServer) -> None:
    """Some listen before their workers do."""
    transport = httpx2.HTTPTransport(retries=10)
    with httpx2.Client(transport=transport, timeout=SECONDS) as client:
        client.get(server.url)


async def streamed(url: str, mode: Any) -> tuple[list[float], int]:
    """The progress that a call reports on its stream, and its value: the process that served it."""
    seen: list[float] = []

    async def progress(done: float, total: float | None, message: str | None) -> None:
        seen.append(done)

    async with Client(url, mode=mode, timeout=SECONDS) as client:
        result = await client.call_tool("count", {"to": 3}, progress_handler=progress)
    return seen, result.data


def serves_streamed_calls(server: HttpServer) -> None:
    """A client of either era gets its call's progress and its value."""
    for mode in ("legacy", "auto"):
        seen, pid = asyncio.run(streamed(server.url, mode))
        assert seen == [1.0, 2.0, 3.0]
        assert pid != os.getpid()


def has_everything_beside_the_endpoint(server: HttpServer) -> None:
    """As the server object is served: custom routes, /health and the REST view."""
    base = server.url.removesuffix("/mcp")
    assert httpx2.get(f"{base}/own").json() == {"route": "own"}
    assert httpx2.get(f"{base}/health").status_code == 200
    assert "count" in httpx2.get(f"{base}/tools").text


def ends_in_order(server: HttpServer, codes: Sequence[int] = (0,)) -> None:
    """By SIGTERM, within seconds: every lifespan that began ends, and nothing is thrown."""
    assert server.stop() in codes, server.output
    lines = server.output.splitlines()
    began = [line.rpartition(" ")[2] for line in lines if line.startswith("lifespan began")]
    ended = [line.rpartition(" ")[2] for line in lines if line.startswith("lifespan ended")]
    assert began
    assert sorted(began) == sorted(ended)
    assert "Traceback" not in server.output
