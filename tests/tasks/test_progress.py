"""How far a task is: what its function counts is kept with it, and told to who asks."""
# ruff: noqa: B008 - dependencies are calls in defaults

from __future__ import annotations

import asyncio
import threading
from typing import Any

import docket
import pytest

from fastmcp import Client, Context, FastMCP
from fastmcp.dependencies import Progress

SECONDS = 20


async def told(task: Any, message: str) -> Any:
    """The state of a task once its message is this one."""
    async with asyncio.timeout(SECONDS):
        while (status := await task.status()).status_message != message:
            await asyncio.sleep(0.01)
        return status


@pytest.mark.parametrize("mode", ["legacy", "auto"])
async def test_the_message_of_a_progress_is_that_of_the_task(mode: Any) -> None:
    """In both eras, also what is said in quick succession before a long wait."""
    mcp = FastMCP("x", tasks=True)
    go_on = asyncio.Event()

    @mcp.tool
    async def count(progress: Progress = Progress()) -> list[Any]:
        await progress.set_total(10)
        await progress.set_message("a first step")
        await progress.increment(4)
        await progress.set_message("a long step")
        await go_on.wait()
        return [progress.current, progress.total, progress.message]

    async with Client(mcp, mode=mode) as client:
        task = await client.call_tool("count", task=True)
        status = await told(task, "a long step")
        service = mcp._parts.tasks.service()
        record = await service.store.get(task.task_id)
        go_on.set()
        result = await task.result()

    assert status.status == "working"
    assert record is not None and record.progress is not None
    assert (record.progress.progress, record.progress.total) == (4, 10)
    assert result.data == [4, 10, "a long step"]


async def test_a_plain_function_counts_in_its_thread() -> None:
    """By the context, without await."""
    mcp = FastMCP("x", tasks=True)
    go_on = threading.Event()

    @mcp.tool
    def count(ctx: Context) -> None:
        ctx.report_progress(1, 2, "half of it")
        go_on.wait(SECONDS)

    async with Client(mcp) as client:
        task = await client.call_tool("count", task=True)
        try:
            await told(task, "half of it")
        finally:
            go_on.set()
        await task.result()


async def test_a_progress_of_dockets_counts_as_well() -> None:
    """Both have the same methods."""
    mcp = FastMCP("x", tasks=True)
    go_on = asyncio.Event()

    @mcp.tool
    async def count(progress: docket.Progress = docket.Progress()) -> int | None:
        await progress.set_total(2)
        await progress.increment()
        await progress.set_message("half of it")
        await go_on.wait()
        return progress.current

    async with Client(mcp) as client:
        [tool] = await client.list_tools()
        task = await client.call_tool("count", task=True)
        await told(task, "half of it")
        go_on.set()
        assert (await task.result()).data == 1

    assert tool.input_schema["properties"] == {}


async def test_a_call_that_is_waited_for_tells_its_own_progress() -> None:
    """As it does on a server without tasks."""
    mcp = FastMCP("x", tasks=True)
    heard: list[Any] = []

    @mcp.tool
    async def count(progress: Progress = Progress()) -> None:
        await progress.set_total(2)
        await progress.increment(2)

    async def hear(*progress: Any) -> None:
        heard.append(progress)

    async with Client(mcp, mode="legacy") as client:
        await client.call_tool("count", progress_handler=hear)

    assert heard[-1][:2] == (2, 2)
