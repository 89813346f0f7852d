"""Limits in one place, and the middleware that holds the size of messages to them."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from apps import http, served
from legacy_sse import opened
from limited import limited, outcome
from reaching import Reach, used

from fastmcp import Client, FastMCP
from fastmcp.exceptions import (
    ConfigurationError,
    FastMCPDeprecationWarning,
    McpError,
    ToolError,
)
from fastmcp.server.http import create_sse_app, create_streamable_http_app
from fastmcp.server.http.settings import HttpSettings
from fastmcp.server.limits import Limits, ToolLimits
from fastmcp.server.middleware import Middleware
from fastmcp.server.middleware.message_limits import ArgumentDepthMiddleware, ResultSizeMiddleware
from fastmcp.tools import ToolResult
from fastmcp.types import ImageContent


def under(limits: Limits) -> FastMCP:
    """A server within these limits."""
    mcp = FastMCP("Under", limits=limits)

    @mcp.tool
    def nested(value: Any) -> str:
        return "read"

    @mcp.tool
    def free(value: Any) -> str:
        return "read"

    @mcp.tool
    def much(size: int) -> str:
        return "x" * size

    @mcp.tool
    def data(size: int) -> dict[str, str]:
        return {"text": "é" * size}

    @mcp.tool
    async def slow(seconds: float) -> str:
        await asyncio.sleep(seconds)
        return "done"

    @mcp.tool
    async def longer(seconds: float) -> str:
        await asyncio.sleep(seconds)
        return "done"

    @mcp.resource("data://{size}")
    def read(size: int) -> str:
        return "x" * size

    @mcp.prompt
    def prompt(size: int) -> str:
        return "x" * int(size)

    return mcp


def deep(levels: int) -> Any:
    """A list with so many levels in it, itself included."""
    value: list[Any] = []
    for _ in range(levels - 1):
        value = [value]
    return value


def test_arguments_may_be_nested_so_deeply(reach: Reach) -> None:
    """The model reads what is wrong with others."""
    limits = Limits(max_depth=4, tools={"free": ToolLimits(max_depth=None)})

    async def use(client: Client) -> None:
        assert await outcome(client, "nested", {"value": deep(3)}) == "read"
        assert await outcome(client, "nested", {"value": [{"a": [1]}, {}, 2]}) == "read"
        for value in (deep(4), {"a": [1, {"b": []}]}, deep(200)):
            with pytest.raises(ToolError) as caught:
                await client.call_tool("nested", {"value": value})
            assert str(caught.value) == (
                "Invalid arguments for tool 'nested': "
                "they are nested deeper than the 4 levels that are read"
            )
        assert await outcome(client, "free", {"value": deep(200)}) == "read"

    used(reach(under(limits)), use)


def test_results_may_be_so_large(reach: Reach) -> None:
    """A model is told to ask for less; a resource or prompt is an error of the protocol."""
    limits = Limits(max_result_size=1000, tools={"data": ToolLimits(max_result_size=300)})

    async def use(client: Client) -> None:
        assert len(await outcome(client, "much", {"size": 900})) == 900
        with pytest.raises(ToolError) as caught:
            await client.call_tool("much", {"size": 1001})
        assert str(caught.value) == (
            "The result of 'much' has 1,001 bytes, and this server gives no more than 1,000. "
            "Ask for less of it"
        )
        # Two bytes a letter, in the text and in the structured content.
        assert (await outcome(client, "data", {"size": 50}))["text"] == "é" * 50
        with pytest.raises(ToolError, match="no more than 300"):
            await client.call_tool("data", {"size": 80})
        assert (await client.read_resource("data://1000"))[0].text == "x" * 1000
        with pytest.raises(McpError) as refused:
            await client.read_resource("data://1001")
        assert refused.value.code == -32000
        assert "The resource data://1001 has 1,001 bytes" in refused.value.message
        await client.get_prompt("prompt", {"size": "1000"})
        with pytest.raises(McpError, match="The prompt 'prompt' has 1,001 bytes"):
            await client.get_prompt("prompt", {"size": "1001"})

    used(reach(under(limits)), use)


def test_all_that_a_result_carries_is_its_size() -> None:
    """Pictures, bytes, and what is given as a whole result."""
    mcp = FastMCP("x", middleware=[ResultSizeMiddleware(100)])

    @mcp.tool
    def picture(size: int) -> ImageContent:
        return ImageContent(data="A" * size, mime_type="image/png")

    @mcp.tool
    def whole(size: int) -> ToolResult:
        return ToolResult("short", {"text": "x" * size})

    @mcp.tool
    def foreign(size: int) -> dict[str, Any]:
        return {
            "content": [{"type": "text", "text": ""}],
            "structuredContent": {"text": "x" * size},
            "isError": False,
        }

    @mcp.resource("data://{size}")
    def read(size: int) -> bytes:
        return b"x" * size

    async def use(client: Client) -> None:
        for tool in ("picture", "whole", "foreign"):
            await client.call_tool(tool, {"size": 80})
            with pytest.raises(ToolError, match="no more than 100"):
                await client.call_tool(tool, {"size": 101})
        await client.read_resource("data://100")
        with pytest.raises(McpError, match="no more than 100"):
            await client.read_resource("data://101")

    used(mcp, use)


def test_tools_may_run_so_long() -> None:
    """Some of them longer."""
    limits = Limits(tool_timeout=0.05, tools={"longer": ToolLimits(timeout=None)})

    async def use(client: Client) -> None:
        error = await outcome(client, "slow", {"seconds": 3600})
        assert error.message == "The tool 'slow' took longer than the 0.05 seconds that it may"
        assert await outcome(client, "longer", {"seconds": 0.2}) == "done"

    used(under(limits), use)


def test_so_many_may_run_at_a_time() -> None:
    """In all, and of one tool."""
    limits = Limits(max_concurrent=2, max_queue=0, tools={"longer": ToolLimits(max_concurrent=1)})

    async def use(client: Client) -> None:
        async def three(tool: str) -> int:
            calls = [outcome(client, tool, {"seconds": 0.1}) for _ in range(3)]
            return sum(isinstance(each, McpError) for each in await asyncio.gather(*calls))

        assert await three("slow") == 1
        assert await three("longer") == 2

    used(under(limits), use)


def test_what_has_no_limit_has_no_middleware() -> None:
    """And takes no time."""
    limits = Limits(tool_timeout=None, max_depth=None, max_result_size=None, max_concurrent=None)

    assert (limits.outermost(), limits.innermost()) == ([], [])


def test_the_defaults_stand_in_nobodys_way() -> None:
    """An ordinary server does the same under them."""
    limits = Limits()
    mcp = limited(*limits.outermost(), *limits.innermost())

    async def use(client: Client) -> Any:
        await client.read_resource("data://a")
        await client.get_prompt("greet")
        return await outcome(client, "echo")

    assert used(mcp, use) == "hello"


def test_what_concerns_a_transport_is_handed_to_it() -> None:
    """By the names of its options, whose defaults are the same."""
    options = Limits().http_options()
    ours = HttpSettings(**options)

    assert {name: getattr(HttpSettings(), name) for name in options} == options
    assert ours == HttpSettings()
    assert FastMCP("x").http_app(**options)
    assert Limits(request_timeout=5).stdio_options() == {"timeout": 5}


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"tool_timeout": 0}, "tool_timeout=0"),
    ({"max_depth": -1}, "max_depth=-1"),
    ({"max_queue": -1}, "max_queue=-1"),
    ({"max_queue": None}, "max_queue=None"),
    ({"max_request_size": None}, "max_request_size=None"),
    ({"max_concurrent": True}, "max_concurrent=True"),
    ({"tools": {"slow": {"timeout": 5}}}, "takes ToolLimits"),
    (
        {"request_timeout": 10, "tools": {"slow": ToolLimits(timeout=20)}},
        "timeout of the tool 'slow' is 20 seconds, but request_timeout ends every request after 10",
    ),
]


def test_applications_of_functions_are_within_the_limits_too() -> None:
    """Those that FastMCP makes of a server and paths, which have no keywords for limits."""
    mcp = under(Limits(max_request_size=1000))
    large = b"x" * 1001

    with http(create_streamable_http_app(mcp, "/mcp")) as client:
        assert client.post(large).status_code == 413
    with pytest.warns(FastMCPDeprecationWarning):
        app = create_sse_app(mcp, "/messages/", "/sse")
    with served(app) as base, opened(base) as client:
        assert client.post(large).status_code == 413


@pytest.mark.parametrize(("options", "text"), WRONG)
def test_wrong_limits_are_refused(options: Any, text: str) -> None:
    """The error names the option."""
    with pytest.raises(ConfigurationError, match=text):
        Limits(**options)


@pytest.mark.parametrize(
    "make",
    [
        lambda: ToolLimits(timeout=0),
        lambda: ArgumentDepthMiddleware(0),
        lambda: ArgumentDepthMiddleware(tools={"x": -1}),
        lambda: ResultSizeMiddleware(-5),
        lambda: ResultSizeMiddleware(tools={"x": 0}),
    ],
)
def test_every_limit_is_greater_than_zero(make: Any) -> None:
    """Wherever it is given."""
    with pytest.raises(ConfigurationError, match="must be greater than 0"):
        make()


def test_limits_do_not_change() -> None:
    """Whoever was handed them can rely on that."""
    limits = Limits()

    with pytest.raises(AttributeError):
        limits.max_depth = 5  # type: ignore[misc]
    assert all(isinstance(each, Middleware) for each in limits.outermost())
