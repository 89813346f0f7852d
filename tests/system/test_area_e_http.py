"""Area E: the HTTP client of the context."""

from __future__ import annotations

import asyncio
from typing import Any

from apps import served
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from fastmcp import Client, Context, FastMCP

mcp = FastMCP("requests")


@mcp.tool
def make_http_request(ctx: Context, url: str, method: str = "GET") -> dict[str, Any]:
    """Send a request and tell what came back."""
    if method == "GET":
        response = ctx.http.get(url)
    elif method == "POST":
        response = ctx.http.post(url)
    else:
        return {"error": "Unsupported method"}
    return {
        "status_code": response.status_code,
        "kind": response.headers["content-type"],
        "limits": response.request.extensions["timeout"],
    }


async def hello(request: Request) -> Response:
    return JSONResponse({"method": request.method}, 200 if request.method == "GET" else 201)


def test_s077_a_plain_tool_sends_http_requests() -> None:
    """GET and POST answer with status and headers, within limits; the tool refuses PUT."""

    async def main(url: str) -> list[Any]:
        async with Client(mcp) as client:
            return [
                (await client.call_tool("make_http_request", {"url": url, "method": method})).data
                for method in ("GET", "POST", "PUT")
            ]

    with served(Starlette(routes=[Route("/", hello, methods=["GET", "POST"])])) as base:
        got, posted, put = asyncio.run(main(base))

    assert (got["status_code"], posted["status_code"]) == (200, 201)
    assert got["kind"] == "application/json"
    assert None not in got["limits"].values()
    assert put == {"error": "Unsupported method"}
