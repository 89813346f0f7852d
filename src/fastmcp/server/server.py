"""FastMCP: declare components, compose a server, run it. It knows nothing of the protocol."""

from __future__ import annotations

import logging
from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, Literal, Self, TypeVar

from fastmcp._components.component import Component
from fastmcp._lazy import lazy_names
from fastmcp._runtime.dispatch import Hints
from fastmcp._runtime.exchange import TransportName
from fastmcp._runtime.session import Channel
from fastmcp.exceptions import ConfigurationError
from fastmcp.prompts.base import PromptResult
from fastmcp.resources.base import ResourceResult
from fastmcp.resources.security import DEFAULT_RESOURCE_SECURITY, ResourceSecurity
from fastmcp.settings import Settings
from fastmcp.tools.base import Tool, ToolOptions
from fastmcp.tools.tool_result import ToolResult as ToolResult
from fastmcp.tools.whole_results import WholeResult
from fastmcp.utilities.lifespan import LifespanFunction
from fastmcp.wire.content import Icon
from fastmcp.wire.lifecycle import LoggingLevel

from .catalogue import View
from .component_host import ComponentHost
from .connection import ServerConnection
from .identity import Identity
from .inputs.request_state import RequestStateSecurity
from .lifetime.shared_lifespan import SharedLifespan
from .limits import Limits
from .middleware.chain import Member
from .options import HttpDefaults, SamplingFallback, provider_given, reject_unknown
from .parts import ServerParts
from .providers.aggregate import AggregateProvider
from .providers.base import Provider
from .providers.guard import ProviderErrorStrategy
from .providers.local import LocalProvider
from .providers.shelf import OnDuplicate
from .state.keeper import AnyStore
from .tasks.server_tasks import ServerTasks
from .transforms.transform import Transform

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

    from .auth.provider import AuthProvider
    from .background import ServerBackground
    from .http.application.manager import SessionManager
    from .http.application.starlette_app import StarletteWithLifespan

C = TypeVar("C", bound=Component)


