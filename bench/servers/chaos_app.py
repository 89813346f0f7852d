"""The server of the soak with faults, one worker of several: chaos_app.py PORT JOURNAL.

What a tool does that must not happen twice it writes to the journal. Sessions, streams and tasks
are in the store that the environment names.
"""

from __future__ import annotations

import asyncio
import sys
from collections import Counter
from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse
from vital_signs import vital_signs

from fastmcp import Context, FastMCP

PORT, JOURNAL = int(sys.argv[1]), Path(sys.argv[2])
IDLE = 10.0
"""Seconds that an abandoned session is kept."""
REPEATABLE = {"idempotentHint": True}

mcp = FastMCP("chaos")
counters = Counter[str]()


def note(what: str, number: int) -> None:
    """Append a line to the journal, in one piece."""
    with JOURNAL.open("ab", buffering=0) as file:
        file.write(f"{what} {number}\n".encode())


@mcp.tool(annotations=REPEATABLE)
async def echo(number: int, size: int = 0) -> str:
    """The number, and so much more."""
    return f"{number}:" + "x" * size


@mcp.tool
async def order(number: int, pause: float) -> str:
    """What must not be done twice."""
    note("order", number)
    await asyncio.sleep(pause)
    return f"{number}:"


@mcp.tool(annotations=REPEATABLE)
async def steps(number: int, count: int, pause: float, ctx: Context) -> str:
    """Progress, and the number."""
    for step in range(count):
        await ctx.report_progress(step, count, f"{number}:")
        await asyncio.sleep(pause)
    return f"{number}:"


@mcp.tool
async def order_in_steps(number: int, count: int, pause: float, ctx: Context) -> str:
    """The same, and not to be done twice."""
    note("order_in_steps", number)
    return await steps(number, count, pause, ctx)


@mcp.tool
async def ask(number: int, ctx: Context) -> str:
    """What the user says."""
    answer = await ctx.elicit(f"{number}:", str)
    return str(getattr(answer, "data", answer.action))


@mcp.tool
async def remember(value: str, ctx: Context) -> str | None:
    """Keep a value for the session; the one before."""
    before = await ctx.get_state("value")
    await ctx.set_state("value", value)
    return None if before is None else str(before)


@mcp.tool(annotations=REPEATABLE)
async def touch(name: str) -> None:
    """Tell whoever watches that it has changed."""
    mcp.notify_resource_updated(f"data://{name}")


@mcp.resource("data://{name}")
async def data(name: str) -> str:
    """Something to read and to watch."""
    return name


@mcp.tool(task=True)
async def work(number: int, pause: float, ctx: Context) -> str:
    """A task."""
    note("work", number)
    await ctx.report_progress(0, 1, f"{number}:")
    await asyncio.sleep(pause)
    return f"{number}:"


@mcp.tool
async def wait(ctx: Context) -> None:
    """Say that it has begun, and last until it is cancelled."""
    counters["waiting"] += 1
    try:
        await ctx.report_progress(0, 1)
        await asyncio.sleep(3600)
    finally:
        counters["waiting"] -= 1


@mcp.tool
async def blob(size: int) -> str:
    """A large answer."""
    return "x" * size


@mcp.custom_route("/debug", methods=["GET"])
async def debug(request: Request) -> JSONResponse:
    """What is left in this worker."""
    endpoint: Any = request.app.state.mcp_endpoint
    return JSONResponse(
        vital_signs() | {"waiting": counters["waiting"], "sessions": len(endpoint.sessions)}
    )


if __name__ == "__main__":
    mcp.run_http(
        "127.0.0.1",
        PORT,
        session_idle_timeout=IDLE,
        timeout_graceful_shutdown=5,
        access_log=False,
        show_banner=False,
        log_level="warning",
    )
