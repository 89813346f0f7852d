"""Starts greeter.py as a process of its own, calls it, and prints what it answers."""

import asyncio
from pathlib import Path

from fastmcp import Client


async def main() -> None:
    async with Client(Path(__file__).with_name("greeter.py")) as client:
        print(f"connected to {client.server_info.name}, MCP {client.protocol_version}")
        print("tools:", ", ".join(tool.name for tool in await client.list_tools()))
        result = await client.call_tool("add", {"a": 2, "b": 3})
        print("add(2, 3) =", result.data)
        [contents] = await client.read_resource("greeting://world")
        print("greeting://world:", contents.text)


if __name__ == "__main__":
    asyncio.run(main())
