"""The server under the soak: tools that take long or answer much, and a view of its insides.

soak_app.py [--idle SECONDS] [--loop …] [--http …]
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import sys
from collections import Counter
from typing import Any

from resident import resident_bytes
from serve import add_options, serve
from starlette.requests import Request
from starlette.responses import JSONResponse

from fastmcp import Context, FastMCP

mcp = FastMCP("soak")
counters = Counter[str]()


@mcp.tool
async def add(a: int, b: int) -> int:
    """Add two numbers."""
    return a + b


@mcp.tool
async def wait(seconds: float, ctx: Context) -> str:
    """Say that it has begun, then wait."""
    counters["waiting"] += 1
    try:
        await ctx.report_progress(0, 1)
        await asyncio.sleep(seconds)
    finally:
        counters["waiting"] -= 1
    return "done"


@mcp.tool
async def flood(notifications: int, size: int, ctx: Context) -> str:
    """Send many notifications of some size."""
    for number in range(notifications):
        await ctx.report_progress(number, notifications, "x" * size)
        counters["emitted"] += 1
    return "done"


@mcp.tool
async def blob(size: int) -> str:
    """A large answer."""
    return "x" * size


@mcp.custom_route("/debug", methods=["GET"])
async def debug(request: Request) -> JSONResponse:
    gc.collect()
    tasks = asyncio.all_tasks()
    names = Counter(getattr(task.get_coro(), "__qualname__", "?") for task in tasks)
    vitals = {
        "rss": resident_bytes(),
        "blocks": sys.getallocatedblocks(),
        "tasks": len(tasks),
        "task_names": dict(names.most_common(6)),
        "sessions": open_sessions(request.app),
        "waiting": counters["waiting"],
        "emitted": counters["emitted"],
    }
    return JSONResponse(vitals)


def open_sessions(app: Any) -> int | None:
    """Ours are the endpoint's; in FastMCP the session manager keeps a dict. None: unknown."""
    endpoint = getattr(app.state, "mcp_endpoint", None)
    if endpoint is not None:
        return len(endpoint.sessions)
    for route in app.routes:
        manager = getattr(getattr(route, "endpoint", None), "session_manager", None)
        if manager is not None:
            return len(manager._server_instances)
    return None


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--idle", type=float, default=1800.0, help="session_idle_timeout")
    add_options(parser)
    options = parser.parse_args()
    serve(mcp.http_app(session_idle_timeout=options.idle), options)
