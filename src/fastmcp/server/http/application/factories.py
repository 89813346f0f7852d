"""Applications by the functions that FastMCP makes them with."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Literal

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import BaseRoute

from fastmcp.exceptions import ConfigurationError

from ...auth.provider import AuthProvider
from ...event_store import EventLog
from ...options import provider_given
from ...request.context_middleware import RequestContextMiddleware
from ..servable import HttpServable
from .assembly import Protection, create_app, within_limits
from .routes import owned
from .starlette_app import StarletteWithLifespan


def create_base_app(
    routes: Sequence[BaseRoute],
    middleware: Sequence[Middleware],
    debug: bool = False,
    lifespan: Callable[[Any], Any] | None = None,
) -> StarletteWithLifespan:
    """An application of these routes, with the request within reach of everything in it."""
    return StarletteWithLifespan(
        routes=list(routes),
        middleware=[Middleware(RequestContextMiddleware), *middleware],
        debug=debug,
        lifespan=lifespan,
    )


def create_streamable_http_app(
    server: HttpServable,
    streamable_http_path: str,
    event_store: EventLog | None = None,
    retry_interval: int | None = None,
    auth: AuthProvider | None = None,
    json_response: bool | None = None,
    stateless_http: bool | None = None,
    debug: bool = False,
    routes: Sequence[BaseRoute] | None = None,
    middleware: Sequence[Middleware] | None = None,
    host_origin_protection: Protection = "auto",
    allowed_hosts: Sequence[str] | None = None,
    allowed_origins: Sequence[str] | None = None,
    session_idle_timeout: float | Literal["auto"] | None = "auto",
) -> StarletteWithLifespan:
    """`http_app` of a server, with `routes` before those of the server, and `auth` in place of its
    own.
    """
    _check(server)
    options: dict[str, Any] = {
        "path": streamable_http_path,
        "auth": provider_given(auth),
        "event_store": event_store,
        "retry_interval": retry_interval,
        "json_response": json_response,
        "stateless_http": stateless_http,
        "middleware": middleware,
        "host_origin_protection": host_origin_protection,
        "allowed_hosts": allowed_hosts,
        "allowed_origins": allowed_origins,
    }
    if session_idle_timeout != "auto":
        options["session_idle_timeout"] = session_idle_timeout
    return _made(server, options, routes, debug)


def create_sse_app(
    server: HttpServable,
    message_path: str,
    sse_path: str,
    auth: AuthProvider | None = None,
    debug: bool = False,
    routes: Sequence[BaseRoute] | None = None,
    middleware: Sequence[Middleware] | None = None,
    host_origin_protection: Protection = "auto",
    allowed_hosts: Sequence[str] | None = None,
    allowed_origins: Sequence[str] | None = None,
) -> StarletteWithLifespan:
    """`http_app(transport="sse")` of a server, with `routes` before those of the server, and `auth`
    in place of its own.
    """
    _check(server)
    options = {
        "path": sse_path,
        "auth": provider_given(auth),
        "transport": "sse",
        "message_path": message_path,
        "middleware": middleware,
        "host_origin_protection": host_origin_protection,
        "allowed_hosts": allowed_hosts,
        "allowed_origins": allowed_origins,
    }
    return _made(server, options, routes, debug)


def _check(server: Any) -> None:
    if isinstance(server, Starlette):
        raise ConfigurationError(
            "This makes an application of a server, and was given an application; pass the "
            "FastMCP server itself, or use the application that http_app() made as it is"
        )


def _made(
    server: HttpServable, options: dict[str, Any], routes: Sequence[BaseRoute] | None, debug: bool
) -> StarletteWithLifespan:
    app = create_app(server, **within_limits(server, options))
    app.debug = debug
    first = len(app.endpoint_routes)
    app.routes[first:first] = [owned(route, app) for route in routes or ()]
    return app
