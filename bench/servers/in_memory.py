"""Calls, lists and registration in one process, on the public FastMCP API.

in_memory.py call | call-among-many | call-through-five | call-at-1 | call-at-3 | call-at-10 |
    parallel | list | list-of-200 | list-at-3 |
    register | register-and-list
"""

from __future__ import annotations

import asyncio
import logging
import os
import sys
from collections.abc import Callable
from functools import partial
from time import perf_counter, sleep
from typing import Any

from signatures import functions
from timing import answer_bursts

from fastmcp import Client, FastMCP

TOOLS = 1000
MANY = 9_999
SLEEPERS = 100
SLEEP = 0.5
BATCH = 20
"""Calls between two looks at the clock."""


async def add(a: int, b: int) -> int:
    """Add two numbers."""
    return a + b


def five() -> list[Any]:
    """Five middlewares, each at its work; what they log is written, to nowhere."""
    from fastmcp.server.middleware.error_handling import ErrorHandlingMiddleware
    from fastmcp.server.middleware.logging import StructuredLoggingMiddleware
    from fastmcp.server.middleware.rate_limiting import RateLimitingMiddleware
    from fastmcp.server.middleware.response_limiting import ResponseLimitingMiddleware
    from fastmcp.server.middleware.timing import TimingMiddleware

    nowhere = logging.FileHandler(os.devnull)
    logging.basicConfig(level=logging.INFO, handlers=[nowhere], force=True)
    for name in ("fastmcp", "mcp"):
        known = logging.getLogger(name)
        known.handlers, known.propagate = [nowhere], False
        known.setLevel(logging.INFO)
    return [
        ErrorHandlingMiddleware(),
        StructuredLoggingMiddleware(),
        TimingMiddleware(),
        RateLimitingMiddleware(max_requests_per_second=1e9, burst_capacity=10**9),
        ResponseLimitingMiddleware(max_size=1_000_000),
    ]


def mounted(mcp: FastMCP, depth: int) -> FastMCP:
    """A server on which this one is mounted that deep."""
    for level in range(depth):
        outer = FastMCP(f"level{level}")
        outer.mount(mcp, f"n{level}")
        mcp = outer
    return mcp


async def measure_call(
    others: int = 0, *, through: Callable[[], list[Any]] = list, depth: int = 0
) -> None:
    mcp = FastMCP("bench", middleware=through())
    for function in functions(others):
        mcp.tool(function)
    mcp.tool(add)
    name = "_".join([*(f"n{level}" for level in reversed(range(depth))), "add"])
    async with Client(mounted(mcp, depth)) as client:
        result = await client.call_tool(name, {"a": 1, "b": 2})
        assert result.data == 3, result

        async def call() -> float:
            begin = perf_counter()
            for _ in range(BATCH):
                await client.call_tool(name, {"a": 1, "b": 2})
            return (perf_counter() - begin) / BATCH

        await answer_bursts(call)


async def measure_parallel() -> None:
    """Blocking tools, all at the same time."""
    mcp = FastMCP("bench")

    @mcp.tool
    def sleeper() -> int:
        sleep(SLEEP)
        return 1

    async with Client(mcp) as client:

        async def all_at_once() -> float:
            begin = perf_counter()
            await asyncio.gather(*(client.call_tool("sleeper") for _ in range(SLEEPERS)))
            return perf_counter() - begin

        await answer_bursts(all_at_once)


async def measure_list(number: int = TOOLS, *, depth: int = 0) -> None:
    mcp = FastMCP("bench")
    for function in functions(number):
        mcp.tool(function)
    async with Client(mounted(mcp, depth)) as client:

        async def list_all() -> float:
            begin = perf_counter()
            tools = await client.list_tools()
            elapsed = perf_counter() - begin
            assert len(tools) == number, len(tools)
            return elapsed

        await answer_bursts(list_all)


async def measure_register() -> None:
    async def register() -> float:
        mcp = FastMCP("bench")
        fresh = functions(TOOLS)
        begin = perf_counter()
        for function in fresh:
            mcp.tool(function)
        return perf_counter() - begin

    await answer_bursts(register)


async def measure_register_and_list() -> None:
    """With the first answer to a client, so that work put off is work counted."""

    async def register() -> float:
        mcp = FastMCP("bench")
        fresh = functions(TOOLS)
        begin = perf_counter()
        for function in fresh:
            mcp.tool(function)
        async with Client(mcp) as client:
            tools = await client.list_tools()
        elapsed = perf_counter() - begin
        assert tools[-1].model_dump(by_alias=True)["inputSchema"]["properties"], tools[-1]
        return elapsed

    await answer_bursts(register)


MEASURES = {
    "call": measure_call,
    "call-among-many": partial(measure_call, MANY),
    "call-through-five": partial(measure_call, through=five),
    "call-at-1": partial(measure_call, depth=1),
    "call-at-3": partial(measure_call, depth=3),
    "call-at-10": partial(measure_call, depth=10),
    "parallel": measure_parallel,
    "list": measure_list,
    "list-of-200": partial(measure_list, 200),
    "list-at-3": partial(measure_list, 200, depth=3),
    "register": measure_register,
    "register-and-list": measure_register_and_list,
}

if __name__ == "__main__":
    asyncio.run(MEASURES[sys.argv[1]]())
