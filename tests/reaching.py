"""What a client gets of a server, however it is reached."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from fastmcp import Client, FastMCP

Reach = Callable[[FastMCP], Any]


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
