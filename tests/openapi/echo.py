"""An API that answers with what it was asked, and servers of documents about it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import httpx2
from starlette.requests import Request
from starlette.responses import Response

from fastmcp import Client, FastMCP
from openapi.documents import document

BASE = "http://api.test/v1"


async def echo(scope: Any, receive: Any, send: Any) -> None:
    """Answers whatever the path and the method."""
    request = Request(scope, receive)
    told = {
        "method": request.method,
        "path": request.scope["raw_path"].decode(),
        "query": request.scope["query_string"].decode(),
        "headers": dict(request.headers),
        "cookies": request.cookies,
        "body": (await request.body()).decode("latin-1"),
    }
    await Response(json.dumps(told), media_type="application/json")(scope, receive, send)


def client_of(app: Any = echo, **options: Any) -> httpx2.AsyncClient:
    """A client of an application in this process."""
    options.setdefault("base_url", BASE)
    return httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), **options)


def server(paths: dict[str, Any], version: str = "3.1.0", **members: Any) -> FastMCP:
    """A server of the echo with these paths."""
    return FastMCP.from_openapi(document(paths, version, **members), client_of())


async def asked(operation: Mapping[str, Any], /, path: str = "/x", **arguments: Any) -> Any:
    """What the echo hears when the one operation of a document is called."""
    method = operation.get("method", "post" if "requestBody" in operation else "get")
    members = {key: value for key, value in operation.items() if key != "method"}
    mcp = server({path: {method: {"operationId": "act", **members}}})
    async with Client(mcp) as client:
        return (await client.call_tool("act", arguments)).structured_content
