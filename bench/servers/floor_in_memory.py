"""The in-memory floors: what pydantic and msgspec alone need for the same work.

floor_in_memory.py call | parallel | list | register | register-and-list
"""

from __future__ import annotations

import asyncio
import sys
from concurrent.futures import ThreadPoolExecutor
from time import perf_counter, sleep
from typing import Any, cast

import msgspec
from pydantic import TypeAdapter
from signatures import Function, functions
from timing import answer_bursts

TOOLS = 1000
BATCH = 1000
SLEEPERS = 100
SLEEP = 0.5


async def add(a: int, b: int) -> int:
    """Add two numbers."""
    return a + b


async def measure_call() -> None:
    arguments, result = TypeAdapter(cast(Any, add)), TypeAdapter(int)
    raw = b'{"a":1,"b":2}'

    async def call() -> float:
        begin = perf_counter()
        for _ in range(BATCH):
            result.dump_json(await arguments.validate_json(raw))
        return (perf_counter() - begin) / BATCH

    await answer_bursts(call)


async def measure_parallel() -> None:
    pool = ThreadPoolExecutor(SLEEPERS)

    async def all_at_once() -> float:
        begin = perf_counter()
        list(pool.map(sleep, [SLEEP] * SLEEPERS))
        return perf_counter() - begin

    await answer_bursts(all_at_once)


def describe(function: Function) -> dict[str, Any]:
    """One entry of tools/list."""
    return {
        "name": function.__name__,
        "description": function.__doc__,
        "inputSchema": TypeAdapter(cast(Any, function)).json_schema(),
        "outputSchema": TypeAdapter(function.__annotations__["return"]).json_schema(),
    }


async def measure_list() -> None:
    tools = [describe(function) for function in functions(TOOLS)]

    async def encode() -> float:
        begin = perf_counter()
        msgspec.json.encode(tools)
        return perf_counter() - begin

    await answer_bursts(encode)


async def measure_register() -> None:
    async def build() -> float:
        fresh = functions(TOOLS)
        begin = perf_counter()
        for function in fresh:
            describe(function)
        return perf_counter() - begin

    await answer_bursts(build)


MEASURES = {
    "call": measure_call,
    "parallel": measure_parallel,
    "list": measure_list,
    "register": measure_register,
    "register-and-list": measure_register,
}

if __name__ == "__main__":
    asyncio.run(MEASURES[sys.argv[1]]())
