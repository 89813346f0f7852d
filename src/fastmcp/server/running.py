"""`run` and its asynchronous twin: which transport, and with which options."""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING, Any

from fastmcp.exceptions import ConfigurationError

if TYPE_CHECKING:
    from .server import FastMCP

TRANSPORTS = {
    "stdio": "stdio",
    "http": "http",
    "streamable-http": "http",
}
_STDIO_OPTIONS = {"show_banner", "log_level", "stateless"}


def run(server: FastMCP, transport: str | None, options: dict[str, Any]) -> None:
    """Serve until the end, in a loop of our own."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        pass
    else:
        raise RuntimeError(
            "run() cannot be called inside a running event loop; use `await mcp.run_async(...)`"
        )
    try:
        asyncio.run(run_async(server, transport, options))
    except KeyboardInterrupt:
        pass


async def run_async(server: FastMCP, transport: str | None, options: dict[str, Any]) -> None:
    """Serve until the end, or until cancelled."""
    transport = transport or os.environ.get("FASTMCP_TRANSPORT") or "stdio"
    kind = TRANSPORTS.get(transport)
    if kind is None:
        raise ConfigurationError(
            f"Unknown transport {transport!r}; use one of {', '.join(TRANSPORTS)}"
        )
    if kind == "stdio":
        if unknown := sorted(options.keys() - _STDIO_OPTIONS):
            raise TypeError(f"run(transport='stdio') does not take {', '.join(unknown)}")
        from .stdio import serve_stdio

        async with server.lifespan.use(server):
            await serve_stdio(lambda channel: server.connect(channel, "stdio"))
    else:
        from .http import serve_http

        await serve_http(server, **options)
