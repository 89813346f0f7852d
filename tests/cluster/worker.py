"""What every process of the tests serves; its store is named by the environment."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

from fastmcp import Context, FastMCP

mcp = FastMCP("cluster")
GATE = Path(os.environ["GATE"])


@mcp.tool
def pid() -> int:
    """The process that serves this."""
    return os.getpid()


@mcp.tool
async def remember(value: int, ctx: Context) -> int | None:
    """Keep a value; the one before."""
    before = await ctx.get_state("value")
    await ctx.set_state("value", value)
    return before


@mcp.tool
async def ask(ctx: Context) -> str:
    """Ask the user."""
    answer = await ctx.elicit("Who?", str)
    return f"{answer.action}: {getattr(answer, 'data', None)}"


@mcp.tool
async def think(ctx: Context) -> str:
    """Ask the client's model."""
    return (await ctx.sample("a thought")).text or ""


@mcp.tool
async def steps(ctx: Context) -> None:
    """Report progress."""
    for step in range(3):
        await ctx.report_progress(step, 3)


@mcp.tool
def change() -> None:
    """Tell whoever watches."""
    mcp.notify_resource_updated("data://one")


@mcp.resource("data://one")
def one() -> str:
    """Something to watch."""
    return "1"


async def _through_the_gate(ctx: Context) -> None:
    await ctx.report_progress(0, 1)
    while not GATE.exists():
        await asyncio.sleep(0.1)


@mcp.tool(annotations={"idempotentHint": True})
async def wait(number: int, ctx: Context) -> int:
    """The number, when the gate is open."""
    await _through_the_gate(ctx)
    return number


@mcp.tool
async def wait_once(number: int, ctx: Context) -> int:
    """The same, and not to be repeated."""
    await _through_the_gate(ctx)
    return number


app = mcp.http_app()
