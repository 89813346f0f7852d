"""What a client costs, on the public FastMCP API: the same source for every FastMCP.

client_calls.py call URL | concurrent URL | open-close URL | sync URL | open-close-memory
client_calls.py proxied-call URL | proxied-concurrent URL | proxied-list URL
"""

from __future__ import annotations

import asyncio
import sys
from time import perf_counter
from typing import Any

from timing import answer_bursts

from fastmcp import Client

BATCH = 20
"""Calls between two looks at the clock."""
IN_FLIGHT = 50
CONNECTIONS = 5
"""Opened and closed between two looks at the clock."""
ARGUMENTS = {"a": 1, "b": 2}


async def measure_call(target: Any) -> None:
    async with Client(target) as client:
        result = await client.call_tool("add", ARGUMENTS)
        assert result.data == 3, result

        async def call() -> float:
            begin = perf_counter()
            for _ in range(BATCH):
                await client.call_tool("add", ARGUMENTS)
            return (perf_counter() - begin) / BATCH

        await answer_bursts(call)


async def measure_concurrent(target: Any) -> None:
    """As many workers as calls in flight, each taking the next call when it has its answer."""
    async with Client(target) as client:

        async def call_together() -> float:
            remaining = iter(range(IN_FLIGHT * BATCH))

            async def work() -> None:
                for _ in remaining:
                    result = await client.call_tool("add", ARGUMENTS)
                    assert result.data == 3, result

            begin = perf_counter()
            await asyncio.gather(*(work() for _ in range(IN_FLIGHT)))
            return (perf_counter() - begin) / (IN_FLIGHT * BATCH)

        await answer_bursts(call_together)


async def measure_open_close(target: Any) -> None:
    async def open_and_close() -> float:
        begin = perf_counter()
        for _ in range(CONNECTIONS):
            async with Client(target) as client:
                assert client.is_connected()
        return (perf_counter() - begin) / CONNECTIONS

    await answer_bursts(open_and_close)


async def measure_open_close_memory() -> None:
    from in_memory import add

    from fastmcp import FastMCP

    mcp = FastMCP("bench")
    mcp.tool(add)
    await measure_open_close(mcp)


def proxy(url: str) -> Any:
    """A server in this process on which a proxy to the URL is mounted."""
    from fastmcp import FastMCP
    from fastmcp.server import create_proxy

    main = FastMCP("main")
    main.mount(create_proxy(url))
    return main


async def measure_list(target: Any) -> None:
    async with Client(target) as client:

        async def list_tools() -> float:
            begin = perf_counter()
            for _ in range(BATCH):
                assert await client.list_tools()
            return (perf_counter() - begin) / BATCH

        await answer_bursts(list_tools)


async def measure_sync(url: str) -> None:
    """The client for plain functions; the loop that calls it has nothing else to do."""
    from fastmcp.client import MCPClient  # pyright: ignore[reportAttributeAccessIssue]

    with MCPClient(url) as client:
        assert client.call_tool("add", ARGUMENTS) == 3

        async def call() -> float:
            begin = perf_counter()
            for _ in range(BATCH):
                client.call_tool("add", ARGUMENTS)
            return (perf_counter() - begin) / BATCH

        await answer_bursts(call)


MEASURES: dict[str, Any] = {
    "call": measure_call,
    "concurrent": measure_concurrent,
    "open-close": measure_open_close,
    "open-close-memory": measure_open_close_memory,
    "sync": measure_sync,
    "list": measure_list,
    "proxied-call": lambda url: measure_call(proxy(url)),
    "proxied-concurrent": lambda url: measure_concurrent(proxy(url)),
    "proxied-list": lambda url: measure_list(proxy(url)),
}

if __name__ == "__main__":
    asyncio.run(MEASURES[sys.argv[1]](*sys.argv[2:]))
