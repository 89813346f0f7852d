"""Letting web pages of other origins use this application."""

from __future__ import annotations

import re
from collections.abc import Sequence

from starlette.datastructures import Headers
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from fastmcp.exceptions import ConfigurationError

METHODS = ("GET", "POST", "DELETE", "OPTIONS")
# What a page may read of a response besides its body.
EXPOSED = ("mcp-session-id", "mcp-protocol-version", "www-authenticate", "retry-after")
MAX_AGE = 3600

_ORIGIN = re.compile(r"\*|null|[a-z][a-z0-9+.-]*://(?:\[[0-9a-f:.]+\]|[^/\s,;#?@:*A-Z]+)(?::\d+)?")


def cors_middleware(origins: Sequence[str]) -> Middleware:
    """What answers preflights and marks responses, for pages of `origins`; `["*"]` is everybody.

    Raises:
        ConfigurationError: one that no browser would ever send.
    """
    if isinstance(origins, str):
        raise ConfigurationError(f"cors_origins takes a list of origins: [{origins!r}]")
    for origin in origins:
        if _ORIGIN.fullmatch(origin) is None:
            raise ConfigurationError(
                f"cors_origins: {origin!r} is not an origin; one is a scheme, a host and perhaps "
                "a port, in lower case and without a path: 'https://app.example'"
            )
    return Middleware(CrossOriginMiddleware, origins=tuple(origins))


class CrossOriginMiddleware(CORSMiddleware):
    """ASGI middleware: the headers of CORS for pages of the origins, and none for others.

    Whoever is listed may send any header, for MCP mirrors arguments in headers of any name; and
    credentials, unless everybody is.
    """

    def __init__(self, app: ASGIApp, origins: tuple[str, ...]) -> None:
        super().__init__(
            app,
            allow_origins=origins,
            allow_methods=METHODS,
            allow_headers=("*",),
            allow_credentials="*" not in origins,
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
