"""Servers under a limit, and what becomes of calls that are made of them."""

from __future__ import annotations

import asyncio
from typing import Any

from fastmcp import Client, FastMCP
from fastmcp.exceptions import McpError
from fastmcp.server.middleware import Middleware


class Clock:
    """A time that passes when it is told to."""

    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now

    def wait(self, seconds: float) -> None:
        self.now += seconds


def limited(*middleware: Middleware) -> FastMCP:
    """A server with a few small components."""
    mcp = FastMCP("Limited", middleware=middleware)

    @mcp.tool
    def echo(text: str = "hello") -> str:
        return text

    @mcp.tool
    async def other() -> str:
        return "other"

    @mcp.resource("data://a")
    def data() -> str:
        return "a"

    @mcp.prompt
    def greet() -> str:
        return "hello"

    return mcp


async def outcome(client: Client, tool: str, arguments: Any = None, **options: Any) -> Any:
    """The value of a call, or the error of the protocol that it ended with."""
    try:
        return (await client.call_tool(tool, arguments, **options)).data
    except McpError as error:
        return error


async def outcomes(client: Client, *tools: str) -> list[Any]:
    """What becomes of calls one after the other; of an error, its `data`."""
    found = [await outcome(client, tool) for tool in tools]
    return [each.data if isinstance(each, McpError) else each for each in found]


async def storm(target: Any, number: int) -> tuple[int, list[McpError]]:
    """So many calls at once: how many were answered, and the errors of the others."""
    async with Client(target, timeout=60) as client:
        calls = [outcome(client, "echo", {"text": str(i)}) for i in range(number)]
        found = await asyncio.gather(*calls)
    errors = [each for each in found if isinstance(each, McpError)]
    return number - len(errors), errors
