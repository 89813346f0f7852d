"""The Starlette application around the MCP endpoint."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import AsyncGenerator, Sequence
from typing import TYPE_CHECKING, Any, Literal, Protocol

from starlette.applications import Starlette
from starlette.middleware import Middleware as ASGIMiddleware
from starlette.routing import BaseRoute, Match
from starlette.types import ASGIApp, Receive, Scope, Send

from fastmcp._protocol.guard import Guard
from fastmcp.exceptions import ConfigurationError

from ..event_store import EventLog
from ..request.app_state import HOST_APP
from .guard import HostOriginGuardMiddleware
from .settings import HttpSettings
from .streamable import StreamableHTTPEndpoint

if TYPE_CHECKING:
    import logging

    from fastmcp._protocol.mirroring import Plan
    from fastmcp._runtime.dispatch import Dispatcher
    from fastmcp._runtime.exchange import TransportName
    from fastmcp._runtime.session import Channel

    from ..connection import ServerConnection
    from ..lifetime.shared_lifespan import SharedLifespan
    from ..options import HttpDefaults

DEFAULT_PATH = "/mcp"
# How long a call that is cancelled at the end may take to clean up, in seconds.
GRACE = 0.5
Protection = Literal["auto"] | bool


class HttpServable(Protocol):
    """What the application needs of its server."""

    logger: logging.Logger
    http_defaults: HttpDefaults
    custom_routes: list[BaseRoute]

    @property
    def name(self) -> str: ...

    @property
    def lifespan(self) -> SharedLifespan: ...

    @property
    def dispatcher(self) -> Dispatcher[Any]: ...

    def mirrors_of(self, name: str) -> Plan: ...

    def connect(
        self, channel: Channel, transport: TransportName, id: str | None = None
    ) -> ServerConnection: ...


class StarletteWithLifespan(Starlette):
    """A Starlette application whose lifespan a parent application can take over.

    While it has no middleware of the user's, requests for the endpoint go to it straight: it
    answers every error itself, and the stack around the router would cost a fifth of a call.
    """

    endpoint_route: EndpointRoute | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if "app" in scope:
            scope[HOST_APP] = scope["app"]
        route = self.endpoint_route
        bare = route is not None and len(self.user_middleware) == 1  # which is the guard
        if route is None or not bare or not route.serves(scope):
            await super().__call__(scope, receive, send)
            return
        scope["app"] = self
        await route.guarded(scope, receive, send)

    @property
    def lifespan(self) -> Any:
        """The lifespan context, callable with the parent application."""
        return self.router.lifespan_context


class EndpointRoute(BaseRoute):
    """Serves one path with and without its trailing slash, redirecting neither."""

    def __init__(self, path: str, endpoint: ASGIApp, guard: Guard) -> None:
        self.path = "/" + path.strip("/")
        self.endpoint = endpoint
        self.guarded = HostOriginGuardMiddleware(endpoint, guard)
        self.name = "mcp"

    def serves(self, scope: Scope) -> bool:
        """Whether this is a request for the endpoint."""
        if scope["type"] != "http":
            return False
        path: str = scope["path"].removeprefix(scope.get("root_path", ""))
        return path == self.path or path.rstrip("/") == self.path.rstrip("/")

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        return (Match.FULL, {"endpoint": self.endpoint}) if self.serves(scope) else (Match.NONE, {})

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.endpoint(scope, receive, send)


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
    max_request_size: int = 4 * 1024 * 1024,
    host_origin_protection: Protection = "auto",
    allowed_hosts: Sequence[str] | None = None,
    allowed_origins: Sequence[str] | None = None,
    bound_to: str | None = None,
) -> StarletteWithLifespan:
    """The application that `FastMCP.http_app` documents; `bound_to` is the server's address,
    where it is known.
    """
    if transport not in ("http", "streamable-http"):
        raise ConfigurationError(
            f"http_app(transport={transport!r}): use 'http' or 'streamable-http'"
        )
    defaults = server.http_defaults
    settings = HttpSettings(
        stateless=_first(stateless_http, defaults.stateless_http, _flag("STATELESS_HTTP")),
        json_response=_first(json_response, defaults.json_response, _flag("JSON_RESPONSE")),
        max_request_size=max_request_size,
        session_idle_timeout=1800 if session_idle_timeout == "auto" else session_idle_timeout,
        max_sessions=max_sessions,
        event_store=event_store,
        retry_interval=retry_interval,
    )
    endpoint = StreamableHTTPEndpoint(
        server.dispatcher,
        lambda channel, id: server.connect(channel, "streamable-http", id),
        server.mirrors_of,
        settings,
    )
    guard = Guard(
        None if host_origin_protection == "auto" else host_origin_protection,
        tuple(allowed_hosts or ()),
        tuple(allowed_origins or ()),
        bound_to,
    )
    route = EndpointRoute(path or DEFAULT_PATH, _Started(server, endpoint), guard)

    @contextlib.asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncGenerator[None]:
        async with server.lifespan.use():
            try:
                yield
            finally:
                await endpoint.sessions.end(GRACE)

    app = StarletteWithLifespan(
        routes=[route, *server.custom_routes],
        middleware=[ASGIMiddleware(HostOriginGuardMiddleware, guard=guard), *(middleware or ())],
        lifespan=lifespan,
    )
    app.endpoint_route = route
    app.state.fastmcp_server = server
    app.state.path = route.path
    app.state.transport_type = "streamable-http"
    app.state.mcp_endpoint = endpoint
    return app


class _Started:
    """Starts the server's lifespan at the first request when no application has done so."""

    def __init__(self, server: HttpServable, endpoint: StreamableHTTPEndpoint) -> None:
        self._server = server
        self._endpoint = endpoint
        self._turn = asyncio.Lock()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if not self._server.lifespan.running:
            async with self._turn:
                await self._start()
        await self._endpoint(scope, receive, send)

    async def _start(self) -> None:
        if self._server.lifespan.running:
            return
        self._server.logger.warning(
            "The application of %r was mounted without its lifespan, which starts now; pass "
            "lifespan=mcp_app.lifespan to the parent application to have it end in order",
            self._server.name,
        )
        await self._server.lifespan.enter()


def _first(*choices: bool | None) -> bool:
    return next((choice for choice in choices if choice is not None), False)


def _flag(name: str) -> bool | None:
    value = os.environ.get(f"FASTMCP_{name}")
    return None if value is None else value.strip().lower() in ("1", "true", "yes", "on")
