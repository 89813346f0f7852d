"""How many of our frames stand between a decoded message and the user's function."""

import asyncio
import sys
from pathlib import Path

import pytest

import fastmcp
from fastmcp import Client, Context, FastMCP

PACKAGE = str(Path(fastmcp.__file__).parent)
LIMIT = 8

mcp = FastMCP("depth")


@mcp.tool
async def frames(context: Context) -> list[str]:
    """The functions of the package on the stack, innermost first."""
    found: list[str] = []
    frame = sys._getframe(1)
    while frame is not None:
        if frame.f_code.co_filename.startswith(PACKAGE):
            found.append(frame.f_code.co_qualname)
        frame = frame.f_back
    return found


@pytest.mark.parametrize("mode", ["legacy", "auto"])
def test_a_tool_is_reached_through_at_most_eight_frames(mode: str) -> None:
    """From the session that took the message to the function, in both eras."""

    async def call() -> list[str]:
        async with Client(mcp, mode=mode) as client:
            return (await client.call_tool("frames")).data

    found = asyncio.run(call())
    depth = found.index("Session.serve") + 1

    assert depth <= LIMIT, found
