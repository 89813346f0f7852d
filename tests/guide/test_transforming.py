"""Transforming tools: a tool made from another."""

import pytest

from fastmcp import Client, FastMCP
from fastmcp.exceptions import InvalidSignature, ToolError
from fastmcp.tools import Tool, ToolResult


def search(q: str, limit: int = 10, api_key: str = "") -> list[str]:
    """Search."""
    return [f"{q} {number} {api_key}".strip() for number in range(limit)]


async def test_arguments_are_renamed_described_and_hidden() -> None:
    """What is not said stays as the parent has it."""
    # snippet: first
    from fastmcp import Client, FastMCP
    from fastmcp.tools import Tool
    from fastmcp.tools.tool_transform import ArgTransform

    mcp = FastMCP("Shop")

    def search(q: str, limit: int = 10, api_key: str = "") -> list[str]:
        """Search."""
        return [f"{q} {number} {api_key}" for number in range(limit)]

    find = Tool.from_tool(
        search,
        name="find_products",
        description="Find products by name.",
        transform_args={
            "q": ArgTransform(name="product", description="A part of its name"),
            "limit": ArgTransform(default=2),
            "api_key": ArgTransform(hide=True, default="k-1"),
        },
    )
    mcp.add_tool(find)

    async with Client(mcp) as client:
        result = await client.call_tool("find_products", {"product": "tea"})

    assert result.data == ["tea 0 k-1", "tea 1 k-1"]
    # end
    async with Client(mcp) as client:
        [tool] = await client.list_tools()
    shown = tool.input_schema["properties"]
    assert shown.keys() == {"product", "limit"}
    assert shown["product"]["description"] == "A part of its name"


async def test_a_type_can_be_narrowed() -> None:
    """An argument can be required, too, and an invisible one made anew for each call."""
    from fastmcp.tools.tool_transform import ArgTransform

    mcp = FastMCP("Shop")

    # snippet: types
    from itertools import count
    from typing import Literal

    tickets = count(1)

    limited = Tool.from_tool(
        search,
        name="search_drinks",
        transform_args={
            "q": ArgTransform(type=Literal["tea", "coffee"]),
            "limit": ArgTransform(required=True),
            "api_key": ArgTransform(hide=True, default_factory=lambda: f"#{next(tickets)}"),
        },
    )
    # end
    mcp.add_tool(limited)
    async with Client(mcp) as client:
        with pytest.raises(ToolError, match="limit: is required"):
            await client.call_tool("search_drinks", {"q": "tea"})
        with pytest.raises(ToolError, match="'tea' or 'coffee'"):
            await client.call_tool("search_drinks", {"q": "milk", "limit": 1})
        found = [
            (await client.call_tool("search_drinks", {"q": "tea", "limit": 1})).data
            for _ in range(2)
        ]
    assert found == [["tea 0 #1"], ["tea 0 #2"]]


async def test_a_function_can_stand_around_the_parent() -> None:
    """`forward` takes this tool's arguments, `forward_raw` the parent's."""
    from fastmcp.tools.tool_transform import ArgTransform

    mcp = FastMCP("Shop")

    # snippet: forward
    from fastmcp.tools import ToolResult, forward, forward_raw

    async def polite(product: str, **others: object) -> ToolResult:
        if product == "nothing":
            return await forward_raw(q="gift card", limit=1)
        return await forward(product=product.lower(), **others)

    mcp.add_tool(
        Tool.from_tool(
            search,
            name="find_politely",
            transform_fn=polite,
            transform_args={"q": ArgTransform(name="product")},
        )
    )
    # end
    async with Client(mcp) as client:
        [tool] = await client.list_tools()
        tea = await client.call_tool("find_politely", {"product": "TEA", "limit": 1})
        gift = await client.call_tool("find_politely", {"product": "nothing"})

    assert tool.input_schema["properties"].keys() == {"product", "limit", "api_key"}
    assert (tea.data, gift.data) == (["tea 0"], ["gift card 0"])


async def test_a_parent_can_be_replaced() -> None:
    """The new tool stands in its place, under its name."""
    # snippet: replace
    mcp = FastMCP("Shop", on_duplicate="replace")
    mcp.tool(search)

    parent = await mcp.get_tool("search")
    mcp.add_tool(Tool.from_tool(parent, title="Search the shop", tags={"public"}))
    # end
    async with Client(mcp) as client:
        [tool] = await client.list_tools()

    assert (tool.name, tool.title) == ("search", "Search the shop")


async def test_changes_can_be_configuration() -> None:
    """What JSON can say of a tool, and what becomes of tools by name."""
    # snippet: config
    from fastmcp.tools.tool_transform import ToolTransformConfig

    config = ToolTransformConfig.model_validate(
        {"name": "look_up", "arguments": {"q": {"name": "text"}, "api_key": {"hide": True}}}
    )
    look_up = config.apply(Tool.from_function(search))
    # end
    result = await look_up.run({"text": "tea", "limit": 1})

    assert look_up.name == "look_up"
    assert isinstance(result, ToolResult)
    assert result.structured_content == {"result": ["tea 0"]}


def test_what_surprises() -> None:
    """Nobody could fill a hidden argument that is required."""
    from fastmcp.tools.tool_transform import ArgTransform

    with pytest.raises(InvalidSignature, match="hide it with default= or default_factory="):
        Tool.from_tool(search, transform_args={"q": ArgTransform(hide=True)})
    assert Tool.from_tool(search, name="again").output_schema is not None
