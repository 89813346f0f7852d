"""The application around the MCP endpoint, put together from its options."""

from __future__ import annotations

import contextlib
import inspect
from collections.abc import AsyncGenerator, Callable, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any, Literal, cast

from msgspec import Struct
from starlette.middleware import Middleware as ASGIMiddleware
from starlette.routing import BaseRoute
from starlette.types import ASGIApp

from fastmcp._protocol.guard import Guard
from fastmcp._spelling import unexpected_keyword
from fastmcp.exceptions import ConfigurationError
from fastmcp.settings import Settings, flag, settings

from ...auth.protection import Protection as Protected
from ...auth.protection import protected_by
from ...auth.provider import AuthProvider
from ...event_store import EventLog
from ...logged import warn_of_unread_variables
from ..servable import HttpServable
from ..settings import HttpSettings
from ..streamable.endpoint import StreamableHTTPEndpoint
from ..streamable.opening import open_sessions
from .guard import HostOriginGuardMiddleware
from .manager import SessionManager
from .mounting import settle_into
from .routes import EndpointRoute, LiveRoutes, checked_path, owned
from .starlette_app import StarletteWithLifespan
from .unrouted import Unrouted

Protection = Literal["auto"] | bool
DEFAULT_IDLE_TIMEOUT = 1800.0


def app_of(
    function: str, server: HttpServable, options: Mapping[str, Any]
) -> StarletteWithLifespan:
    """`create_app` with the keywords that `function` was given.

    Raises:
        TypeError: one that it does not take.
    """
    known = inspect.signature(create_app).parameters.keys() - {"server", "bound_to", "auth"}
    for name in options:
        if name == "auth":
            raise TypeError(f"{function} takes no auth=; give it to the server: FastMCP(auth=...)")
        if name not in known:
            raise unexpected_keyword(function, name, known)
    return create_app(server, **within_limits(server, options))


def within_limits(server: HttpServable, options: Mapping[str, Any]) -> dict[str, Any]:
    """Keywords of `create_app`, with the limits of the server where they say nothing else."""
    own = {} if server.limits is None else server.limits.http_options()
    if options.get("transport") == "sse":
        own.pop("session_idle_timeout", None)
    return {**own, **options}


def create_app(
    server: HttpServable,
    path: str | None = None,
    *,
    transport: str = "http",
    stateless_http: bool | None = None,
    json_response: bool | None = None,
    middleware: Sequence[ASGIMiddleware] | None = None,
    event_store: EventLog | None = None,
    retry_interval: int | None = None,
    session_idle_timeout: float | Literal["auto"] | None = "auto",
    max_sessions: int = 10_000,
    max_sessions_per_principal: int = 1_000,
    max_request_size: int = 4 * 1024 * 1024,
    request_timeout: float | None = None,
    host_origin_protection: Protection | None = None,
    allowed_hosts: Sequence[str] | None = None,
    allowed_origins: Sequence[str] | None = None,
    cors_origins: Sequence[str] | None = None,
    rest: bool = False,
    health: bool = False,
    metrics: bool = False,
    message_path: str | None = None,
    bound_to: str | None = None,
    auth: AuthProvider | None = None,
) -> StarletteWithLifespan:
    """The application that `FastMCP.http_app` documents; `bound_to` is the server's address,
    where it is known, `auth` what is in place of the server's own.
    """
    kind = _kind(transport)
    defaults = server._parts.http_defaults
    how = HttpSettings(
        stateless=_stateless(kind, stateless_http, defaults.stateless_http),
        json_response=Settings.json_response.chosen(json_response, defaults.json_response),
        max_request_size=max_request_size,
        session_idle_timeout=_idle_timeout(kind, session_idle_timeout),
        max_sessions=max_sessions,
        max_sessions_per_principal=max_sessions_per_principal,
        event_store=event_store,
        retry_interval=retry_interval,
        request_timeout=request_timeout,
    )
    readers = Settings.http_allowed_origins.check(cors_origins, "cors_origins=") or ()
    guard = Guard(
        _enabled(host_origin_protection),
        Settings.http_allowed_hosts.chosen(allowed_hosts) or (),
        Settings.http_allowed_origins.chosen(allowed_origins) or (),
        bound_to,
        readers,
    )
    served = _sse(server, how, path, message_path) if kind == "sse" else _http(server, how, path)
    if server._parts.oauth_storage is not None:
        from ...auth.storage.configuring import hand_over

        hand_over(server._parts.oauth_storage, server.auth)
    protection = protected_by(auth or server.auth, served.path)
    served.paths = {place: protection.around(each) for place, each in served.paths.items()}
    routes = _ready_made_routes(
        server,
        how,
        lambda endpoint: protection.around(served.manager.started(endpoint)),
        rest=rest,
        health=health,
    )
    if flag(metrics, "metrics"):
        routes.append(_measured(server, served))
    app = _assemble(
        server,
        served,
        [
            ASGIMiddleware(HostOriginGuardMiddleware, guard=guard),
            *_cors(readers),
            *protection.middleware,
        ],
        [] if middleware is None else _users_middleware(middleware),
        protection,
        routes,
    )
    app.state.fastmcp_server = server
    app.state.fastmcp_auth = protection.provider
    app.state.fastmcp_challenger = protection.challenger
    app.state.path = served.path
    app.state.transport_type = kind
    app.state.mcp_endpoint = served.endpoint
    return app


