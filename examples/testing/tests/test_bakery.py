"""Tests through a client: in this process, without a network, and without waiting."""

import pytest
from bakery import describe, mcp, order

from fastmcp import FastMCP
from fastmcp.client import AsyncMCPClient, MCPClient
from fastmcp.exceptions import ToolError
from fastmcp.testing import MockContext, asgi_server, create_test_client
from fastmcp.testing.snapshot import CatalogueSnapshot


def test_a_loaf_has_a_price(mcp_client: MCPClient) -> None:
    """Tools give plain values."""
    assert mcp_client.call_tool("price", {"kind": "rye", "loaves": 2}) == 8.0
    assert mcp_client.get_resource("bakery://menu") == '{"rye":4.0,"wheat":2.5}'


def test_what_there_is_not_is_refused(mcp_client: MCPClient) -> None:
    """What a tool raises is raised here."""
    with pytest.raises(ToolError, match="There is no corn"):
        mcp_client.call_tool("price", {"kind": "corn"})


def test_only_the_baker_closes_the_shop(mcp_client: MCPClient, baker: MCPClient) -> None:
    """Who calls is what `user_info` says."""
    with pytest.raises(ToolError, match="Only the baker"):
        mcp_client.call_tool("close_shop")
    assert baker.call_tool("close_shop") == "closed"


@pytest.mark.parametrize("answer", ["Ada", "Grace"])
def test_an_order_is_for_somebody(answer: str) -> None:
    """The user of the client is asked, and here a function answers."""
    client = create_test_client(mcp, elicitation_handler=lambda *question: answer)

    assert client.call_tool("order", {"kind": "rye", "loaves": 2}) == f"2 rye for {answer}"


async def test_an_order_tells_how_far_it_is() -> None:
    """A function by itself, with a context that answers by a script and notes what it hears."""
    async with MockContext(elicit=["Ada"]) as ctx:
        assert await order("wheat", 3, ctx) == "3 wheat for Ada"

    assert [step.message for step in ctx.progress] == ["priced", "ordered"]
    assert "7.50 worth of wheat" in ctx.elicitations[0].message


async def test_bread_is_praised() -> None:
    """The model of the client has a script, too."""
    async with MockContext(sample=["A fine crust."]) as ctx:
        assert await describe("rye", ctx) == "A fine crust."

    assert ctx.samples


async def test_the_calls_of_an_async_client_are_awaited(async_mcp_client: AsyncMCPClient) -> None:
    """In the event loop of the test."""
    assert await async_mcp_client.call_tool("price", {"kind": "wheat"}) == 2.5


async def test_it_is_served_over_http() -> None:
    """By the application that `http_app()` makes, without a port."""
    async with asgi_server(mcp) as server, server.client() as client:
        assert (await client.call_tool("price", {"kind": "rye"})).data == 4.0


def test_the_catalogue_is_as_it_was(mcp_server: FastMCP, mcp_snapshot: CatalogueSnapshot) -> None:
    """All lists with their schemas; `pytest --mcp-snapshot-update` accepts what has changed."""
    mcp_snapshot(mcp_server)
