"""Plain clients: values instead of protocol objects, blocking or awaited, of one server or many."""

import asyncio

from fastmcp import FastMCP
from fastmcp.client import MCPClient


async def test_calls_give_values() -> None:
    """A number is a number; nothing needs to be awaited."""
    # snippet: first
    from fastmcp import FastMCP
    from fastmcp.client import MCPClient

    mcp = FastMCP("Bakery")

    @mcp.tool
    def price(loaves: int) -> float:
        """What that many loaves cost."""
        if loaves < 1:
            raise ValueError("Less than a loaf is not sold")
        return loaves * 2.5

    @mcp.resource("menu/today")
    def menu() -> str:
        return "rye, wheat"

    with MCPClient(mcp) as client:  # or MCPClient("http://localhost:8000")
        assert client.call_tool("price", {"loaves": 2}) == 5.0
        assert client.get_resource("menu/today") == "rye, wheat"
        assert [tool["name"] for tool in client.list_tools()] == ["price"]
        assert client.get_server_info()["name"] == "Bakery"
    # end


async def test_it_connects_by_itself() -> None:
    """And again after it was closed."""
    mcp = FastMCP("Bakery")
    mcp.tool(lambda loaves: loaves * 2.5, name="price")

    # snippet: open
    client = MCPClient(mcp)
    assert not client.is_connected()

    client.call_tool("price", {"loaves": 1})
    assert client.is_connected()

    client.close()
    # end
    assert not client.is_connected()


async def test_errors_say_whose_they_are() -> None:
    """Of the tool, or of the way to it."""
    mcp = FastMCP("Bakery")

    @mcp.tool
    def price(loaves: int) -> float:
        raise ValueError("Less than a loaf is not sold")

    # snippet: errors
    from fastmcp.exceptions import ToolError

    def asked(target: object) -> str:
        with MCPClient(target, timeout=10) as client:
            return client.call_tool("price", {"loaves": 0})

    for target in (mcp, "http://127.0.0.1:9"):
        try:
            asked(target)
        except ToolError as error:
            assert "Less than a loaf is not sold" in str(error)
        except ConnectionError as error:
            assert str(error).startswith("Connection to http://127.0.0.1:9/mcp failed")
    # end


async def test_async_code_awaits_the_same_methods() -> None:
    """Without a block, until it is closed."""
    mcp = FastMCP("Bakery")

    @mcp.tool
    def price(loaves: int) -> float:
        return loaves * 2.5

    # snippet: asynchronous
    import asyncio

    from fastmcp.client import AsyncMCPClient

    baker = AsyncMCPClient(mcp)

    prices = await asyncio.gather(*(baker.call_tool("price", {"loaves": n}) for n in (1, 2, 3)))
    await baker.close()

    assert prices == [2.5, 5.0, 7.5]
    # end


async def test_several_servers_are_asked_together() -> None:
    """One that is down has its error in its place."""
    mcp = FastMCP("Bakery")

    @mcp.tool
    def price(loaves: int) -> float:
        return loaves * 2.5

    # snippet: several
    from fastmcp.client import MultiServerClient

    rival = FastMCP("Rival")

    @rival.tool(name="price")
    def price_elsewhere(loaves: int) -> float:
        return loaves * 2.0

    shops = MultiServerClient(
        {
            "bakery": mcp,
            "rival": rival,
            "closed": {"url": "http://127.0.0.1:9", "headers": {"X-Shop": "3"}},
        }
    )

    async with shops:
        prices = await shops.broadcast("price", {"loaves": 2})
        assert (prices["bakery"], prices["rival"]) == (5.0, 4.0)
        assert prices["closed"]["error"].startswith("Connection to http://127.0.0.1:9/mcp failed")

        assert await shops.call_tool("rival", "price", {"loaves": 1}) == 2.0
        assert await shops.find_tool("price") == ["bakery", "rival"]
        assert await shops.call_tool_anywhere("price", {"loaves": 1}) == 2.5
    # end

    # snippet: script
    def compare() -> dict[str, float]:
        with shops:
            return shops.broadcast("price", {"loaves": 3}, servers=["bakery", "rival"])

    assert await asyncio.to_thread(compare) == {"bakery": 7.5, "rival": 6.0}
    # end


async def test_what_surprises() -> None:
    """What has no annotation is sent as text; what is not needed any more is closed."""
    mcp = FastMCP("Bakery")
    mcp.tool(lambda: 3, name="untyped")

    with MCPClient(mcp) as client:
        assert client.call_tool("untyped") == "3"
