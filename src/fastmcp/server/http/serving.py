"""Serving the application with uvicorn."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from .app import HttpServable, StarletteWithLifespan, create_app
from .streamable import StreamableHTTPEndpoint

if TYPE_CHECKING:
    import uvicorn


async def serve_http(
    server: HttpServable,
    *,
    host: str | None = None,
    port: int | None = None,
    path: str | None = None,
    log_level: str | None = None,
    show_banner: bool | None = None,
    uvicorn_config: Mapping[str, Any] | None = None,
    sockets: Any = None,
    stateless: bool | None = None,
    **options: Any,
) -> None:
    """Serve the application until cancelled or signalled."""
    del show_banner
    host = host or os.environ.get("FASTMCP_HOST") or "127.0.0.1"
    port = int(os.environ.get("FASTMCP_PORT") or 8000) if port is None else port
    if stateless is not None:
        options.setdefault("stateless_http", stateless)
    app = create_app(server, path, bound_to=None if sockets else host, **options)
    config = {
        "http": _http_implementation(),
        "timeout_graceful_shutdown": 2,
        "lifespan": "on",
        "ws": "none",
        "log_level": (log_level or os.environ.get("FASTMCP_LOG_LEVEL") or "info").lower(),
        **(uvicorn_config or {}),
    }
    await _uvicorn_server(app, host, port, config).serve(sockets=sockets)


def _http_implementation() -> str:
    """What uvicorn reads HTTP by: httptools with the extra `speed`, whose mark is uvloop. Without
    being asked it is h11, which bounds the length of the headers; httptools does not.
    """
    from importlib.util import find_spec

    return "h11" if find_spec("uvloop") is None else "httptools"


def _uvicorn_server(
    app: StarletteWithLifespan, host: str, port: int, config: Mapping[str, Any]
) -> uvicorn.Server:
    import uvicorn

    endpoint: StreamableHTTPEndpoint = app.state.mcp_endpoint

    class Server(uvicorn.Server):
        async def serve(self, sockets: Any = None) -> None:
            try:
                await super().serve(sockets)
            except asyncio.CancelledError:
                if self.started:
                    await self.shutdown(sockets)
                raise

        async def shutdown(self, sockets: Any = None) -> None:
            # They would hold the shutdown up until its deadline; calls have until then.
            endpoint.sessions.stop_listening()
            app.state.fastmcp_server.audience.dismiss()
            await super().shutdown(sockets)

    return Server(uvicorn.Config(app, host=host, port=port, **config))
