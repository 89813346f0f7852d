"""What every component has, as FastMCP's users import it."""

from __future__ import annotations

from fastmcp import Client, FastMCP
from fastmcp.utilities.components import FastMCPComponent, get_fastmcp_metadata


async def test_a_listed_tool_tells_its_tags() -> None:
    """They stand in its `_meta`, and every component is one of that class."""
    mcp = FastMCP("tagged")

    @mcp.tool(tags={"math"})
    def add(a: int, b: int) -> int:
        return a + b

    async with Client(mcp) as client:
        (tool,) = await client.list_tools()

    assert get_fastmcp_metadata(tool.meta) == {"tags": ["math"]}
    assert isinstance(await mcp.get_tool("add"), FastMCPComponent)


def test_servers_of_fastmcp_2_are_read_and_nothing_is_read_of_others() -> None:
    """They called it `_fastmcp`."""
    assert get_fastmcp_metadata({"_fastmcp": {"version": "1"}}) == {"version": "1"}
    assert get_fastmcp_metadata({"fastmcp": "no object"}) == get_fastmcp_metadata(None) == {}
