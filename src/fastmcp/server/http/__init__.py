"""MCP over HTTP: the endpoint, the application around it, and serving that."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastmcp._lazy import lazy_names

if TYPE_CHECKING:
    from ..request.context_middleware import RequestContextMiddleware as RequestContextMiddleware
    from ..request.http_scope import set_http_request as set_http_request
    from .application.factories import create_base_app as create_base_app
    from .application.factories import create_sse_app as create_sse_app
    from .application.factories import create_streamable_http_app as create_streamable_http_app
    from .application.guard import HostOriginGuardMiddleware as HostOriginGuardMiddleware
    from .application.manager import SessionManager as SessionManager
    from .application.manager import StreamableHTTPASGIApp as StreamableHTTPASGIApp
    from .application.starlette_app import StarletteWithLifespan as StarletteWithLifespan

_HOMES = {
    "HostOriginGuardMiddleware": ".application.guard",
    "RequestContextMiddleware": "..request.context_middleware",
    "SessionManager": ".application.manager",
    "StarletteWithLifespan": ".application.starlette_app",
    "StreamableHTTPASGIApp": ".application.manager",
    "create_base_app": ".application.factories",
    "create_sse_app": ".application.factories",
    "create_streamable_http_app": ".application.factories",
    "set_http_request": "..request.http_scope",
}

__all__ = [
    "HostOriginGuardMiddleware",
    "RequestContextMiddleware",
    "SessionManager",
    "StarletteWithLifespan",
    "StreamableHTTPASGIApp",
    "create_base_app",
    "create_sse_app",
    "create_streamable_http_app",
    "set_http_request",
]

lazy_names(__name__, _HOMES)
