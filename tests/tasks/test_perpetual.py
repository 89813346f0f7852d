"""Tasks that run again and again, by an interval or a calendar, called or by themselves."""
# ruff: noqa: B008 - dependencies are calls in defaults

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from docket import Cron, Perpetual

from fastmcp import Client, Context, FastMCP
from fastmcp.exceptions import ConfigurationError

from .watched import SOON, said, until


async def test_a_perpetual_task_works_until_it_is_cancelled(backend: str) -> None:
    """Also when a run fails; its client sees when it runs again."""
    mcp = FastMCP("x", tasks=True, docket=backend)
    runs: list[int] = []

    @mcp.tool
    async def poll(step: int, perpetual: Perpetual = Perpetual(every=SOON)) -> int:
        runs.append(step)
        if len(runs) == 2:
            raise ValueError("not this time")
        return step

    async with Client(mcp) as client:
        task = await client.call_tool("poll", {"step": 3}, task=True)
        await until(lambda: len(runs) >= 4)
        status = await task.status()
        await task.cancel()
        cancelled = await task.status()
        after = len(runs)
        await asyncio.sleep(0.1)

    assert status.status == "working"
    assert status.status_message is not None and "uns again at 20" in status.status_message
    assert cancelled.status == "cancelled"
    assert len(runs) <= after + 1
    assert set(runs) == {3}


async def test_a_perpetual_task_ends_itself() -> None:
    """Then it has the result of that run; until then it may choose its next arguments and time."""
    mcp = FastMCP("x", tasks=True)

    @mcp.tool
    async def walk(to: int, perpetual: Perpetual = Perpetual(every=timedelta(hours=1))) -> str:
        if to == 3:
            perpetual.cancel()
        perpetual.perpetuate(to=to + 1)
        perpetual.after(timedelta(milliseconds=10))
        return f"at {to}"

    async with Client(mcp) as client:
        task = await client.call_tool("walk", {"to": 1}, task=True)
        assert (await task.result()).data == "at 3"


async def test_a_calendar_says_when_a_task_runs_next() -> None:
    """By the clock on the wall, in its time zone."""
    mcp = FastMCP("x", tasks=True)

    @mcp.tool
    async def daily(cron: Cron = Cron("0 9 * * *", automatic=False)) -> None:
        pass

    async with Client(mcp) as client:
        task = await client.call_tool("daily", task=True)
        message = (await said(task)).status_message
        await task.cancel()

    assert message is not None
    then = datetime.fromisoformat(message.removeprefix("Runs again at ").replace("Z", "+00:00"))
    assert (then.hour, then.minute) == (9, 0)
    assert timedelta(0) <= then - datetime.now(UTC) <= timedelta(days=1)


async def test_what_is_automatic_begins_with_the_server(backend: str) -> None:
    """Nobody has to call it, and no client sees it."""
    mcp = FastMCP("x", docket=backend)
    runs: list[str | None] = []

    @mcp.tool(task=True)
    async def sweep(
        ctx: Context, perpetual: Perpetual = Perpetual(every=SOON, automatic=True)
    ) -> None:
        runs.append(ctx.task_id)

    async with Client(mcp, mode="legacy") as client:
        await until(lambda: len(runs) >= 3)
        assert not (await client.list_tasks()).get("tasks")

    count = len(runs)
    async with Client(mcp):
        await until(lambda: len(runs) >= count + 2)
    assert len(set(runs)) == 1


async def test_what_is_automatic_needs_no_arguments() -> None:
    """A server with one that does is not started."""
    mcp = FastMCP("x")

    @mcp.tool(task=True)
    async def sweep(path: str, perpetual: Perpetual = Perpetual(automatic=True)) -> None:
        pass

    with pytest.raises(ConfigurationError, match=r"'sweep' runs by itself.* default to path"):
        async with Client(mcp):
            pass
