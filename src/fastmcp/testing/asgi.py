"""A server over HTTP without a socket: its real application, in the running event loop."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import httpx2
from msgspec import Struct

from fastmcp.client.client import Client
from fastmcp.client.transports.http import StreamableHttpTransport
from fastmcp.client.transports.transport import ClientTransport
from fastmcp.server.server import FastMCP

from .asgi_transport import StreamingASGITransport, run_asgi_lifespan

# Nothing listens there; guards take it for what a client on this machine would say.
_ORIGIN = "http://127.0.0.1"


class ASGIServer(Struct, frozen=True):
    """A running application, its URL as a client of the same loop sees it, and how it speaks."""

    url: str
    app: Any
    transport_type: str = "http"

    def http_client(
        self,
        headers: Mapping[str, str] | None = None,
        timeout: Any = None,
        auth: Any = None,
        **options: Any,
    ) -> httpx2.AsyncClient:
        """An HTTP client of the application; a URL may be a path such as `/health`."""
        # Over SSE the whole session is one response, whose end is for the application to see.
        transport = StreamingASGITransport(self.app, cancel_on_close=self.transport_type != "sse")
        return httpx2.AsyncClient(
            transport=transport,
            base_url=_ORIGIN,
            headers=headers,
            timeout=timeout,
            auth=auth,
            **options,
        )

    def transport(self, **options: Any) -> ClientTransport:
        """A transport for `Client`; options are those of the transport over HTTP."""
        options.setdefault("httpx_client_factory", self.http_client)
        if self.transport_type == "sse":
            from fastmcp.client import transports

            return transports.SSETransport(self.url, **options)
        return StreamableHttpTransport(self.url, **options)

    def client(
        self, *, headers: Mapping[str, str] | None = None, auth: Any = None, **options: Any
    ) -> Client:
        """A client, not connected yet; options are those of `Client`."""
        given = {"headers": headers, "auth": auth}
        chosen = {name: value for name, value in given.items() if value is not None}
        return Client(self.transport(**chosen), **options)


@asynccontextmanager
async def asgi_server(
    server: FastMCP, transport: str = "http", path: str | None = None, **options: Any
) -> AsyncGenerator[ASGIServer]:
    """Run a server's application; options are those of `FastMCP.http_app`."""
    path = path or ("/sse" if transport == "sse" else "/mcp")
    app = server.http_app(path, transport=transport, **options)
    async with run_asgi_lifespan(app):
        yield ASGIServer(_ORIGIN + path, app, transport)


@asynccontextmanager
async def asgi_client(
    server: FastMCP,
    transport: str = "http",
    path: str | None = None,
    *,
    headers: Mapping[str, str] | None = None,
    auth: Any = None,
    **options: Any,
) -> AsyncGenerator[Client]:
    """A connected client of a server's application; options are those of `Client`."""
    async with (
        asgi_server(server, transport, path) as running,
        running.client(headers=headers, auth=auth, **options) as client,
    ):
        yield client
