"""The request being served, and what is known of it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from fastmcp._components.current import Scope
from fastmcp._components.injection.shared_values import SharedValues
from fastmcp._runtime.exchange import Exchange, TransportName
from fastmcp._runtime.threads import abandoned
from fastmcp.wire.lifecycle import ClientCapabilities, Implementation
from fastmcp.wire.revisions import Revision

from ..auth.identity import principal_of
from ..catalogue import Catalogue
from ..inputs.rounds import Rounds
from ..state.session_names import session_id_of
from .detached import detached

if TYPE_CHECKING:
    from starlette.requests import Request

    from fastmcp.server.lifetime.http_pool import HttpPool
    from fastmcp.server.server import FastMCP


class ServedRequest(Scope):
    """One request of a client's, and the server that serves it; without an `exchange`, a request
    that nobody sent. `host` is the server that the client is connected to, on which the other one
    may be mounted.
    """

    __slots__ = ("_exchange", "fastmcp", "host")

    def __init__(
        self, fastmcp: FastMCP, exchange: Exchange | None = None, host: FastMCP | None = None
    ) -> None:
        super().__init__()
        self.fastmcp: FastMCP = fastmcp
        self.host: FastMCP = fastmcp if host is None else host
        self._exchange = detached("tools/call") if exchange is None else exchange

    @property
    def home(self) -> asyncio.AbstractEventLoop:
        """The event loop that serves the request."""
        return self._exchange.loop

    @property
    def exchange(self) -> Exchange:
        """The request itself, and the way back to its sender."""
        return self._exchange

    @property
    def access_token(self) -> Any:
        """The token that the caller was authenticated by; None without one."""
        if self._exchange.identity is not None:
            return self._exchange.identity
        scope = self._exchange.scope
        return None if scope is None else getattr(scope.get("user"), "access_token", None)

    @property
    def principal(self) -> str | None:
        """Who the caller is, by the token that authenticated it, as a compact JSON array of client,
        issuer and subject; None without one.
        """
        return principal_of(self.access_token)

    @property
    def request_id(self) -> str:
        """The id that the client gave this request."""
        return str(self._exchange.id)

    @property
    def origin_request_id(self) -> str | None:
        """The id of the request that began this: its own, or the one that a task was."""
        return self.request_id

    @property
    def task_id(self) -> str | None:
        """The id of the background task that runs this; None for a call that is waited for."""
        run = self._exchange.task
        return None if run is None else run.id

    @property
    def is_background_task(self) -> bool:
        """Whether this runs as a background task of the protocol."""
        return self.task_id is not None

    def police(self, policy: Any, kinds: frozenset[str]) -> None:
        run = self._exchange.task
        if run is not None:
            run.policies.follow(policy, kinds)

    async def borrow(self, asked: Any, kinds: frozenset[str]) -> Any:
        from ..tasks.dependencies import borrowed

        return await borrowed(self, asked, kinds)

    @property
    def session_id(self) -> str:
        """The id of the session: what is asked in one session has the same, whatever the revision
        and the transport. A request that stands alone has one for itself.
        """
        return session_id_of(self._exchange)

    @property
    def client_id(self) -> str | None:
        """The client's name for itself."""
        info = self._exchange.sender.info
        return None if info is None else info.name

    @property
    def client_info(self) -> Implementation | None:
        """The client's name and version, self-declared."""
        return self._exchange.sender.info

    @property
    def client_capabilities(self) -> ClientCapabilities:
        """What the client declared that it can do."""
        return self._exchange.sender.capabilities

    def client_supports_extension(self, extension_id: str) -> bool:
        """Whether the client declared an extension of the protocol."""
        return self.client_extension_settings(extension_id) is not None

    def client_extension_settings(self, identifier: str) -> dict[str, Any] | None:
        """What the client declared of an extension; None if it did not."""
        return (self.client_capabilities.extensions or {}).get(identifier)

    @property
    def user_agent(self) -> str:
        """The `User-Agent` of the HTTP request; else the client's name and version."""
        request = self.request
        agent = None if request is None else request.headers.get("user-agent")
        info = self.client_info
        return agent or ("unknown" if info is None else f"{info.name}/{info.version}")

    @property
    def user_info(self) -> Mapping[str, Any]:
        """The claims of the caller's token; empty without one."""
        return getattr(self.access_token, "claims", None) or {}

    @property
    def protocol_version(self) -> str:
        """The revision this request is served under."""
        return self._exchange.sender.revision.text

    @property
    def revision(self) -> Revision:
        """The revision this request is served under, to be compared with others."""
        return self._exchange.sender.revision

    @property
    def transport(self) -> TransportName:
        """How the request came."""
        return self._exchange.transport

    @property
    def request(self) -> Request | None:
        """The HTTP request, on an HTTP transport."""
        scope = self._exchange.scope
        if scope is None:
            return None
        from starlette.requests import Request

        return Request(dict(scope))

    @property
    def app_state(self) -> Any:
        """The `state` of the ASGI application; where that is mounted in another, with what the
        other one's has, and its lifespan. None without HTTP.
        """
        from .app_state import app_state_of

        return app_state_of(self._exchange.scope)

    @property
    def cancelled(self) -> bool:
        """Whether nobody waits for the answer any more: cancelled, timed out, or disconnected.

        An async function is stopped at its next await; a plain one has to look here, or is
        stopped by its next call of a method of the context.
        """
        return self._exchange.cancelled or abandoned()

    @property
    def input_responses(self) -> Mapping[str, Any] | None:
        """What the client answered to the `InputRequiredResult` that the function returned, by the
        keys of its requests: `ElicitResult`, `CreateMessageResult` or `ListRootsResult`.
        """
        rounds: Rounds | None = self._exchange.rounds
        return None if rounds is None else rounds.responses

    @property
    def request_state(self) -> str | None:
        """The state in the `InputRequiredResult` that the function returned, as it was."""
        rounds: Rounds | None = self._exchange.rounds
        return None if rounds is None else rounds.record.state

    @property
    def catalogue(self) -> Catalogue:
        """What the server offers to this session now."""
        server = self.fastmcp
        if server is not self.host or not server._parts.session_visibility.rules:
            return server._parts.catalogue
        return (
            server._parts.session_visibility.catalogue(self.session_id) or server._parts.catalogue
        )

    @property
    def shared_values(self) -> SharedValues | None:
        return self.fastmcp.lifespan.shared_values

    @property
    def lifespan_context(self) -> Mapping[str, Any]:
        """What the server's lifespan yielded."""
        return self.fastmcp.lifespan.result

    @property
    def session_context(self) -> Mapping[str, Any]:
        """What `session_lifespan=` yielded for this session; empty without one."""
        sessions = self.fastmcp.lifespan.sessions
        value = None if sessions is None else sessions.value_for(self._exchange)
        return {} if value is None else value

    @property
    def http(self) -> HttpPool:
        """The server's HTTP client: `get(url)` and the like wait in plain functions and are awaited
        in async ones. Its connections are shared by all requests and closed with the server.
        """
        return self.fastmcp.lifespan.http