class FastMCP(ComponentHost):
    """An MCP server.

    Positional: `name` and `instructions`; everything else is a keyword. A keyword that is
    unknown, or that an earlier major version took, raises a TypeError with the replacement.
    """

    def __init__(
        self,
        name: str | None = None,
        instructions: str | None = None,
        *,
        version: str | float | None = None,
        description: str | None = None,
        website_url: str | None = None,
        icons: Sequence[Any] | None = None,
        auth: Any = None,
        middleware: Sequence[Member] | None = None,
        limits: Limits | None = None,
        lifespan: LifespanFunction | None = None,
        session_lifespan: LifespanFunction | None = None,
        tools: Sequence[Tool | Callable[..., Any]] | None = None,
        providers: Sequence[Any] | None = None,
        transforms: Sequence[Transform] | None = None,
        provider_error_strategy: ProviderErrorStrategy = "warn",
        on_duplicate: OnDuplicate = "warn",
        mask_error_details: bool | None = None,
        strict_input_validation: bool | None = None,
        list_page_size: int | None = None,
        dereference_schemas: bool = True,
        resource_security: ResourceSecurity | None = DEFAULT_RESOURCE_SECURITY,
        structured_text: bool = False,
        validate_output: bool = False,
        cache_ttl: float = 0,
        cache_scope: Literal["public", "private"] = "private",
        experimental_capabilities: Mapping[str, Any] | None = None,
        request_state_security: RequestStateSecurity | None = None,
        session_store: Any = None,
        session_state_store: AnyStore | None = None,
        client_log_level: LoggingLevel | None = None,
        sampling_handler: Callable[..., Any] | None = None,
        sampling_handler_behavior: Literal["always", "fallback"] | None = None,
        stateless_http: bool | None = None,
        json_response: bool | None = None,
        tasks: bool | None = None,
        docket: str | None = None,
        **others: Any,
    ) -> None:
        reject_unknown(others, FastMCP.__init__.__kwdefaults__ or ())
        if list_page_size is not None and list_page_size < 1:
            raise ConfigurationError(f"list_page_size={list_page_size}: it has to be at least 1")
        tool_defaults: ToolOptions = {
            "strict": Settings.strict_input_validation.chosen(strict_input_validation),
            "structured_text": structured_text,
            "validate_output": validate_output,
            "task": tasks,
        }
        local = LocalProvider(on_duplicate, tool_defaults)
        identity = Identity(name, version, description, website_url, icons)
        self.logger: logging.Logger = logging.getLogger(f"fastmcp.server.{identity.info['name']}")
        self.instructions = instructions
        self.list_page_size = list_page_size
        self.dereference_schemas = dereference_schemas
        self.client_log_level: LoggingLevel = Settings.client_log_level.chosen(client_log_level)
        self.experimental_capabilities: dict[str, Any] = dict(experimental_capabilities or {})
        self.auth: AuthProvider | None = provider_given(auth)
        self.limits = limits
        self.lifespan: Final = SharedLifespan(self, lifespan, session_lifespan)
        self._asgi: StarletteWithLifespan | None = None
        parts = ServerParts(
            self,
            identity,
            AggregateProvider((local,), provider_error_strategy=provider_error_strategy),
            resource_security=resource_security,
            limits=limits,
            middleware=middleware,
            tasks=ServerTasks(self, name, tasks, docket),
            hints=Hints(identity.info, round(cache_ttl * 1000), cache_scope),
            masks_errors=Settings.mask_error_details.chosen(mask_error_details),
            experimental_capabilities=self.experimental_capabilities,
            request_state_security=request_state_security,
            sampling_fallback=SamplingFallback(sampling_handler, sampling_handler_behavior),
            http_defaults=HttpDefaults(stateless_http, json_response, session_store),
            session_state_store=session_state_store,
        )
        super().__init__(local, parts)
        self._take(tools, providers, transforms)

    def __repr__(self) -> str:
        return f"FastMCP({self.name!r})"

    # Identity

    @property
    def name(self) -> str:
        """The server's name."""
        return self._parts.identity.info["name"]

    @property
    def version(self) -> str:
        """The server's version."""
        return self._parts.identity.info["version"]

    @property
    def server_info(self) -> dict[str, Any]:
        """What `serverInfo` tells clients; changes and further members go out with it."""
        return self._parts.identity.info

    @property
    def website_url(self) -> str | None:
        """The server's page, if it was given."""
        return self.server_info.get("websiteUrl")

    @property
    def icons(self) -> list[Icon]:
        """The icons that clients may show for the server."""
        return list(self.server_info.get("icons", ()))

    @property
    def background(self) -> ServerBackground:
        """Runs async functions beside the requests: `@mcp.background`, `(every=60)`, `(fn)`."""
        return self.lifespan.background

    @property
    def docket(self) -> Any:
        """The Docket that runs the background tasks; None while none does."""
        return self._parts.tasks.docket

    # Servers of something else

    @classmethod
    def from_openapi(
        cls, openapi_spec: Any, client: Any = None, name: str | None = None, **options: Any
    ) -> Self:
        """A server of the HTTP API that an OpenAPI document describes, reached by `client`.

        Options: keywords of the server, and `route_maps`, `route_map_fn`, `mcp_component_fn`,
        `mcp_names`, `tags` and `validate_output` of `OpenAPIProvider`.
        """
        from .openapi_servers import from_openapi

        return from_openapi(cls, openapi_spec, client, name or "OpenAPI Server", **options)

    @classmethod
    def from_fastapi(cls, app: Any, name: str | None = None, **options: Any) -> Self:
        """A server of a FastAPI application, which is called in this process.

        Options: those of `from_openapi`, and `httpx_client_kwargs`.
        """
        from .openapi_servers import from_fastapi

        return from_fastapi(cls, app, name, **options)

    @classmethod
    def as_proxy(cls, backend: Any, **settings: Any) -> FastMCP:
        """As `create_proxy`."""
        from .providers.proxy import create_proxy

        return create_proxy(backend, **settings)

    # Use without a client

    def call_tool(
        self,
        name: str,
        arguments: Mapping[str, Any] | None = None,
        *,
        version: str | None = None,
        run_middleware: bool = True,
    ) -> Coroutine[Any, Any, Any]:
        """Call a tool and get its value: data, else text, else content blocks.

        Await it in async code; plain code gets the value at once. What the tool raises is raised.

        Raises:
            NotFoundError: there is no such tool.
            ValidationError: the arguments do not fit.
        """
        from .in_process import call_tool

        return call_tool(self, name, arguments, version, run_middleware)

    def run_tool(
        self,
        name: str,
        arguments: Mapping[str, Any] | None = None,
        *,
        version: str | None = None,
        run_middleware: bool = True,
    ) -> Coroutine[Any, Any, WholeResult]:
        """As `call_tool`, with the whole `ToolResult`."""
        from .in_process import run_tool

        return run_tool(self, name, arguments, version, run_middleware)

    def read_resource(
        self, uri: str, *, version: str | None = None, run_middleware: bool = True
    ) -> Coroutine[Any, Any, ResourceResult]:
        """Read a resource, in async or plain code."""
        from .in_process import read_resource

        return read_resource(self, uri, version, run_middleware)

    def render_prompt(
        self,
        name: str,
        arguments: Mapping[str, Any] | None = None,
        *,
        version: str | None = None,
        run_middleware: bool = True,
    ) -> Coroutine[Any, Any, PromptResult]:
        """Render a prompt, in async or plain code."""
        from .in_process import render_prompt

        return render_prompt(self, name, arguments, version, run_middleware)

    # Dispatch

    def add_middleware(self, middleware: Member) -> None:
        """Add middleware inside of what is there: a `Middleware`, or an async function
        `(context, call_next)`. It sees the next request of those who are connected, too.

        Raises:
            ConfigurationError: it is neither.
        """
        self._parts.add_middleware(middleware)

    async def _listed(self, method: str, view: View[C], run_middleware: bool) -> Sequence[C]:
        if not run_middleware:
            return await super()._listed(method, view, run_middleware)
        from .in_process import list_through

        return await list_through(self, method, view)

    @property
    def middleware(self) -> Sequence[Member]:
        """The chain, outermost first."""
        return self._parts.middleware

    def remove_provider(self, provider: Provider) -> None:
        super().remove_provider(provider)
        self.lifespan.exclude(provider)

    def connect(
        self, channel: Channel, transport: TransportName, id: str | None = None
    ) -> ServerConnection:
        """A connection for one client, for transports; it lives inside `lifespan.use`."""
        parts = self._parts
        kept = (
            parts.state_keeper,
            parts.session_visibility,
            parts.session_middleware,
            self.lifespan,
        )
        forget: list[Callable[[str], None]] = [each.forget for each in kept]
        connection = ServerConnection(
            parts.dispatcher, channel, transport, id, parts.audience, forget
        )
        forget += parts.observing.connected(connection.lifecycle, transport)
        return connection

    # Running

    def configure_oauth_storage(self, backend: Any = "redis", **options: Any) -> None:
        """Where OAuth, and sessions, are kept: `redis_client`, `encryption_key`, `path`."""
        from .auth.storage.configuring import configure_oauth_storage

        configure_oauth_storage(self._parts, self.auth, backend, **options)

    def run(self, transport: str | None = None, **options: Any) -> None:
        """Serve until the end: `"stdio"` (the default), `"http"` or `"sse"`.

        Options for HTTP are those of `run_http`, without the REST view and `/health` unless
        `rest=True` and `health=True`; for stdio there are `log_level`, `buffer_size`, `timeout`
        (seconds for a request) and `timeout_graceful_shutdown`.

        Raises:
            RuntimeError: an event loop is running in this thread; await `run_async` there.
            ConfigurationError: an unknown transport, or options that cannot be.
        """
        from .running import run

        run(self, transport, options)

    async def run_async(self, transport: str | None = None, **options: Any) -> None:
        """As `run`, inside a running event loop. It returns when a signal or `stop` ends it."""
        from .running import run_async

        await run_async(self, transport, options)

    def run_http(self, host: str | None = None, port: int | None = None, **options: Any) -> None:
        """Serve streamable HTTP at `/mcp` until the end, with the REST view and `/health`.

        Options: those of `http_app`; `workers` (processes: each is this program started again, on
        the same port), `log_level`, `access_log`, `show_banner`, `timeout_keep_alive`,
        `timeout_graceful_shutdown` (seconds that calls have to finish), `ssl_keyfile`,
        `ssl_certfile` and the other keywords of uvicorn's configuration.
        """
        from .running import run_http

        run_http(self, {"host": host, "port": port, **options})

    def run_sse(self, host: str | None = None, port: int | None = None, **options: Any) -> None:
        """As `run(transport="sse")`."""
        from .running import run_sse

        run_sse(self, {"host": host, "port": port, **options})

    def run_with_transport(self, transport: Any) -> None:
        """Serve until the end by a `StdioTransport` or `HttpTransport` of `fastmcp.transports`."""
        from .running import run_with_transport

        run_with_transport(self, transport)

    async def run_stdio_async(self, **options: Any) -> None:
        """Serve one client on standard input and output until it closes them."""
        from .running import run_async

        await run_async(self, "stdio", options)

    async def run_http_async(self, **options: Any) -> None:
        """As `run_http`, where `rest=True` and `health=True`; options as in `run`."""
        from .running import run_async

        await run_async(self, options.pop("transport", "http"), options)

    def stop(self) -> None:
        """End in order all that runs this server, from any thread; it does not wait for the end.

        What an ASGI server runs (`uvicorn module:mcp`, `http_app()`) is for that server to end.
        """
        from .service import stop

        stop(self)

    def http_app(self, path: str | None = None, **options: Any) -> StarletteWithLifespan:
        """A Starlette application that serves MCP at `path` (`/mcp`), with and without a slash.

        Give its `lifespan` to the application that it is mounted in. Options: `transport`
        (`"sse"` for the older transport, at `/sse` with `message_path`), `stateless_http`,
        `json_response`, `middleware` (Starlette's), `event_store`, `retry_interval`
        (milliseconds), `session_idle_timeout` (seconds, None for never), `max_sessions`,
        `max_sessions_per_principal` (of an authenticated caller), `max_request_size` (bytes),
        `request_timeout` (seconds), `host_origin_protection` (`"auto"`, True, False),
        `allowed_hosts`, `allowed_origins`, `cors_origins` (of web pages, `["*"]` for all), `rest`
        (tools, resources and prompts as plain JSON), `health` (`/health`, `/ready`), `metrics`.
        """
        from .http.application.assembly import app_of

        return app_of("http_app()", self, {"path": path, **options})

    def streamable_http_app(self, path: str | None = None, **options: Any) -> StarletteWithLifespan:
        """The same as `http_app`."""
        return self.http_app(path, **options)

    def sse_app(
        self, path: str | None = None, message_path: str | None = None, **options: Any
    ) -> StarletteWithLifespan:
        """`http_app` for the older transport, HTTP+SSE."""
        from .http.application.assembly import app_of

        sse = {"path": path, "message_path": message_path, "transport": "sse"}
        return app_of("sse_app()", self, {**options, **sse})

    @property
    def session_manager(self) -> SessionManager:
        """What runs the newest HTTP application of this server: `async with
        mcp.session_manager.run()` does what its lifespan does.
        """
        return self._parts.newest_manager or self.http_app().manager

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._asgi is None:
            self._asgi = self.http_app(rest=True, health=True)
        await self._asgi(scope, receive, send)


lazy_names(__name__, {"create_proxy": "fastmcp.server.providers.proxy"})
