"""A server that counts what it is asked, and can be made to fail, to hang and to come back."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

from fastmcp import FastMCP
from fastmcp.server.middleware import Middleware

SECONDS = 20


class Counting(Middleware):
    """Counts requests by their method; those of `hung` methods wait until they are let go."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.sessions: set[str] = set()
        self.hung: set[str] = set()
        self.go_on = asyncio.Event()

    async def on_request(self, context: Any, call_next: Any) -> Any:
        self.counts[context.method] += 1
        if context.fastmcp_context is not None:
            self.sessions.add(context.fastmcp_context.session_id)
        if context.method in self.hung:
            await self.go_on.wait()
        return await call_next(context)


def counted(name: str = "behind") -> tuple[FastMCP, Counting]:
    """A server with one of everything, and what counts its requests."""
    counting = Counting()
    behind = FastMCP(name, middleware=[counting], instructions="Be kind.", version="7")

    @behind.tool(tags={"sums"}, annotations={"readOnlyHint": True})
    def add(a: int, b: int) -> int:
        """Add two numbers."""
        return a + b

    @behind.tool(version="1")
    def greet() -> str:
        return "hello 1"

    @behind.tool(name="greet", version="2")
    def greet_again() -> str:
        return "hello 2"

    @behind.tool
    def fail() -> str:
        raise ValueError("out of paper")

    @behind.resource("data://note", mime_type="text/markdown", tags={"notes"})
    def note() -> str:
        return "# A note"

    @behind.resource("data://row/{number}")
    def row(number: int) -> dict[str, int]:
        return {"row": number}

    @behind.prompt
    def review(code: str) -> str:
        """Ask for a review."""
        return f"Review {code}"

    @behind.completion(prompt="review", argument="code")
    def codes(typed: str) -> list[str]:
        return [each for each in ("x = 1", "y = 2") if each.startswith(typed)]

    @behind.completion(template="data://row/{number}", argument="number")
    def rows(typed: str) -> list[str]:
        return ["1", "2"]

    return behind, counting


@asynccontextmanager
async def within(seconds: float = SECONDS) -> AsyncGenerator[None]:
    """Nothing in the block takes longer."""
    async with asyncio.timeout(seconds):
        yield


async def until(condition: Any) -> None:
    """Wait for something to be so."""
    async with asyncio.timeout(SECONDS):
        while not condition():
            await asyncio.sleep(0.005)
