"""Translates through the front, and counts who did it: python client.py [URL] [CALLS]"""

import asyncio
import sys
from collections import Counter

from fastmcp import Client

URL = sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:8000/mcp"
CALLS = int(sys.argv[2]) if len(sys.argv) > 2 else 20


async def main() -> None:
    async with Client(URL) as client:
        done: Counter[str] = Counter()
        for _ in range(CALLS):
            result = await client.call_tool("translate", {"word": "tea"})
            assert result.data["german"] == "Tee"
            done[result.data["by"]] += 1
        for backend, count in sorted(done.items()):
            print(f"{backend} made {count} of {CALLS} calls")


if __name__ == "__main__":
    asyncio.run(main())
