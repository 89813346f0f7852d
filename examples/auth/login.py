"""Signs in at the server, in a browser, and writes a note: python login.py [URL]"""

import asyncio
import sys

from fastmcp import Client
from fastmcp.client.auth import OAuth

URL = sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:8001/mcp"


async def main() -> None:
    # `auth="oauth"` is the short form. The tokens are in memory here; token_storage= keeps them.
    async with Client(URL, auth=OAuth(scopes=["notes:read", "notes:write"])) as client:
        print("tools:", ", ".join(sorted(tool.name for tool in await client.list_tools())))
        print("notes:", (await client.call_tool("write", {"text": "The tea is gone"})).data)
        print("read:", (await client.call_tool("read")).data)


if __name__ == "__main__":
    asyncio.run(main())
