"""A server whose tools run as tasks, as a program, too."""

from __future__ import annotations

import asyncio

from fastmcp import Context, FastMCP
from fastmcp.exceptions import McpError, ToolError
from fastmcp.server.dependencies import get_http_headers
from fastmcp.server.tasks import TaskConfig

RUNNING: dict[str, str] = {}
"""What has become of each `wait`, by its name."""
BEGUN: list[str] = []
"""The names of all that were begun."""
ASKING: list[tuple[str, str | None]] = []
"""The tasks of `asks`, by its name."""


def make() -> FastMCP:
    """One more such server."""
    mcp = FastMCP("behind")
    _add_small(mcp)
    _add_waiting(mcp)
    _add_asking(mcp)
    return mcp


def _add_small(mcp: FastMCP) -> None:
    @mcp.tool(task=True)
    async def add(a: int, b: int) -> int:
        return a + b

    @mcp.tool
    async def plain(a: int) -> int:
        """It never runs as a task."""
        return a

    @mcp.tool(task=TaskConfig(mode="required"))
    async def only_as_task() -> str:
        return "done"

    @mcp.tool(task=True)
    async def wrong() -> str:
        raise ToolError("that did not work")

    @mcp.tool(task=True)
    async def refused() -> str:
        raise McpError(code=-32099, message="not like this", data={"why": 1})

    @mcp.tool(task=True)
    async def caller() -> str | None:
        """The header by which the caller is known."""
        return get_http_headers().get("x-caller")


def _add_waiting(mcp: FastMCP) -> None:
    @mcp.tool(task=True)
    async def wait(name: str, ctx: Context) -> str:
        """It reports, and then waits for its cancellation, or for `release`."""
        BEGUN.append(name)
        RUNNING[name] = "waiting"
        await ctx.report_progress(1, 2, "halfway")
        try:
            while RUNNING[name] == "waiting":
                await asyncio.sleep(0.01)
        except asyncio.CancelledError:
            RUNNING[name] = "cancelled"
            raise
        return RUNNING[name]

    @mcp.tool
    async def state(name: str) -> str:
        """What has become of a `wait`."""
        return RUNNING.get(name, "unknown")

    @mcp.tool
    async def begun(name: str) -> int:
        """How many of that name were begun."""
        return BEGUN.count(name)

    @mcp.tool
    async def release(name: str) -> None:
        """Let a `wait` end."""
        RUNNING[name] = "released"


def _add_asking(mcp: FastMCP) -> None:
    @mcp.tool(task=True)
    async def greet(ctx: Context) -> str:
        first = await ctx.elicit("First name?", str)
        last = await ctx.elicit("Last name?", str)
        return f"{first.data} {last.data}"

    @mcp.tool(task=True)
    async def asks(name: str, ctx: Context) -> str:
        ASKING.append((name, ctx.task_id))
        return str((await ctx.elicit("First name?", str)).data)

    @mcp.tool
    async def all_cancelled(name: str) -> bool:
        """Whether every task of `asks` has been cancelled."""
        service = mcp._parts.tasks.service()
        found = [await service.store.get(id) for who, id in ASKING if who == name and id]
        return bool(found) and all(each and each.status == "cancelled" for each in found)


mcp = make()

if __name__ == "__main__":
    mcp.run()
