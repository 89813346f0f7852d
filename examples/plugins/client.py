"""Loads a plugin, uses it, and unloads it; the server tells when its tools have changed."""

import asyncio
from pathlib import Path
from typing import Any

from fastmcp import Client


async def main() -> None:
    changed = asyncio.Event()

    async def hear(message: Any) -> None:
        if message.method == "notifications/tools/list_changed":
            changed.set()

    server = Path(__file__).with_name("server.py")
    async with Client(server, message_handler=hear) as client:

        async def show() -> None:
            print("tools:", ", ".join(sorted(tool.name for tool in await client.list_tools())))

        await show()
        await client.call_tool("load_plugin", {"name": "dice"})
        await asyncio.wait_for(changed.wait(), 10)
        await show()
        rolled = (await client.call_tool("roll")).data
        [content] = await client.read_resource("dice://rolled")
        print("rolled a die:", content.text == f"[{rolled}]")
        await client.call_tool("unload_plugin", {"name": "dice"})
        await show()


if __name__ == "__main__":
    asyncio.run(main())
