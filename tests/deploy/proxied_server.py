"""A server to stand behind a proxy, at the port PORT; stateless where STATELESS is set."""

import asyncio
import os
from pathlib import Path

from fastmcp import Context, FastMCP

mcp = FastMCP("Proxied")


@mcp.tool
async def who(seconds: float = 0) -> int:
    """The process that answers, after that time."""
    await asyncio.sleep(seconds)
    return os.getpid()


@mcp.tool
def size(text: str) -> int:
    """The length of a text."""
    return len(text)


@mcp.tool
async def steps(folder: str, ctx: Context) -> int:
    """Report three steps, each when there is a file that says that the last one was seen."""
    for step in range(3):
        await ctx.report_progress(step)
        while not Path(folder, str(step)).exists():
            await asyncio.sleep(0.01)
    return os.getpid()


@mcp.tool
async def wait(folder: str, ctx: Context) -> None:
    """Report the process, and wait; leave a file when it is cancelled."""
    await ctx.report_progress(os.getpid())
    try:
        await asyncio.sleep(60)
    finally:
        Path(folder, "left").touch()


@mcp.resource("test://news")
def news() -> str:
    """What clients can watch."""
    return "none"


@mcp.tool
def announce() -> None:
    """Tell who watches the news."""
    mcp.notify_resource_updated("test://news")


mcp.run(
    transport="http",
    port=int(os.environ["PORT"]),
    stateless_http="STATELESS" in os.environ,
    allowed_hosts=["mcp.example.com"],
    show_banner=False,
)
