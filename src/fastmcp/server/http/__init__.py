"""MCP over HTTP: the endpoint, the application around it, and serving that."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastmcp._lazy import lazy_names

if TYPE_CHECKING:
    from ..request.http_scope import set_http_request as set_http_request
    from .application import StarletteWithLifespan as StarletteWithLifespan
    from .factories import RequestContextMiddleware as RequestContextMiddleware
    from .factories import create_base_app as create_base_app
    from .factories import create_sse_app as create_sse_app
    from .factories import create_streamable_http_app as create_streamable_http_app
    from .manager import SessionManager as SessionManager
    from .manager import StreamableHTTPASGIApp as StreamableHTTPASGIApp

_HOMES = {
    "RequestContextMiddleware": ".factories",
    "SessionManager": ".manager",
    "StarletteWithLifespan": ".application",
    "StreamableHTTPASGIApp": ".manager",
    "create_base_app": ".factories",
    "create_sse_app": ".factories",
    "create_streamable_http_app": ".factories",
    "set_http_request": "..request.http_scope",
}

__all__ = [
    "RequestContextMiddleware",
    "SessionManager",
    "StarletteWithLifespan",
    "StreamableHTTPASGIApp",
    "create_base_app",
    "create_sse_app",
    "create_streamable_http_app",
    "set_http_request",
]

__getattr__ = lazy_names(__name__, _HOMES)
