"""Area H: the application for HTTP+SSE, row by row."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import httpx2
import pytest
from apps import SECONDS, served
from legacy_sse import opened
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from fastmcp import Client, FastMCP
from fastmcp.server.http import StarletteWithLifespan, create_sse_app

pytestmark = pytest.mark.filterwarnings("ignore:HTTP.SSE is deprecated")


def server() -> FastMCP:
    mcp = FastMCP("x")

    @mcp.tool
    def add(a: int, b: int) -> int:
        return a + b

    return mcp


def total_at(url: str) -> int:
    async def main() -> int:
        async with Client(url, timeout=SECONDS) as client:
            return (await client.call_tool("add", {"a": 2, "b": 3})).data

    return asyncio.run(main())


@pytest.mark.parametrize(
    ("make", "path", "messages"),
    [
        (lambda mcp: mcp.http_app(transport="sse"), "/sse", "/messages/"),
        (lambda mcp: mcp.http_app("/sse/x", transport="sse"), "/sse/x", "/messages/"),
        (lambda mcp: mcp.sse_app(), "/sse", "/messages/"),
        (lambda mcp: create_sse_app(mcp, "/m/", "/sse"), "/sse", "/m/"),
        (lambda mcp: create_sse_app(server=mcp, message_path="m", sse_path="/sse"), "/sse", "/m"),
    ],
    ids=["s154_http_app", "s154_path", "s143_sse_app", "s154_create_sse_app", "s155_keywords"],
)
def test_s154_s143_s155_an_application_has_the_stream_and_the_messages(
    make: Callable[[FastMCP], Any], path: str, messages: str
) -> None:
    """Every factory makes a Starlette application with both, and with a lifespan to pass on."""
    app = make(server())

    assert isinstance(app, StarletteWithLifespan)
    assert (app.state.transport_type, app.state.path) == ("sse", path)
    with served(app) as base:
        assert total_at(base + path) == 5
        with opened(base, path) as legacy:
            assert legacy.place.startswith(f"{messages}?session_id=")


def test_s154_routes_stand_beside_it() -> None:
    """Those that the factory is given, and those of the server."""
    mcp = server()

    def plain(request: Request) -> PlainTextResponse:
        return PlainTextResponse(request.url.path)

    mcp.custom_route("/own", methods=["GET"])(plain)
    app = create_sse_app(mcp, "/messages/", "/sse", routes=[Route("/given", plain)])
    with served(app) as base:
        assert [httpx2.get(base + path).text for path in ("/own", "/given")] == ["/own", "/given"]
        assert total_at(base + "/sse") == 5
