"""The server of the chaos: what it runs, and how often, stands in a file."""

from __future__ import annotations

import asyncio
import os

from fastmcp import FastMCP

mcp = FastMCP("Chaos", tasks=True)


@mcp.tool
async def work(number: int) -> int:
    """Note that it runs, and where; take a moment; give back what was given."""
    journal = os.open(os.environ["CHAOS_JOURNAL"], os.O_WRONLY | os.O_APPEND)
    os.write(journal, b"%d %d\n" % (number, os.getpid()))
    os.close(journal)
    await asyncio.sleep(0.05 * (number % 8))
    return number
