"""Letting web pages of other origins use this application."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.datastructures import Headers
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from fastmcp._protocol.guard import origins_pattern

METHODS = ("GET", "POST", "DELETE", "OPTIONS")
# What a page may read of a response besides its body.
EXPOSED = ("mcp-session-id", "mcp-protocol-version", "www-authenticate", "retry-after")
MAX_AGE = 3600


def cors_middleware(origins: Sequence[str]) -> Middleware:
    """What answers preflights and marks responses, for pages of `origins`; `["*"]` is everybody.

    Raises:
        ConfigurationError: one that no browser would ever send.
    """
    return Middleware(CrossOriginMiddleware, origins=tuple(origins))


class CrossOriginMiddleware(CORSMiddleware):
    """ASGI middleware: the headers of CORS for pages of the origins, and none for others.

    Whoever is listed may send any header, for MCP mirrors arguments in headers of any name; and
    credentials, where all who are listed are named in full.
    """

    def __init__(self, app: ASGIApp, origins: tuple[str, ...]) -> None:
        super().__init__(
            app,
            allow_origins=("*",) if "*" in origins else (),
            allow_origin_regex=origins_pattern(origins, "cors_origins"),
            allow_methods=METHODS,
            allow_headers=("*",),
            allow_credentials=not any("*" in origin for origin in origins),
            expose_headers=EXPOSED,
            max_age=MAX_AGE,
        )

    def preflight_response(self, request_headers: Headers) -> Response:
        if self.is_allowed_origin(request_headers["origin"]):
            return super().preflight_response(request_headers)
        text = "Pages of this origin may not use this server; cors_origins lists those that may"
        return PlainTextResponse(text, 403, {"Vary": "Origin"})

    async def simple_response(
        self, scope: Scope, receive: Receive, send: Send, request_headers: Headers
    ) -> None:
        origin = request_headers.get("origin")
        if origin is None or self.is_allowed_origin(origin):
            await super().simple_response(scope, receive, send, request_headers)
        else:
            await self.app(scope, receive, send)
