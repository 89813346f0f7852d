"""Context: the request that is being served, and what a function may do with it."""
# ruff: noqa: B008 - what stands for the request is a call in a default

from types import SimpleNamespace
from typing import Any

import pytest
from apps import served
from starlette.middleware import Middleware

from fastmcp import Client, Context, FastMCP
from fastmcp.client.transports import StreamableHttpTransport
from fastmcp.dependencies import CurrentAccessToken, CurrentContext, CurrentFastMCP
from fastmcp.server.dependencies import get_access_token, get_http_headers


async def test_a_function_gets_the_context_by_its_annotation() -> None:
    """It reports progress and logs to the client; clients never see the parameter."""
    # snippet: first
    from fastmcp import Context, FastMCP

    mcp = FastMCP("Kitchen")

    @mcp.tool
    async def bake(loaves: int, ctx: Context) -> str:
        for loaf in range(loaves):
            await ctx.report_progress(loaf + 1, loaves, f"loaf {loaf + 1}")
        await ctx.info("The oven is off")
        return f"{loaves} loaves"

    # end
    # snippet: client
    from fastmcp import Client

    heard: list[object] = []

    async with Client(mcp, log_handler=heard.append) as client:
        await client.set_logging_level("info")
        await client.call_tool(
            "bake", {"loaves": 2}, progress_handler=lambda *progress: heard.append(progress)
        )

    assert heard[:2] == [(1, 2, "loaf 1"), (2, 2, "loaf 2")]
    assert heard[2].data["msg"] == "The oven is off"
    # end
    async with Client(mcp) as client:
        [tool] = await client.list_tools()
    assert tool.input_schema["properties"].keys() == {"loaves"}


async def test_the_context_tells_of_the_request() -> None:
    """Who asks, how, and under which revision."""
    mcp = FastMCP("Kitchen")

    # snippet: facts
    from fastmcp.server.dependencies import get_context

    def greeting() -> str:
        ctx = get_context()  # anywhere below a tool, a resource or a prompt
        return f"Hello, {ctx.client_id}! This is {ctx.fastmcp.name} over {ctx.transport}."

    @mcp.tool
    def greet() -> str:
        return greeting()

    # end
    async with Client(mcp, name="Ada") as client:
        result = await client.call_tool("greet")

    assert result.data == "Hello, Ada! This is Kitchen over memory."
    with pytest.raises(RuntimeError, match="No request is being served"):
        greeting()


async def test_progress_can_be_counted() -> None:
    """By the function, which knows nothing of the client."""
    mcp = FastMCP("Kitchen")

    # snippet: progress
    from fastmcp.dependencies import Progress

    @mcp.tool
    async def wash_up(plates: int, progress: Progress = Progress()) -> None:
        await progress.set_total(plates)
        for _ in range(plates):
            await progress.increment()

    # end
    heard: list[Any] = []
    async with Client(mcp, progress_handler=lambda *each: heard.append(each)) as client:
        await client.call_tool("wash_up", {"plates": 2})

    assert heard[-1] == (2, 2, None)


async def test_the_server_has_a_lifespan() -> None:
    """What it yields is there for every call."""
    # snippet: lifespan
    from collections.abc import AsyncIterator
    from contextlib import asynccontextmanager

    @asynccontextmanager
    async def heated(server: FastMCP) -> AsyncIterator[dict[str, int]]:
        yield {"oven": 220}  # before: the server starts; after: it stops

    mcp = FastMCP("Kitchen", lifespan=heated)

    @mcp.tool
    def temperature(ctx: Context) -> int:
        return ctx.lifespan_context["oven"]

    # end
    async with Client(mcp) as client:
        result = await client.call_tool("temperature")

    assert result.data == 220


class Authenticated:
    """ASGI middleware that knows everybody."""

    def __init__(self, app: Any) -> None:
        self.app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        token = SimpleNamespace(token="t", claims={"sub": "ada"})
        await self.app({**scope, "user": SimpleNamespace(access_token=token)}, receive, send)


async def test_over_http_there_is_more() -> None:
    """The request, its headers and the caller's token; over other transports the call fails."""
    mcp = FastMCP("Kitchen")

    # snippet: http
    from starlette.requests import Request

    from fastmcp.dependencies import CurrentHeaders, CurrentRequest, TokenClaim
    from fastmcp.server.dependencies import get_http_headers

    @mcp.tool
    def order(
        dish: str,
        headers: dict[str, str] = CurrentHeaders(),
        request: Request = CurrentRequest(),
        user: str = TokenClaim("sub"),
    ) -> str:
        return f"{dish} for {user} at {headers['x-table']}, by {request.method}"

    @mcp.tool
    def order_elsewhere(dish: str) -> dict[str, str]:
        return get_http_headers()  # to be sent on: no credentials, nothing of this message

    # end
    with served(mcp.http_app(middleware=[Middleware(Authenticated)])) as base:
        headers = {"X-Table": "7", "Cookie": "a=b"}
        transport = StreamableHttpTransport(f"{base}/mcp", headers=headers)
        async with Client(transport) as client:
            ordered = await client.call_tool("order", {"dish": "soup"})
            sent_on = await client.call_tool("order_elsewhere", {"dish": "soup"})

    assert ordered.data == "soup for ada at 7, by POST"
    assert sent_on.data["x-table"] == "7"
    assert not sent_on.data.keys() & {"cookie", "host", "content-length"}
    async with Client(mcp) as client:
        with pytest.raises(Exception, match="did not come over HTTP"):
            await client.call_tool("order", {"dish": "soup"})


async def test_all_of_it_is_at_hand() -> None:
    """As defaults, too, and outside of a request it is not."""
    mcp = FastMCP("Kitchen")

    @mcp.tool
    def look(
        ctx: Context = CurrentContext(),
        server: FastMCP = CurrentFastMCP(),
        token: Any = CurrentAccessToken(),
    ) -> bool:
        return ctx is Context.current_or_none() and server is mcp and token is get_access_token()

    with served(mcp.http_app(middleware=[Middleware(Authenticated)])) as base:
        async with Client(f"{base}/mcp") as client:
            assert (await client.call_tool("look")).data is True

    assert Context.current_or_none() is None
    assert get_http_headers() == {}
