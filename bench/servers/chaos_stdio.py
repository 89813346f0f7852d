"""A server over standard streams that is killed now and then: chaos_stdio.py JOURNAL."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

from fastmcp import Context, FastMCP

mcp = FastMCP("chaos over stdio")


@mcp.tool(annotations={"readOnlyHint": True})
async def processes() -> list[int]:
    """This one, and who started it."""
    return [os.getpid(), os.getppid()]


@mcp.tool(annotations={"idempotentHint": True})
async def steps(number: int, count: int, pause: float, ctx: Context) -> str:
    """Progress, and the number."""
    for step in range(count):
        await ctx.report_progress(step, count, f"{number}:")
        await asyncio.sleep(pause)
    return f"{number}:"


@mcp.tool
async def order(number: int, pause: float) -> str:
    """What must not be done twice."""
    with Path(sys.argv[1]).open("ab", buffering=0) as journal:
        journal.write(f"order {number}\n".encode())
    await asyncio.sleep(pause)
    return f"{number}:"


if __name__ == "__main__":
    mcp.run(show_banner=False, log_level="warning")
