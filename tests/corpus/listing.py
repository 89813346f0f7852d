"""The schemas of the corpus as clients see them; run as a program by another FastMCP's Python."""

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

from fastmcp import Client, FastMCP


def listed(corpus: dict[str, Any], **options: Any) -> dict[str, dict[str, Any]]:
    """What a client gets from a server whose tools are these functions."""

    async def main() -> dict[str, dict[str, Any]]:
        mcp = FastMCP("corpus", **options)
        for name, function in corpus.items():
            mcp.tool(function, name=name)
        async with Client(mcp) as client:
            return {
                tool.name: {"input": tool.inputSchema, "output": tool.outputSchema}
                for tool in await client.list_tools()
            }

    return asyncio.run(main())


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parent))
    from signatures import CORPUS

    print(json.dumps(listed(CORPUS)))
