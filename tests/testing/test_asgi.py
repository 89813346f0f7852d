"""Servers over HTTP without sockets."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx2
import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, StreamingResponse
from starlette.routing import Route

from fastmcp import Context, FastMCP
from fastmcp.client.transports import StreamableHttpTransport
from fastmcp.server.dependencies import get_http_headers
from fastmcp.utilities.asgi_transport import StreamingASGITransport, run_asgi_lifespan
from fastmcp.utilities.tests import ASGIServer, asgi_client, asgi_server

SECONDS = 20


def kitchen() -> FastMCP:
    """A server that answers at once, talks meanwhile, asks, and has a route."""
    mcp = FastMCP("kitchen")

    @mcp.tool
    def headers() -> dict[str, str]:
        return get_http_headers()

    @mcp.tool
    async def bake(ctx: Context) -> str:
        await ctx.report_progress(1, 2)
        return (await ctx.elicit("What?", str)).data

    @mcp.custom_route("/health", methods=["GET"])
    async def health(request: Request) -> PlainTextResponse:
        return PlainTextResponse("well")

    return mcp


@pytest.mark.parametrize("mode", ["auto", "legacy"])
def test_a_client_talks_to_the_application(mode: str) -> None:
    """With streams, questions and headers, as over a socket."""
    heard: list[Any] = []

    async def main() -> None:
        async with asgi_client(
            kitchen(),
            headers={"X-Table": "7"},
            mode=mode,
            timeout=SECONDS,
            elicitation_handler=lambda *_: "bread",
            progress_handler=lambda *told: heard.append(told),
        ) as client:
            assert (await client.call_tool("headers")).data["x-table"] == "7"
            assert (await client.call_tool("bake")).data == "bread"

    asyncio.run(main())

    assert heard[0] == (1, 2, None)


def test_several_clients_share_a_server() -> None:
    """Of ours and plain ones of HTTP; a URL may be a path."""

    async def main() -> None:
        async with asgi_server(kitchen(), path="/api/mcp", stateless_http=True) as running:
            assert isinstance(running, ASGIServer)
            assert (running.url, running.transport_type) == ("http://127.0.0.1/api/mcp", "http")
            assert isinstance(running.transport(), StreamableHttpTransport)
            async with running.http_client(headers={"accept": "text/html"}) as http:
                assert (await http.get("/health")).text == "well"
                assert (await http.get("http://127.0.0.1/nothing")).status_code == 404
            async with running.client(headers={"x-a": "1"}) as one, running.client() as two:
                assert (await one.call_tool("headers")).data["x-a"] == "1"
                assert "x-a" not in (await two.call_tool("headers")).data

    asyncio.run(main())


def test_middleware_and_lifespan_are_those_of_the_application() -> None:
    """Both run as they do in production."""
    seen: list[str] = []

    @asynccontextmanager
    async def lifespan(server: FastMCP) -> AsyncIterator[dict[str, Any]]:
        seen.append("up")
        yield {}
        seen.append("down")

    class Doorman:
        def __init__(self, app: Any) -> None:
            self.app = app

        async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
            if scope["type"] == "http":
                seen.append(scope["path"])
            await self.app(scope, receive, send)

    async def main() -> None:
        mcp = FastMCP("x", lifespan=lifespan)
        async with (
            asgi_server(mcp, middleware=[Middleware(Doorman)]) as running,
            running.client() as client,
        ):
            await client.ping()
        assert seen[0] == "up"
        assert seen[-1] == "down"
        assert "/mcp" in seen

    asyncio.run(main())


async def endless(request: Request) -> StreamingResponse:
    """Counts until it is not heard any more."""

    async def body() -> AsyncIterator[bytes]:
        try:
            for number in range(1_000_000):
                yield f"{number}\n".encode()
                await asyncio.sleep(0)
        finally:
            request.app.state.ended.set()

    return StreamingResponse(body())


def failing(request: Request) -> None:
    raise ZeroDivisionError("by design")


def test_a_body_comes_as_it_is_sent_and_ends_with_its_reader() -> None:
    """The response is there before its body has an end."""
    app = Starlette(routes=[Route("/", endless)])

    async def main() -> None:
        app.state.ended = asyncio.Event()
        transport = StreamingASGITransport(app)
        async with httpx2.AsyncClient(transport=transport, base_url="http://app") as client:
            async with client.stream("GET", "/") as response:
                lines = response.aiter_lines()
                assert [await anext(lines) for _ in range(3)] == ["0", "1", "2"]
            await asyncio.wait_for(app.state.ended.wait(), SECONDS)
        assert asyncio.all_tasks() == {asyncio.current_task()}

    asyncio.run(main())


def test_what_the_application_raises_is_raised_to_its_client() -> None:
    """And an application that says nothing is told from one that failed."""

    async def silent(scope: Any, receive: Any, send: Any) -> None:
        pass

    async def main() -> None:
        app = Starlette(routes=[Route("/", failing)])
        async with httpx2.AsyncClient(transport=StreamingASGITransport(app)) as client:
            with pytest.raises(ZeroDivisionError, match="by design"):
                await client.get("http://app/")
        async with httpx2.AsyncClient(transport=StreamingASGITransport(silent)) as client:
            with pytest.raises(httpx2.RemoteProtocolError, match="without a response"):
                await client.get("http://app/")

    asyncio.run(main())


def test_a_lifespan_that_fails_is_told() -> None:
    """At its start, with what was raised."""

    @asynccontextmanager
    async def lifespan(app: Any) -> AsyncIterator[None]:
        raise LookupError("no database")
        yield

    async def main() -> None:
        with pytest.raises(RuntimeError, match=r"failed at its startup(.|\n)*no database"):
            async with run_asgi_lifespan(Starlette(lifespan=lifespan)):
                raise AssertionError("it started")

    asyncio.run(main())
