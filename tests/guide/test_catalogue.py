"""The catalogue: names, versions and visibility of what a server offers."""

from typing import Any

import pytest

from fastmcp import Client, FastMCP
from fastmcp.exceptions import ConfigurationError, InvalidSignature, ToolError


async def test_a_name_is_used_once() -> None:
    """What happens otherwise is chosen by `on_duplicate`."""
    # snippet: duplicates
    from fastmcp import FastMCP

    mcp = FastMCP("Zoo", on_duplicate="error")  # or "warn" (the default), "replace", "ignore"
    # end

    @mcp.tool
    def feed() -> None: ...

    with pytest.raises(ConfigurationError, match="'feed' is registered already"):
        mcp.tool(feed)
    with pytest.raises(InvalidSignature, match="cannot be called"):
        mcp.tool(feed, name="feed the lions")


async def test_components_have_versions() -> None:
    """The highest is served, unless a client asks for another."""
    mcp = FastMCP("Zoo")

    # snippet: versions
    from fastmcp import Client

    @mcp.tool(version="1.9")
    def weigh(animal: str) -> str:
        return f"{animal}: 400 pounds"

    @mcp.tool(name="weigh", version="1.10")
    def weigh_metric(animal: str) -> str:
        return f"{animal}: 180 kg"

    async with Client(mcp) as client:
        newest = await client.call_tool("weigh", {"animal": "lion"})
        older = await client.call_tool("weigh", {"animal": "lion"}, version="1.9")
        [tool] = await client.list_tools()

    assert newest.data == "lion: 180 kg"
    assert older.data == "lion: 400 pounds"
    assert tool.meta["fastmcp"]["versions"] == ["1.10", "1.9"]
    # end
    async with Client(mcp) as client:
        assert (await client.call_tool("weigh@1.9", {"animal": "lion"})).data == older.data


def zoo() -> Any:
    mcp = FastMCP("Zoo")
    mcp.tool(lambda: "", name="feed", tags={"keeper"})
    mcp.tool(lambda: "", name="close", tags={"keeper", "admin"})
    mcp.tool(lambda: "", name="visit")
    mcp.prompt(lambda: "", name="plan", tags={"admin"})
    return mcp


async def test_components_are_hidden_and_shown() -> None:
    """By rules, of which the last that fits decides."""
    mcp = zoo()

    # snippet: visibility
    mcp.disable(tags={"admin"})
    mcp.enable(names={"close"})
    mcp.disable(components={"prompt"}, names={"plan"})
    # end
    async with Client(mcp) as client:
        assert [tool.name for tool in await client.list_tools()] == ["feed", "close", "visit"]
        assert await client.list_prompts() == []

    # snippet: only
    mcp.enable(tags={"keeper"}, only=True)
    # end
    async with Client(mcp) as client:
        assert [tool.name for tool in await client.list_tools()] == ["feed", "close"]
        with pytest.raises(ToolError, match="Unknown tool: 'visit'"):
            await client.call_tool("visit")


async def test_a_component_can_wait_hidden() -> None:
    """Registered, and shown later."""
    mcp = FastMCP("Zoo")

    # snippet: enabled
    @mcp.tool(enabled=False)
    def open_gate() -> str:
        return "open"

    # end
    async with Client(mcp) as client:
        assert await client.list_tools() == []
        mcp.enable(names={"open_gate"})
        assert (await client.call_tool("open_gate")).data == "open"


async def test_a_check_decides_for_each_caller() -> None:
    """Whoever fails it does not see the component."""
    mcp = FastMCP("Zoo")

    # snippet: auth
    from typing import Any

    def is_keeper(context: Any) -> bool:
        return context.token is not None and "keeper" in context.token.scopes

    @mcp.tool(auth=is_keeper)
    def let_out(animal: str) -> None: ...

    # end
    async with Client(mcp) as client:
        assert await client.list_tools() == []
        with pytest.raises(ToolError, match="Unknown tool"):
            await client.call_tool("let_out", {"animal": "lion"})


async def test_the_program_can_look_things_up() -> None:
    """What is not there, or hidden, is None."""
    mcp = zoo()
    mcp.tool(lambda: "", name="weigh", version="1")
    mcp.tool(lambda: "", name="weigh", version="2")

    # snippet: lookup
    tools = await mcp.list_tools()
    older = await mcp.get_tool("weigh", version="1")
    nothing = await mcp.get_prompt("no such prompt")
    # end
    assert [tool.key for tool in tools][-2:] == ["tool:weigh@1", "tool:weigh@2"]
    assert older is not None and older.version == "1"
    assert nothing is None


async def test_long_lists_come_in_pages() -> None:
    """A client reads all of them, or one."""
    # snippet: pages
    mcp = FastMCP("Zoo", list_page_size=100)

    for number in range(250):
        mcp.tool(lambda: "", name=f"animal_{number}")

    async with Client(mcp) as client:
        everything = await client.list_tools()
        page = await client.list_tools_mcp()
        second = await client.list_tools_mcp(page.next_cursor)

    assert (len(everything), len(page.tools), len(second.tools)) == (250, 100, 100)
    # end


async def test_what_surprises() -> None:
    """A name has versions or none; rules hold for what comes later; no criteria fit nothing."""
    mcp = zoo()
    mcp.tool(lambda: "", name="weigh", version="1")

    with pytest.raises(ConfigurationError, match="with a version and without"):
        mcp.tool(lambda: "", name="weigh")
    mcp.disable()
    mcp.disable(tags={"keeper"})
    mcp.tool(lambda: "", name="sweep", tags={"keeper"})

    async with Client(mcp) as client:
        assert [tool.name for tool in await client.list_tools()] == ["visit", "weigh"]
