"""What a client gets of a server, however it is reached."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from apps import served

from fastmcp import Client, FastMCP

Reach = Callable[[FastMCP], Any]


@pytest.fixture(params=["memory", "http"])
def reach(request: pytest.FixtureRequest) -> Iterator[Reach]:
    """How to reach a server: in this process, and behind a socket."""
    if request.param == "memory":
        yield lambda mcp: mcp
        return
    with ExitStack() as stack:
        yield lambda mcp: f"{stack.enter_context(served(mcp.http_app()))}/mcp"


@pytest.fixture(params=["legacy", "auto"])
def mode(request: pytest.FixtureRequest) -> str:
    """The era that the client speaks."""
    return request.param


def used(target: Any, use: Callable[[Client], Awaitable[Any]], **options: Any) -> Any:
    """What comes of using a client."""

    async def main() -> Any:
        async with Client(target, timeout=20, **options) as client:
            return await use(client)

    return asyncio.run(main())


def value_of(target: Any, tool: str, arguments: Any = None, **options: Any) -> Any:
    """The value of a tool."""

    async def use(client: Client) -> Any:
        return (await client.call_tool(tool, arguments)).data

    return used(target, use, **options)
