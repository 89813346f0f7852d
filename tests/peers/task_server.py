"""A server whose tools run as tasks: over stdio, or with `http PORT` over HTTP at `/mcp`."""

import asyncio
import sys
from datetime import timedelta

from fastmcp import Context, FastMCP
from fastmcp.exceptions import ToolError
from fastmcp.server.tasks import TaskConfig

mcp = FastMCP("tasks", version="1.0")
soon = TaskConfig(poll_interval=timedelta(milliseconds=20))


@mcp.tool(task=soon)
async def index(pages: int, ctx: Context) -> str:
    """Count to a number."""
    for page in range(pages):
        await ctx.report_progress(page + 1, pages, f"page {page + 1}")
    return f"{pages} pages"


@mcp.tool(task=TaskConfig(mode="required", poll_interval=timedelta(milliseconds=20)))
async def shelve(ctx: Context) -> str:
    """Ask where."""
    answer = await ctx.elicit("On which shelf?", str)
    return f"on shelf {answer.data}"


@mcp.tool(task=soon)
async def wait() -> None:
    """Wait to be cancelled."""
    await asyncio.Event().wait()


@mcp.tool(task=soon)
async def fail() -> str:
    """Fail with a message that is meant for the caller."""
    raise ToolError("out of paper")


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["http", port]:
            mcp.run("http", host="127.0.0.1", port=int(port), show_banner=False)
        case _:
            mcp.run(show_banner=False)
