"""A server and its clients, over every transport and in both eras, in an environment that has
this package and what it needs. Run with warnings as errors; it prints the version of Python.
"""

from __future__ import annotations

import asyncio
import socket
import sys
from pathlib import Path

from fastmcp import Client, FastMCP

mcp = FastMCP("Smoke")


@mcp.tool
def add(a: int, b: int) -> int:
    """Add two numbers."""
    return a + b


@mcp.resource("echo://{text}")
def echo(text: str) -> str:
    """The text."""
    return text


@mcp.prompt
def greet(name: str) -> str:
    """Ask for a greeting."""
    return f"Greet {name}."


async def used(client: Client) -> None:
    async with client:
        assert [tool.name for tool in await client.list_tools()] == ["add"]
        assert (await client.call_tool("add", {"a": 2, "b": 3})).data == 5
        assert (await client.read_resource("echo://hello"))[0].text == "hello"
        assert (await client.get_prompt("greet", {"name": "Ada"})).messages


async def listening(port: int) -> None:
    while True:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            return writer.close()
        except OSError:
            await asyncio.sleep(0.05)


async def main() -> None:
    with socket.create_server(("127.0.0.1", 0)) as found:
        port = found.getsockname()[1]
    serving = asyncio.create_task(mcp.run_async("http", port=port, show_banner=False))
    async with asyncio.timeout(60):
        await listening(port)
        for mode in ("legacy", "auto"):
            await used(Client(mcp, mode=mode))
            await used(Client(Path(__file__), mode=mode))
            await used(Client(f"http://127.0.0.1:{port}/mcp", mode=mode))
    serving.cancel()
    await asyncio.wait([serving])
    print(sys.version.split()[0])


if __name__ == "__main__":
    if len(sys.argv) > 1:
        asyncio.run(main())
    else:
        mcp.run()
