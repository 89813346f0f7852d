"""A server with tasks; as a program it speaks MCP over standard input and output."""

from __future__ import annotations

import asyncio
from datetime import date

from fastmcp import Context, FastMCP
from fastmcp.exceptions import McpError, ToolError
from fastmcp.server.tasks import TaskConfig


def shop() -> FastMCP:
    """A server in which what does not end at once goes on when `release` is called."""
    mcp = FastMCP("shop")
    released = asyncio.Event()

    @mcp.tool(task=True)
    async def add(a: int, b: int) -> int:
        return a + b

    @mcp.tool(task=True)
    def opened() -> list[date]:
        return [date(2026, 7, 28)]

    @mcp.tool(task=TaskConfig(mode="required"))
    async def bake(cakes: int) -> list[date]:
        return [date(2026, 7, 28)] * cakes

    @mcp.tool
    async def price() -> int:
        return 7

    async def hold() -> str:
        await released.wait()
        return "released"

    mcp.tool(hold, name="held", task=True)
    mcp.tool(hold, name="only_held", task=TaskConfig(mode="required"))

    @mcp.tool
    async def release() -> None:
        released.set()

    @mcp.tool(task=True)
    async def fail() -> str:
        raise ToolError("out of flour")

    @mcp.tool(task=True)
    async def refuse() -> str:
        raise McpError(code=-32099, message="closed")

    @mcp.tool(task=True)
    async def order(ctx: Context) -> str:
        what = await ctx.elicit("What?", str)
        many = await ctx.elicit("How many?", int)
        return f"{many.data} {what.data}"

    @mcp.tool(task=TaskConfig(mode="required"))
    async def only_order(ctx: Context) -> str:
        return f"one {(await ctx.elicit('What?', str)).data}"

    @mcp.resource("shop://hours", task=True)
    async def hours() -> str:
        return "9 to 5"

    @mcp.resource("shop://{day}/hours", task=True)
    async def hours_of(day: str) -> str:
        return f"{day}: 9 to 5"

    @mcp.prompt(task=True)
    async def praise(cake: str) -> str:
        return f"Praise {cake}"

    return mcp


if __name__ == "__main__":
    shop().run(show_banner=False)
