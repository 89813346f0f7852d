"""The server of bench/workers.py, as `run_http` serves it: workers_app.py PORT WORKERS."""

import sys

from fastmcp import FastMCP

mcp = FastMCP("bench")


@mcp.tool
async def add(a: int, b: int) -> int:
    """Add two numbers."""
    return a + b


if __name__ == "__main__":
    mcp.run_http(
        "127.0.0.1",
        int(sys.argv[1]),
        workers=int(sys.argv[2]),
        stateless_http=True,
        json_response=True,
        access_log=False,
        log_level="error",
    )
