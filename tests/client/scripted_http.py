"""HTTP servers whose every answer is a test's, and a client that uses them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any

from apps import served
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from fastmcp import Client

Handler = Callable[[Request, Any], Response]


@contextmanager
def scripted(handler: Handler) -> Iterator[str]:
    """A server whose every answer is the test's; its URL."""

    async def endpoint(request: Request) -> Response:
        body = await request.body()
        return handler(request, json.loads(body) if body else None)

    routes = [Route("/mcp", endpoint, methods=["GET", "POST", "DELETE"])]
    with served(Starlette(routes=routes)) as base:
        yield f"{base}/mcp"


def result(message: Any, value: Any, **headers: str) -> Response:
    answer = {"jsonrpc": "2.0", "id": message["id"], "result": value}
    return JSONResponse(answer, headers=headers)


def initialized(message: Any, **headers: str) -> Response:
    value = {
        "protocolVersion": "2025-11-25",
        "capabilities": {},
        "serverInfo": {"name": "old", "version": "0"},
    }
    return result(message, value, **headers)


def failure(message: Any, code: int, status: int = 200, data: Any = None) -> Response:
    error = {"code": code, "message": "no", "data": data}
    answer = {"jsonrpc": "2.0", "id": message["id"], "error": error}
    return JSONResponse(answer, status)


def used(target: Any, use: Callable[[Client], Awaitable[Any]], **options: Any) -> Any:
    """What `use` gives, with an open client."""

    async def main() -> Any:
        async with asyncio.timeout(30), Client(target, **options) as client:
            return await use(client)

    return asyncio.run(main())
