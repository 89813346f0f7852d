"""Servers that have the same components and tell which of them has answered."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any

from fastmcp import Client, FastMCP


def replica(number: int, name: str | None = None) -> FastMCP:
    """A server with one component of each kind; each tells the number."""
    mcp = FastMCP(name or f"replica-{number}")

    @mcp.tool(annotations={"readOnlyHint": True})
    def who() -> int:
        return number

    @mcp.tool
    def change() -> int:
        return number

    @mcp.resource("data://number")
    def number_resource() -> str:
        return str(number)

    @mcp.resource("data://numbers/{times}")
    def numbers(times: int) -> str:
        return str(number) * times

    @mcp.prompt
    def ask(about: str) -> str:
        return f"{about} {number}"

    return mcp


def replicas(count: int) -> list[FastMCP]:
    """That many of them."""
    return [replica(number) for number in range(count)]


async def tally(client: Client, calls: int, tool: str = "who", *, at_once: int = 1) -> Counter[Any]:
    """How many of the calls each replica answered."""
    found: Counter[Any] = Counter()

    async def work(number: int) -> None:
        for _ in range(number):
            found[(await client.call_tool(tool)).data] += 1

    await asyncio.gather(*(work(calls // at_once) for _ in range(at_once)))
    return found


def chi_square(found: Counter[Any], shares: dict[Any, float]) -> float:
    """How far the counts are from shares of their sum."""
    total = sum(found.values())
    whole = sum(shares.values())
    return sum(
        (found[each] - total * share / whole) ** 2 / (total * share / whole)
        for each, share in shares.items()
    )
