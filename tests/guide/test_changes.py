"""Changes: what a server tells its clients when something is no longer as it was."""

import asyncio

import pytest
from apps import MODERN, request
from conversation import conversation

from fastmcp import Client, FastMCP
from fastmcp.exceptions import ClientError


async def test_a_server_may_change_while_it_runs() -> None:
    """From any thread; every client is told, and the next list is the new one."""
    # snippet: lists
    from fastmcp import Client, FastMCP

    mcp = FastMCP("Market")

    @mcp.tool
    def open_stall(name: str) -> None:
        mcp.tool(lambda: f"Welcome to {name}", name=f"visit_{name}")

    @mcp.tool
    def close_stall(name: str) -> None:
        mcp.remove_tool(f"visit_{name}")

    # end
    # snippet: hear
    heard: list[str] = []

    async with Client(mcp, message_handler=lambda told: heard.append(told.method)) as client:
        await client.call_tool("open_stall", {"name": "tea"})
        tools = [tool.name for tool in await client.list_tools()]

    assert heard == ["notifications/tools/list_changed"]
    assert tools == ["open_stall", "close_stall", "visit_tea"]
    # end
    async with Client(mcp) as client:
        await client.call_tool("close_stall", {"name": "tea"})
        assert len(await client.list_tools()) == 2


async def test_clients_watch_resources() -> None:
    """`notify_resource_updated` tells those who watch it, or one above it."""
    mcp = FastMCP("Market")

    # snippet: updated
    prices = {"tea": 4.5}

    @mcp.resource("market://prices/{item}")
    def price(item: str) -> float:
        return prices[item]

    def set_price(item: str, value: float) -> None:
        prices[item] = value
        mcp.notify_resource_updated(f"market://prices/{item}")

    # end
    # snippet: subscribe
    import asyncio

    told = asyncio.Event()

    async with Client(mcp, message_handler=lambda message: told.set()) as client:
        await client.subscribe_resource("market://prices/tea")
        set_price("tea", 5.0)
        await asyncio.wait_for(told.wait(), 20)
        [content] = await client.read_resource("market://prices/tea")

    assert content.text == "5.0"
    # end


async def test_modern_clients_listen() -> None:
    """They open a stream for what they want to hear of."""
    mcp = FastMCP("Market")

    async with conversation(mcp, MODERN) as talk:
        wanted = {"toolsListChanged": True}
        first = await talk.ask(request("subscriptions/listen", 1, notifications=wanted))
        mcp.tool(lambda: 1, name="new")
        second = await talk.receive()

    assert first["method"] == "notifications/subscriptions/acknowledged"
    assert second["method"] == "notifications/tools/list_changed"


async def test_what_surprises() -> None:
    """Only what can be read can be watched; what stands above it hears of it, too."""
    mcp = FastMCP("Market")
    mcp.resource("market://prices", name="prices")(lambda: "")
    mcp.resource("market://prices/{item}", name="price")(lambda item: item)
    told = asyncio.Event()

    async with Client(mcp, message_handler=lambda message: told.set()) as client:
        with pytest.raises(ClientError, match="market://stalls"):
            await client.subscribe_resource("market://stalls")
        await client.subscribe_resource("market://prices")
        mcp.notify_resource_updated("market://prices/tea")
        await asyncio.wait_for(told.wait(), 20)
