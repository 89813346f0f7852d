"""RequestContextMiddleware: the request within reach of everything that it passes."""

from __future__ import annotations

from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from fastmcp._components.current import current_scope

from .http_scope import HttpScope


class RequestContextMiddleware:
    """ASGI middleware: inside of it `get_http_request` gives the request, also beside MCP."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        token = current_scope.set(HttpScope(Request(scope)))
        try:
            await self.app(scope, receive, send)
        finally:
            current_scope.reset(token)
