"""The server that every peer is tried on: one of each thing that a server can offer.

`python server.py` serves stdio, `python server.py http PORT` serves HTTP at `/mcp`, and
`python server.py sse PORT` the older HTTP+SSE at `/sse`.
"""

import sys
from typing import Any

from fastmcp import Context, FastMCP
from fastmcp.exceptions import ToolError

mcp = FastMCP("peers", version="1.0")


@mcp.tool
def add(a: int, b: int) -> int:
    """Add two numbers."""
    return a + b


@mcp.tool
def echo(text: str) -> str:
    """Return the text unchanged."""
    return text


@mcp.tool
def fail() -> str:
    """Fail with a message that is meant for the caller."""
    raise ToolError("out of paper")


@mcp.tool
def structured() -> dict[str, Any]:
    """Return an object."""
    return {"city": "Zürich", "degrees": -3.5}


@mcp.tool
async def progress(n: int, ctx: Context) -> str:
    """Report `n` steps of progress."""
    for step in range(1, n + 1):
        await ctx.report_progress(step, n)
    return "done"


@mcp.tool
def change() -> str:
    """Say that the configuration and the lists have changed."""
    mcp.notify_resource_updated("config://app")
    mcp.local_provider.enable(names={"nothing"})
    return "changed"


@mcp.completion
def complete(ref: Any, argument: Any, context: Any) -> list[str]:
    """Complete any argument."""
    return [f"{argument.value}=1", f"{argument.value}=2"]


@mcp.resource("config://app", mime_type="text/plain")
def config() -> str:
    """The configuration of the application."""
    return "debug=false"


@mcp.resource("greet://{name}", mime_type="text/plain")
def greet(name: str) -> str:
    """A greeting for one person."""
    return f"Hello, {name}!"


@mcp.prompt
def review(code: str) -> str:
    """Ask for a review of some code."""
    return f"Please review: {code}"


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["http" | "sse" as transport, port]:
            mcp.run(transport, host="127.0.0.1", port=int(port), show_banner=False)
        case _:
            mcp.run(show_banner=False)
