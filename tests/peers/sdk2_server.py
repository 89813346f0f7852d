"""The same offers as `server.py`, made with the official Python SDK 2.x.

`python sdk2_server.py` serves stdio, `python sdk2_server.py http PORT` serves HTTP at `/mcp`.
"""

import sys
from typing import Any

from mcp.server.mcpserver import Context, MCPServer
from mcp.server.mcpserver.exceptions import ToolError

server = MCPServer("peers", version="1.0")


@server.tool()
def add(a: int, b: int) -> int:
    """Add two numbers."""
    return a + b


@server.tool()
def echo(text: str) -> str:
    """Return the text unchanged."""
    return text


@server.tool()
def fail() -> str:
    """Fail with a message that is meant for the caller."""
    raise ToolError("out of paper")


@server.tool()
def structured() -> dict[str, Any]:
    """Return an object."""
    return {"city": "Zürich", "degrees": -3.5}


@server.tool()
async def progress(n: int, ctx: Context) -> str:
    """Report `n` steps of progress."""
    for step in range(1, n + 1):
        await ctx.report_progress(step, n)
    return "done"


@server.resource("config://app", mime_type="text/plain")
def config() -> str:
    """The configuration of the application."""
    return "debug=false"


@server.resource("greet://{name}", mime_type="text/plain")
def greet(name: str) -> str:
    """A greeting for one person."""
    return f"Hello, {name}!"


@server.prompt()
def review(code: str) -> str:
    """Ask for a review of some code."""
    return f"Please review: {code}"


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["http", port]:
            server.run("streamable-http", host="127.0.0.1", port=int(port))
        case _:
            server.run()
