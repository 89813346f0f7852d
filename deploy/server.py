"""The server that the files beside this one deploy; yours takes its place.

It speaks stdio, and HTTP with MCP_TRANSPORT=http. FASTMCP_HOST, FASTMCP_PORT and
FASTMCP_SESSION_STORE say where it listens and what its replicas share.
"""

import asyncio
import os

from fastmcp import Context, FastMCP

# How long calls in flight may take to finish after SIGTERM, in seconds. What stops the server has
# to wait longer: terminationGracePeriodSeconds, stop_grace_period, TimeoutStopSec.
DRAIN = 25

mcp = FastMCP("Example")


@mcp.tool
def add(a: int, b: int) -> int:
    """Add two numbers."""
    return a + b


@mcp.tool
async def countdown(steps: int, ctx: Context, seconds: float = 1.0) -> str:
    """Count down, telling of each step."""
    for step in range(steps):
        await ctx.report_progress(step, steps, f"{steps - step} to go")
        await asyncio.sleep(seconds)
    return "lift-off"


@mcp.tool
def who() -> int:
    """The process that answers."""
    return os.getpid()


if __name__ == "__main__":
    if os.environ.get("MCP_TRANSPORT", "stdio") == "http":
        mcp.run_http(timeout_graceful_shutdown=DRAIN)
    else:
        mcp.run()
