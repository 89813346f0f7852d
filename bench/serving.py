"""A server that is served over HTTP in the event loop of a bench."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import uvicorn

from fastmcp import FastMCP


@asynccontextmanager
async def serving(mcp: FastMCP, **options: Any) -> AsyncGenerator[int]:
    """The port on which it is served; the options are those of `http_app`."""
    app = mcp.http_app(json_response=True, **options)
    config = uvicorn.Config(app, host="127.0.0.1", port=0, log_level="error", ws="none")
    http = uvicorn.Server(config)
    task = asyncio.create_task(http.serve())
    while not http.started:
        await asyncio.sleep(0.01)
    try:
        yield http.servers[0].sockets[0].getsockname()[1]
    finally:
        http.should_exit = True
        await task
