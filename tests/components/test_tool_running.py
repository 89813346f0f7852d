"""Running tools: threads, the event loop, timeouts."""

from __future__ import annotations

import asyncio
import threading
import time
from typing import Any

import pytest
from apps import MODERN, call
from conversation import ask, conversation

from fastmcp import Client, FastMCP
from fastmcp.exceptions import InvalidSignature, McpError
from fastmcp.tools import Tool


def test_a_blocking_tool_delays_nobody() -> None:
    """Others are answered while it sleeps; it ends when it is let go."""
    mcp, let_go = FastMCP("x"), threading.Event()

    @mcp.tool
    def blocking() -> bool:
        return let_go.wait(20)

    @mcp.tool
    async def quick() -> str:
        return "quick"

    async def main() -> Any:
        async with conversation(mcp) as talk:
            talk.send(call("blocking", 1))
            first = await talk.ask(call("quick", 2))
            let_go.set()
            return first["id"], (await talk.receive())["id"]

    assert asyncio.run(main()) == (2, 1)


def test_a_hundred_blocking_tools_run_at_once() -> None:
    """All of them are inside at the same time: each waits for the last one."""
    mcp, together = FastMCP("x"), threading.Barrier(100)

    @mcp.tool
    def meet() -> int:
        return together.wait(20)

    async def main() -> list[int]:
        async with Client(mcp) as client:
            results = await asyncio.gather(*(client.call_tool("meet") for _ in range(100)))
            return sorted(result.data for result in results)

    assert asyncio.run(main()) == list(range(100))


def test_a_tool_can_stay_on_the_loop() -> None:
    """For libraries that belong to one thread."""
    mcp = FastMCP("x")

    @mcp.tool(run_in_thread=False)
    def here() -> int:
        return threading.get_ident()

    @mcp.tool
    def there() -> int:
        return threading.get_ident()

    async def main() -> tuple[int, int, int]:
        async with Client(mcp) as client:
            inside, outside = await client.call_tool("here"), await client.call_tool("there")
            return threading.get_ident(), inside.data, outside.data

    mine, inside, outside = asyncio.run(main())
    assert mine == inside != outside


def slow() -> tuple[FastMCP, list[str], threading.Event]:
    mcp, heard, let_go = FastMCP("x"), list[str](), threading.Event()

    @mcp.tool(timeout=0.05)
    async def waiting() -> None:
        try:
            await asyncio.sleep(30)
        except asyncio.CancelledError:
            heard.append("cancelled")
            raise

    @mcp.tool(timeout=0.05)
    def sleeping() -> str:
        let_go.wait(20)
        heard.append("finished")
        return "late"

    @mcp.tool(timeout=30)
    async def own() -> None:
        raise TimeoutError("my own")

    @mcp.tool(timeout=30)
    def fast() -> int:
        return 1

    return mcp, heard, let_go


@pytest.mark.parametrize("name", ["waiting", "sleeping"])
def test_a_tool_that_takes_too_long_is_an_error(name: str) -> None:
    """-32000 with the tool and the time, for coroutines and threads."""
    mcp, _, let_go = slow()

    answer = ask(mcp, call(name), MODERN)
    let_go.set()

    assert answer["error"] == {
        "code": -32000,
        "message": f"Tool {name!r} timed out after 0.05 seconds",
    }


def test_a_coroutine_that_takes_too_long_is_cancelled() -> None:
    """It ends there and then."""
    mcp, heard, _ = slow()

    ask(mcp, call("waiting"), MODERN)

    assert heard == ["cancelled"]


def test_a_late_result_is_dropped() -> None:
    """The thread finishes by itself; nobody gets its value, and the next call is answered."""
    mcp, heard, let_go = slow()

    async def main() -> Any:
        async with conversation(mcp) as talk:
            first = await talk.ask(call("sleeping", 1))
            let_go.set()
            while not heard:
                await asyncio.sleep(0)
            return first, await talk.ask(call("fast", 2))

    first, second = asyncio.run(main())
    assert first["error"]["code"] == -32000
    assert second["id"] == 2 and second["result"]["structuredContent"] == {"result": 1}


def test_a_timeout_of_the_tool_itself_is_an_ordinary_error() -> None:
    """Only the deadline makes -32000."""
    mcp, _, _ = slow()

    result = ask(mcp, call("own"), MODERN)["result"]

    assert result["isError"] and "my own" in result["content"][0]["text"]


def test_a_timeout_that_cannot_be_kept_is_refused() -> None:
    """A plain function on the loop cannot be interrupted."""
    with pytest.raises(InvalidSignature, match=r"test_tool_running\.py:\d+.*event loop.*timeout="):
        FastMCP("x").tool(lambda: 1, name="a", timeout=1, run_in_thread=False)


def test_the_timeout_of_a_tool_is_its_own() -> None:
    """It can be set on the object, too, and in-process runs have it."""

    def sleeping() -> None:
        time.sleep(0.2)

    tool = Tool.from_function(sleeping)
    tool.timeout = 0.01

    with pytest.raises(McpError, match=r"timed out after 0\.01 seconds"):
        asyncio.run(tool.run({}))