class _Served(Struct):
    """What an application serves, at `path` and at all these; `beside` is entered while it does."""

    path: str
    endpoint: Any
    manager: SessionManager
    paths: dict[str, ASGIApp]
    beside: Callable[[], AbstractAsyncContextManager[None]] = contextlib.nullcontext


def _http(server: HttpServable, how: HttpSettings, path: str | None) -> _Served:
    path = checked_path(path or settings.streamable_http_path, "path")
    endpoint = StreamableHTTPEndpoint(
        server._parts.dispatcher, open_sessions(server, how), server._parts.mirrors_of, how
    )
    manager = server._parts.newest_manager = SessionManager(server, endpoint.sessions)
    return _Served(path, endpoint, manager, {path: manager.started(endpoint)})


def _sse(
    server: HttpServable, how: HttpSettings, path: str | None, message_path: str | None
) -> _Served:
    from ..sse.endpoint import SSEEndpoint

    path = checked_path(path or settings.sse_path, "path")
    message_path = message_path or settings.message_path
    endpoint = SSEEndpoint(
        lambda channel, id: server.connect(channel, "sse", id), how, message_path
    )
    if path == "/" + endpoint.message_path.strip("/"):
        raise ConfigurationError(f"path and message_path are both {path!r}, and have to differ")
    manager = SessionManager(server, endpoint.sessions)
    stream, messages = manager.started(endpoint.stream), manager.started(endpoint.messages)
    return _Served(path, endpoint, manager, {path: stream, endpoint.message_path: messages})


def _measured(server: HttpServable, served: _Served) -> BaseRoute:
    """Have what is served be measured; where the numbers are read."""
    from ...metrics.exposing import Exposed

    exposed = Exposed(server._parts)
    around = exposed.streams.around
    served.paths = {place: around(endpoint) for place, endpoint in served.paths.items()}
    served.beside = exposed.published
    return exposed.route


def _assemble(
    server: HttpServable,
    served: _Served,
    own: list[ASGIMiddleware],
    users: list[ASGIMiddleware],
    protection: Protected,
    ready_made: list[BaseRoute],
) -> StarletteWithLifespan:
    """The endpoint's paths and the routes of its provider before those of the user's, and what is
    ready made after them.
    """

    @contextlib.asynccontextmanager
    async def lifespan(parent: Any) -> AsyncGenerator[None]:
        warn_of_unread_variables()
        settle_into(parent, app)
        async with protection.lifespan(), served.manager.run(), served.beside():
            yield

    app = StarletteWithLifespan(middleware=[*own, *users], lifespan=lifespan)
    endpoints = [EndpointRoute(path, asgi, app) for path, asgi in served.paths.items()]
    app.routes.extend(endpoints)
    app.routes.extend(
        owned(route, app) for route in [*protection.routes, *server._parts.all_routes]
    )
    app.routes.append(LiveRoutes(server, app))
    app.routes.extend(owned(route, app) for route in ready_made)
    app.router.default = Unrouted(endpoints[0], app.router.not_found)
    app.endpoint_routes = endpoints
    served.manager.handle_request = endpoints[0].owned
    app.own_middleware = len(own)
    app.manager = served.manager
    return app


def _cors(origins: Sequence[str] | None) -> list[ASGIMiddleware]:
    if not origins:
        return []
    from .cors import cors_middleware

    return [cors_middleware(origins)]


def _ready_made_routes(
    server: HttpServable,
    how: HttpSettings,
    started: Callable[[ASGIApp], ASGIApp],
    *,
    rest: bool,
    health: bool,
) -> list[BaseRoute]:
    routes: list[BaseRoute] = []
    if flag(health, "health"):
        from .health import health_routes

        routes += health_routes(
            server, None if server._parts.cluster is None else server._parts.cluster.check
        )
    if flag(rest, "rest"):
        from ..rest import rest_routes

        routes += rest_routes(server, how, started)
    return routes


def _kind(transport: str) -> str:
    if transport in ("http", "streamable-http"):
        return "streamable-http"
    if transport == "sse":
        return "sse"
    raise ConfigurationError(
        f"http_app(transport={transport!r}): use 'http', 'streamable-http' or 'sse'"
    )


def _users_middleware(given: Any) -> list[ASGIMiddleware]:
    """A list of them; one alone can be iterated over, too: it has a class and its arguments."""
    alone = isinstance(given, ASGIMiddleware) or not isinstance(given, Iterable)
    members: list[Any] = [given] if alone else [*cast("Iterable[Any]", given)]
    for each in members:
        if not isinstance(each, ASGIMiddleware):
            raise ConfigurationError(
                f"middleware= takes a list of starlette.middleware.Middleware(...), not {each!r}; "
                "middleware of MCP is for FastMCP(middleware=[...])"
            )
    return members


def _stateless(kind: str, given: bool | None, default: bool | None) -> bool:
    """What is said of streamable HTTP in general is not said of the older transport."""
    return Settings.stateless_http.chosen(given, False if kind == "sse" else default)


def _enabled(given: Protection | None) -> bool | None:
    """The same as the guard has it."""
    protection = Settings.http_host_origin_protection.chosen(given)
    return protection if isinstance(protection, bool) else None


def _idle_timeout(kind: str, given: float | Literal["auto"] | None) -> float | None:
    """A client of the older transport is connected as long as it listens, and not idle."""
    seconds = Settings.http_session_idle_timeout.check(given, "session_idle_timeout=")
    if seconds == "auto":
        seconds = settings.http_session_idle_timeout
    if isinstance(seconds, str):
        return None if kind == "sse" else DEFAULT_IDLE_TIMEOUT
    return seconds
