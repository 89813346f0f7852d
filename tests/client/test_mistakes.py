"""What a client is given wrongly is refused before anything is sent, with the cure."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from fastmcp import Client, FastMCP


class Opaque:
    """Nothing that could be written as JSON."""


@pytest.mark.parametrize("mode", ["legacy", "auto"])
@pytest.mark.parametrize(
    ("mistake", "words"),
    [
        (lambda c: c.call_tool("add", [1, 2]), r"given by name, as in .*, not \[1, 2\]"),
        (lambda c: c.call_tool("add", "a"), "given by name, as in .*, not 'a'"),
        (
            lambda c: c.call_tool("add", {"a": 1, "b": Opaque()}),
            "The argument 'b' cannot be sent as JSON: .*Opaque",
        ),
        (lambda c: c.set_logging_level("loud"), "'loud' is no level: use one of debug, info"),
    ],
    ids=["list", "text", "object", "level"],
)
def test_a_mistake_is_named_with_its_cure(
    mistake: Callable[[Client], Awaitable[Any]], words: str, mode: Any
) -> None:
    """And the client can be used as before."""
    mcp = FastMCP("adder")

    @mcp.tool
    def add(a: int, b: int = 1) -> int:
        return a + b

    async def main() -> Any:
        async with asyncio.timeout(20), Client(mcp, mode=mode) as client:
            with pytest.raises((TypeError, ValueError), match=words):
                await mistake(client)
            return (await client.call_tool("add", {"a": 1})).data

    assert asyncio.run(main()) == 2
