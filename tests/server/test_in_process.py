"""A server's components used without a client, and by its own functions."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from fastmcp import Client, Context, FastMCP
from fastmcp.exceptions import ClientError, NotFoundError, ToolError, ValidationError
from fastmcp.server.middleware import Middleware, MiddlewareContext
from fastmcp.tools import ToolResult


@asynccontextmanager
async def opened(server: Any) -> AsyncGenerator[dict[str, Any]]:
    """A lifespan that yields something."""
    yield {"service": "open"}


class Counting(Middleware):
    """Counts what it sees."""

    def __init__(self) -> None:
        self.seen: list[str | None] = []

    async def on_message(self, context: MiddlewareContext[Any], call_next: Any) -> Any:
        self.seen.append(context.method)
        return await call_next(context)


def server(*middleware: Middleware) -> FastMCP:
    """One component of each kind."""
    mcp = FastMCP("x", middleware=middleware, lifespan=opened)

    @mcp.tool
    def add(a: int, b: int = 1) -> int:
        return a + b

    @mcp.tool
    async def describe(name: str) -> dict[str, Any]:
        return {"name": name}

    @mcp.tool
    def fail(how: str) -> str:
        if how == "result":
            return ToolResult("not today", is_error=True)  # type: ignore[return-value]
        raise LookupError(how)

    @mcp.tool
    def nothing() -> None:
        return None

    @mcp.tool
    def service(ctx: Context) -> str:
        return ctx.lifespan_context["service"]

    @mcp.tool
    async def ask(ctx: Context) -> str:
        return str(await ctx.list_roots())

    @mcp.resource("data://{name}")
    def data(name: str) -> str:
        return f"data of {name}"

    @mcp.prompt
    def greet(name: str) -> str:
        return f"Greet {name}"

    return mcp


def test_a_tool_gives_its_plain_value_in_plain_code() -> None:
    """At once, and with no loop anywhere."""
    mcp = server()

    assert mcp.call_tool("add", {"a": 1}) == 2
    assert mcp.call_tool("describe", {"name": "n"}) == {"name": "n"}
    assert mcp.call_tool("nothing") is None


def test_a_tool_gives_its_plain_value_in_async_code() -> None:
    """When it is awaited."""

    async def main() -> Any:
        return await server().call_tool("add", {"a": 1, "b": 4})

    assert asyncio.run(main()) == 5


def test_the_whole_result_has_another_name() -> None:
    """With the content beside the value."""
    result: Any = server().run_tool("add", {"a": 1})

    assert result.structured_content == {"result": 2} and result.content[0].text == "2"


def test_what_a_tool_raises_is_raised() -> None:
    """Not a text about it; a result that is an error is a ToolError."""
    mcp = server()

    with pytest.raises(LookupError, match="why"):
        mcp.call_tool("fail", {"how": "why"})
    with pytest.raises(ToolError, match="not today"):
        mcp.call_tool("fail", {"how": "result"})
    with pytest.raises(ValidationError):
        mcp.call_tool("add", {"a": "one"})


def test_what_is_not_there_is_not_found() -> None:
    """Tools, resources and prompts."""
    mcp = server()

    with pytest.raises(NotFoundError, match="nope"):
        mcp.call_tool("nope")
    with pytest.raises(NotFoundError, match="nope://x"):
        mcp.read_resource("nope://x")
    with pytest.raises(NotFoundError, match="nope"):
        mcp.render_prompt("nope")


def test_resources_and_prompts_are_used_alike() -> None:
    """By their own kinds of results."""
    mcp = server()

    contents: Any = mcp.read_resource("data://a")
    rendered: Any = mcp.render_prompt("greet", {"name": "Ann"})

    assert contents.contents[0].content == "data of a"
    assert rendered.messages[0].content.text == "Greet Ann"


def test_middleware_runs_unless_it_shall_not() -> None:
    """As for a client's call."""
    counting = Counting()
    mcp = server(counting)

    mcp.call_tool("add", {"a": 1})
    mcp.call_tool("add", {"a": 1}, run_middleware=False)
    mcp.render_prompt("greet", {"name": "x"})

    assert counting.seen == ["tools/call", "prompts/get"]


def test_the_lifespan_is_there_for_a_call_without_a_client() -> None:
    """It is entered for the call when nothing else keeps it open."""
    assert server().call_tool("service") == "open"


def test_without_a_client_there_is_nobody_to_ask() -> None:
    """Which is said at once."""
    with pytest.raises(ClientError, match="no client"):
        server().call_tool("ask")


@pytest.mark.parametrize("mode", ["legacy", "auto"])
def test_a_plain_tool_calls_another_which_calls_another(mode: str) -> None:
    """However many of them at once, and however deep."""
    mcp = FastMCP("x")

    @mcp.tool
    def down(depth: int) -> int:
        return 0 if depth == 0 else 1 + mcp.call_tool("down", {"depth": depth - 1})  # type: ignore[operator]

    async def main() -> list[int]:
        async with Client(mcp, mode=mode) as client:
            calls = [client.call_tool("down", {"depth": 40}) for _ in range(10)]
            return [result.data for result in await asyncio.gather(*calls)]

    assert asyncio.run(main()) == [40] * 10


def test_a_nested_call_has_a_context_of_its_own_server() -> None:
    """And the outer one is current again after it."""
    inner, outer = FastMCP("inner"), FastMCP("outer")

    @inner.tool
    async def who(ctx: Context) -> dict[str, Any]:
        assert Context.current() is ctx
        return {"server": ctx.fastmcp.name, "request": ctx.request_id}

    @outer.tool
    async def call(ctx: Context) -> dict[str, Any]:
        found = await inner.call_tool("who")
        assert Context.current() is ctx
        return {**found, "outer": ctx.fastmcp.name, "same": found["request"] == ctx.request_id}

    async def main() -> Any:
        async with Client(outer) as client:
            return (await client.call_tool("call")).data

    found = asyncio.run(main())

    assert (found["server"], found["outer"], found["same"]) == ("inner", "outer", True)
