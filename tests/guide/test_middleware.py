"""Middleware: code around every message."""

import json
from typing import Any

import pytest
from apps import served

from fastmcp import Client, FastMCP


@pytest.mark.parametrize("over", ["memory", "http"])
async def test_a_hook_stands_around_its_method(
    over: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """What it does before and after happens before and after."""
    # snippet: hook
    import time

    from fastmcp import FastMCP
    from fastmcp.server.middleware import Middleware, MiddlewareContext

    class Stopwatch(Middleware):
        async def on_call_tool(self, context: MiddlewareContext, call_next):
            began = time.perf_counter()
            try:
                return await call_next(context)
            finally:
                print(f"{context.message.name} took {time.perf_counter() - began:.3f} s")

    mcp = FastMCP("Timed", middleware=[Stopwatch()])

    # end
    @mcp.tool
    def add(a: int, b: int) -> int:
        return a + b

    assert await through(over, mcp, "add", a=1, b=2) == 3
    assert capsys.readouterr().out.startswith("add took 0.")


async def through(over: str, mcp: FastMCP, tool: str, **arguments: Any) -> Any:
    """The data of a call, over HTTP or in memory."""
    if over == "memory":
        async with Client(mcp) as client:
            return (await client.call_tool(tool, arguments)).data
    with served(mcp.http_app()) as base:
        async with Client(f"{base}/mcp") as client:
            return (await client.call_tool(tool, arguments)).data


async def test_it_changes_and_refuses() -> None:
    """What goes in, what comes out, and whether anything happens at all."""
    mcp = FastMCP("Changed")

    @mcp.tool
    def search(query: str, limit: int = 10) -> list[str]:
        return [query] * limit

    @mcp.tool
    def delete_all() -> None:
        raise AssertionError

    # snippet: change
    from fastmcp.exceptions import ToolError
    from fastmcp.server.middleware import Middleware

    class Polite(Middleware):
        async def on_call_tool(self, context, call_next):
            if context.message.name.startswith("delete"):
                raise ToolError("Nothing is deleted here")
            context.message.arguments["limit"] = min(context.message.arguments.get("limit", 5), 5)
            return await call_next(context)

        async def on_list_tools(self, context, call_next):
            return [tool for tool in await call_next(context) if not tool.name.startswith("delete")]

    mcp.add_middleware(Polite())
    # end

    async with Client(mcp) as client:
        assert [tool.name for tool in await client.list_tools()] == ["search"]
        assert len((await client.call_tool("search", {"query": "x", "limit": 50})).data) == 5
        with pytest.raises(ToolError, match="Nothing is deleted"):
            await client.call_tool("delete_all")


async def test_a_function_is_middleware(capsys: pytest.CaptureFixture[str]) -> None:
    """Around every message, notifications too."""
    mcp = FastMCP("Logged")

    # snippet: function
    async def log(context, call_next):
        print(context.type, context.method)
        return await call_next(context)

    mcp.add_middleware(log)
    # end

    async with Client(mcp, mode="legacy") as client:
        assert await client.ping()
    lines = capsys.readouterr().out.split("\n")
    assert "request initialize" in lines and "request ping" in lines
    assert "notification notifications/initialized" in lines


async def test_a_session_has_its_own() -> None:
    """From the next request on."""
    mcp = FastMCP("Demanding")

    @mcp.tool
    def noop() -> None: ...

    # snippet: session
    from fastmcp import Context
    from fastmcp.exceptions import McpError

    async def read_only(context, call_next):
        if context.method == "tools/call":
            raise McpError(code=-32001, message="This session only reads")
        return await call_next(context)

    @mcp.tool
    def give_up_rights(ctx: Context) -> None:
        """Call nothing more in this session."""
        ctx.add_middleware(read_only)

    # end
    async with Client(mcp) as one, Client(mcp) as other:
        await one.call_tool("give_up_rights")
        with pytest.raises(McpError, match="only reads"):
            await one.call_tool("noop")
        assert not (await other.call_tool("noop")).is_error


async def test_the_identity_and_state_are_there() -> None:
    """The context of the request is that of the function."""
    mcp = FastMCP("Known")

    # snippet: context
    from fastmcp import Context
    from fastmcp.server.middleware import Middleware

    class Tagged(Middleware):
        async def on_request(self, context, call_next):
            ctx = context.fastmcp_context
            await ctx.set_state("caller", ctx.client_id)
            return await call_next(context)

    mcp.add_middleware(Tagged())

    @mcp.tool
    async def who(ctx: Context) -> str:
        return await ctx.get_state("caller")

    # end
    async with Client(mcp, client_info={"name": "shell", "version": "1"}) as client:
        answer = await client.call_tool("who")
        assert json.dumps(answer.data) == '"shell"'
