"""Buys things, some of which are not there: python load.py [CALLS] [URL]"""

import asyncio
import random
import sys

from fastmcp import Client

CALLS = int(sys.argv[1]) if len(sys.argv) > 1 else 100
URL = sys.argv[2] if len(sys.argv) > 2 else "http://127.0.0.1:8000/mcp"


async def main() -> None:
    failed = 0
    async with Client(URL) as client:
        for number in range(CALLS):
            item = "gold" if number % 10 == 0 else random.choice(("tea", "bread", "milk"))
            for tool in ("price", "sell"):
                result = await client.call_tool(tool, {"item": item}, raise_on_error=False)
                failed += result.is_error
    print(f"{2 * CALLS} calls, {failed} of them failed")


if __name__ == "__main__":
    asyncio.run(main())
