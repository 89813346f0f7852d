"""The server that is measured, on the public FastMCP API: the same source for every FastMCP."""

from typing import Any

from command import main

from fastmcp import Context, FastMCP

mcp = FastMCP("bench")


@mcp.tool
async def add(a: int, b: int) -> int:
    """Add two numbers."""
    return a + b


@mcp.tool
def add_sync(a: int, b: int) -> int:
    """Add two numbers in a function that is not async."""
    return a + b


@mcp.tool
async def add_with_progress(a: int, b: int, ctx: Context) -> int:
    """Add two numbers and say so half way."""
    await ctx.report_progress(1, 2)
    return a + b


@mcp.tool
async def count(steps: int, ctx: Context) -> int:
    """Report progress so many times."""
    for step in range(steps):
        await ctx.report_progress(step + 1, steps)
    return steps


def http_app(stateless: bool, json: bool) -> Any:
    return mcp.http_app(stateless_http=stateless, json_response=json)


if __name__ == "__main__":
    main(lambda: mcp.run(transport="stdio", show_banner=False), http_app)
