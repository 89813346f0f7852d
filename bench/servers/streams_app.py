"""One worker with sessions in memory: streams_app.py PORT."""

import sys

from fastmcp import FastMCP

mcp = FastMCP("bench")

if __name__ == "__main__":
    mcp.run(
        transport="http",
        port=int(sys.argv[1]),
        show_banner=False,
        log_level="error",
        uvicorn_config={"access_log": False},
    )
