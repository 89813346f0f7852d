"""Calls with the arguments that code written for FastMCP gives, where and as it gives them."""

from __future__ import annotations

from typing import Any

import pytest

from fastmcp import Client, Context, FastMCP
from fastmcp.exceptions import ConfigurationError
from fastmcp.prompts import PromptResult
from fastmcp.server.http import create_streamable_http_app
from fastmcp.tools.tool_transform import TransformedTool


@pytest.mark.parametrize("as_proxy", [True, False, None])
async def test_as_proxy_may_stand_third_in_mount(as_proxy: bool | None) -> None:
    """Up to 3.x `mount(server, namespace, as_proxy)` was the order."""
    child, parent = FastMCP("child"), FastMCP("parent")
    child.tool(lambda: "7", name="seven")
    mount: Any = parent.mount
    mount(child, "inner", as_proxy)

    async with Client(parent) as client:
        assert [tool.name for tool in await client.list_tools()] == ["inner_seven"]
        assert (await client.call_tool("inner_seven")).data == "7"


async def test_a_transformed_tool_may_be_named_by_position() -> None:
    """`TransformedTool.from_tool(tool, name)`."""

    def number() -> str:
        return "7"

    mcp = FastMCP("renamed")
    mcp.add_tool(TransformedTool.from_tool(number, "seven"))

    async with Client(mcp) as client:
        assert (await client.call_tool("seven")).data == "7"


async def test_an_extension_is_looked_up_by_its_identifier() -> None:
    """`ctx.client_extension_settings(identifier=...)`."""
    mcp = FastMCP("extended")

    @mcp.tool
    def declared(ctx: Context) -> dict[str, Any] | None:
        return ctx.client_extension_settings(identifier="com.example/maps")

    async with Client(mcp, extensions={"com.example/maps": {"zoom": 3}}) as client:
        assert (await client.call_tool("declared")).data == {"zoom": 3}


def test_a_prompt_result_gives_the_message_of_the_protocol() -> None:
    """`PromptResult.to_mcp_prompt_result()`, next to those of tools and resources."""
    result = PromptResult("Hello", description="A greeting").to_mcp_prompt_result()

    assert (result.description, result.messages[0].content.text) == ("A greeting", "Hello")


def test_an_application_is_made_with_a_timeout_of_its_sessions() -> None:
    """`create_streamable_http_app(..., session_idle_timeout=)` is heard."""
    create_streamable_http_app(FastMCP("web"), "/mcp", session_idle_timeout=60)
    with pytest.raises(ConfigurationError, match="session_idle_timeout"):
        create_streamable_http_app(FastMCP("web"), "/mcp", session_idle_timeout=-1)


def test_a_star_brings_the_settings() -> None:
    """`from fastmcp import *` has what it has there."""
    names: dict[str, Any] = {}
    exec("from fastmcp import *", names)

    assert names["settings"].port == 8000
    assert names["FastMCP"] is FastMCP


def test_a_server_tells_its_page_and_its_icons() -> None:
    """`mcp.website_url` and `mcp.icons`, as they were given; else None and an empty list."""
    plain = FastMCP("plain")
    mcp = FastMCP("shown", website_url="https://a.example", icons=[{"src": "https://a.example/i"}])

    assert (plain.website_url, plain.icons) == (None, [])
    assert (mcp.website_url, [icon.src for icon in mcp.icons]) == (
        "https://a.example",
        ["https://a.example/i"],
    )
