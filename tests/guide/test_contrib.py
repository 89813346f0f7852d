"""Parts for a few servers: methods, bulk calls, switching components by HTTP."""

import httpx2
from apps import served

from fastmcp import Client, FastMCP


async def test_methods_are_registered_by_object() -> None:
    """Each under its prefix."""
    # snippet: mixin
    from fastmcp import FastMCP
    from fastmcp.contrib.mcp_mixin import MCPMixin, mcp_tool

    class Till(MCPMixin):
        def __init__(self, money: float) -> None:
            self.money = money

        @mcp_tool()
        def count(self) -> float:
            """The money in the till."""
            return self.money

    mcp = FastMCP("Shop")
    Till(100.0).register_all(mcp, prefix="front")
    Till(20.0).register_all(mcp, prefix="back")
    # end
    async with Client(mcp) as client:
        assert (await client.call_tool("front_count")).data == 100.0
        assert (await client.call_tool("back_count")).data == 20.0


async def test_a_tool_calls_another_many_times() -> None:
    """Of the same server, for one request."""
    mcp = FastMCP("Shop")

    # snippet: bulk
    from fastmcp import Client
    from fastmcp.contrib.bulk_tool_caller import BulkToolCaller

    @mcp.tool
    def price(item: str) -> float:
        return 4.5 if item == "tea" else 3.0

    BulkToolCaller().register_tools(mcp)

    async with Client(mcp) as client:
        arguments = [{"item": "tea"}, {"item": "milk"}]
        result = await client.call_tool(
            "call_tool_bulk", {"tool": "price", "tool_arguments": arguments}
        )

    assert [each.content[0]["text"] for each in result.data] == ["4.5", "3.0"]
    # end
    assert not any(each.isError for each in result.data)


async def test_components_are_switched_by_requests() -> None:
    """Of those who have the scope."""
    # snippet: manager
    from fastmcp.contrib.component_manager import set_up_component_manager

    mcp = FastMCP("Shop", auth={"a-long-secret": {"user": "ada", "scopes": ["manage"]}})
    set_up_component_manager(mcp, path="/admin", required_scopes=["manage"])
    # end

    @mcp.tool
    def price(item: str) -> float:
        return 4.5

    with served(mcp.http_app()) as url:
        async with httpx2.AsyncClient(base_url=url) as http:
            path = "/admin/tools/price/disable"
            refused = await http.post(path)
            done = await http.post(path, headers={"Authorization": "Bearer a-long-secret"})

    assert (refused.status_code, done.status_code) == (401, 200)
    assert await mcp.list_tools() == []
