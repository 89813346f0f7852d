"""Area B: how tools are registered and served, row by row."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from apps import call, http

from fastmcp import Client, Context, FastMCP


def tools_of(mcp: FastMCP) -> list[Any]:
    async def main() -> list[Any]:
        async with Client(mcp) as client:
            return await client.list_tools()

    return asyncio.run(main())


def test_s018_bare_decorator() -> None:
    """`@mcp.tool` registers under the function's name."""
    mcp = FastMCP("x")

    @mcp.tool
    def add_numbers(a: int, b: int) -> int:
        return a + b

    assert [tool.name for tool in tools_of(mcp)] == ["add_numbers"]


def test_s019_called_decorator() -> None:
    """`@mcp.tool()` does the same."""
    mcp = FastMCP("x")

    @mcp.tool()
    def api_status() -> str:
        return "ok"

    assert [tool.name for tool in tools_of(mcp)] == ["api_status"]


def test_s020_plain_functions_run_off_the_event_loop() -> None:
    """A ping is answered while a tool blocks; the context is visible in the thread."""
    mcp, entered, let_go = FastMCP("x"), threading.Event(), threading.Event()

    @mcp.tool
    def slow() -> str:
        entered.set()
        let_go.wait(20)
        return f"{Context.current().request_id} {threading.current_thread().name}"

    async def main() -> tuple[bool, bool, str]:
        async with Client(mcp, mode="legacy") as client:
            calling = asyncio.create_task(client.call_tool("slow"))
            await asyncio.to_thread(entered.wait, 20)
            pinged = await client.ping()
            waiting = not calling.done()
            let_go.set()
            return pinged, waiting, (await calling).data

    pinged, waiting, told = asyncio.run(main())
    assert pinged and waiting
    assert "fastmcp-worker" in told and told[0].isdigit()


@pytest.mark.parametrize("mode", ["auto", "legacy"])
def test_s039_annotations(mode: str) -> None:
    """`annotations=` is sent in tools/list, and reads both ways."""
    mcp = FastMCP("x")

    @mcp.tool(annotations={"readOnlyHint": True, "destructiveHint": False})
    def look() -> str:
        return "looked"

    async def main() -> Any:
        async with Client(mcp, mode=mode) as client:
            return (await client.list_tools())[0].annotations

    annotations = asyncio.run(main())
    assert annotations.readOnlyHint is True and annotations.read_only_hint is True
    assert annotations.destructiveHint is False


NOISY = """
    import os
    import sys

    from fastmcp import FastMCP

    mcp = FastMCP("noisy")
    print("printed at import")

    @mcp.tool
    def load_plugin(name: str) -> str:
        print("printed in a tool")
        os.write(1, b"written to descriptor 1\\n")
        sys.stdout.write("and without a line end")
        return name

    if __name__ == "__main__":
        mcp.run()
"""


def test_s047_print_does_not_corrupt_stdio(script: Callable[..., Path]) -> None:
    """What a tool prints goes to standard error; the client skips what came before `run()`."""
    path = script(NOISY)

    async def main() -> str:
        from fastmcp.client.transports import PythonStdioTransport

        async with Client(PythonStdioTransport(path), timeout=20) as client:
            return (await client.call_tool("load_plugin", {"name": "weather"})).data

    assert asyncio.run(main()) == "weather"


def test_s049_twenty_calls_from_ten_threads() -> None:
    """No answer is lost or mixed up, and a gather keeps its order."""
    mcp = FastMCP("x")

    @mcp.tool
    def echo(n: int) -> int:
        time.sleep(0.001 * (n % 3))
        return n

    with http(mcp, stateless_http=True) as client, ThreadPoolExecutor(10) as pool:
        answers = list(pool.map(lambda n: client.modern(call("echo", n, n=n)).json(), range(20)))

    assert [answer["id"] for answer in answers] == list(range(20))
    assert [a["result"]["structuredContent"]["result"] for a in answers] == list(range(20))

    async def gathered() -> list[int]:
        async with Client(mcp) as client:
            results = await asyncio.gather(*(client.call_tool("echo", {"n": n}) for n in range(5)))
            return [result.data for result in results]

    assert asyncio.run(gathered()) == list(range(5))
