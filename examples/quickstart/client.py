"""Asks the server beside it, or the one at a URL: python client.py [URL]"""

import asyncio
import sys
from pathlib import Path

from fastmcp import Client
from fastmcp.exceptions import ToolError
from fastmcp.types import TextContent


async def main() -> None:
    server = sys.argv[1] if len(sys.argv) > 1 else Path(__file__).with_name("server.py")
    async with Client(server) as client:
        print("tools:", ", ".join(tool.name for tool in await client.list_tools()))

        result = await client.call_tool("write", {"title": "Bread", "text": "Rest it overnight."})
        print("written:", result.data.title)
        for note in (await client.call_tool("find", {"words": "a"})).data:
            print(f"found: {note.title}: {note.text}")

        try:
            await client.call_tool("write", {"title": "Tea", "text": "Black."})
        except ToolError as error:
            print("refused:", error)

        [note] = await client.read_resource("notes://note/Bread")
        print("read:", note.text.splitlines()[0])
        [message] = (await client.get_prompt("tidy_up", {"matter": "baking"})).messages
        if isinstance(message.content, TextContent):
            print("prompt:", message.content.text)


if __name__ == "__main__":
    asyncio.run(main())
