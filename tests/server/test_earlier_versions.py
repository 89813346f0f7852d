"""What code written for FastMCP 2 and 3 says and imports."""

from __future__ import annotations

from typing import Any

import pytest

from fastmcp import Client, Context, FastMCP
from fastmcp.exceptions import ConfigurationError, FastMCPDeprecationWarning
from fastmcp.tools import Tool
from fastmcp.tools.tool_transform import ToolTransformConfig


def adding(a: int, b: int) -> int:
    return a + b


async def test_a_tool_transformation_is_added_and_stays() -> None:
    """Both methods are deprecated, and removing does nothing, as in FastMCP 3."""
    mcp = FastMCP("x", tools=[adding])
    with pytest.warns(FastMCPDeprecationWarning, match="ToolTransform") as told:
        mcp.add_tool_transformation("adding", ToolTransformConfig(name="plus"))
    assert told[0].filename == __file__
    with pytest.warns(FastMCPDeprecationWarning, match="disable"):
        mcp.remove_tool_transformation("adding")
    async with Client(mcp) as client:
        assert (await client.call_tool("plus", {"a": 1, "b": 2})).data == 3


def test_paths_of_fastmcp_3_can_be_imported() -> None:
    """They lead to what is elsewhere."""
    from fastmcp.server import create_proxy
    from fastmcp.server.providers.wrapped_provider import _WrappedProvider
    from fastmcp.server.server import create_proxy as same
    from fastmcp.utilities.versions import VersionKey, parse_version_key

    assert same is create_proxy
    provider = FastMCP("x").local_provider
    assert isinstance(provider.within("a"), _WrappedProvider)
    assert sorted(["b", "10", None, "v2"], key=VersionKey) == [None, "v2", "10", "b"]
    assert parse_version_key("v1.0") == VersionKey("1.0") != VersionKey(None)
    assert repr(VersionKey("v2")) == "VersionKey('v2')"


async def test_functions_of_visibility_change_what_a_session_sees() -> None:
    """As the methods of the context do."""
    from fastmcp.server.transforms.visibility import (
        disable_components,
        enable_components,
        reset_visibility,
    )

    mcp = FastMCP("x", tools=[adding])

    @mcp.tool
    async def show(what: str, ctx: Context) -> None:
        if what == "less":
            await disable_components(ctx, names={"adding"})
        elif what == "more":
            await enable_components(ctx, match_all=True)
        else:
            await reset_visibility(ctx)

    seen: list[int] = []
    async with Client(mcp) as client:
        for what in ("less", "more", "less", "all"):
            await client.call_tool("show", {"what": what})
            seen.append(len(await client.list_tools()))
    assert seen == [1, 2, 1, 2]


@pytest.mark.parametrize("name", ["tools", "resources", "resource_templates", "prompts"])
def test_methods_of_fastmcp_2_are_told_by_their_names_now(name: str) -> None:
    """As attributes that there are not."""
    mcp: Any = FastMCP("x")
    with pytest.raises(AttributeError, match=f"get_{name}.*list_{name}"):
        getattr(mcp, f"get_{name}")
    with pytest.raises(AttributeError, match="'FastMCP' object has no attribute 'nothing'"):
        _ = mcp.nothing
    assert not hasattr(mcp, "get_tools")


def test_a_component_says_who_shows_and_hides_it() -> None:
    """It was its own to say in FastMCP 2."""
    tool: Any = Tool.from_function(adding)
    for name in ("enable", "disable"):
        with pytest.raises(
            NotImplementedError, match=rf"server\.{name}\(keys=\['tool:adding@'\]\)"
        ):
            getattr(tool, name)()


@pytest.mark.parametrize("keyword", ["tools", "providers", "transforms", "middleware"])
@pytest.mark.parametrize("value", [FastMCP("one"), adding, {"a": 1}, "text", 5])
def test_what_is_to_be_a_list_is_named(keyword: str, value: Any) -> None:
    """One thing is no list of one."""
    with pytest.raises(ConfigurationError, match=rf"{keyword}=.*give a list"):
        FastMCP("x", **{keyword: value})


def test_a_coroutine_is_to_be_awaited() -> None:
    """As `get_tool` gives one."""
    mcp = FastMCP("x", tools=[adding])
    with pytest.raises(TypeError, match=r"from_tool\(\).*await"):
        Tool.from_tool(mcp.get_tool("adding"))  # pyright: ignore
    with pytest.raises(TypeError, match=r"add_tool\(\).*await"):
        mcp.add_tool(mcp.get_tool("adding"))  # pyright: ignore
