"""What an HTTP application needs of the server that it serves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    import logging
    from collections.abc import Sequence

    from starlette.routing import BaseRoute

    from fastmcp._protocol.mirroring import Plan
    from fastmcp._runtime.dispatch import Dispatcher
    from fastmcp._runtime.exchange import TransportName
    from fastmcp._runtime.session import Channel

    from ..auth.provider import AuthProvider
    from ..catalogue import Catalogue
    from ..cluster.cluster import Cluster
    from ..connection import ServerConnection
    from ..inputs.request_state import RequestStateSecurity
    from ..lifetime.shared_lifespan import SharedLifespan
    from ..limits import Limits
    from ..options import HttpDefaults
    from ..session_visibility import SessionVisibility
    from ..state.keeper import Keeper
    from ..subscriptions import Audience
    from ..tasks.server_tasks import ServerTasks
    from .application.manager import SessionManager


class HttpParts(Protocol):
    """What the application uses of what the server is made of."""

    oauth_storage: Any
    http_defaults: HttpDefaults
    newest_manager: SessionManager | None
    cluster: Cluster | None
    state_keeper: Keeper
    request_state_security: RequestStateSecurity

    @property
    def name(self) -> str: ...

    @property
    def version(self) -> str: ...

    @property
    def catalogue(self) -> Catalogue: ...

    @property
    def session_visibility(self) -> SessionVisibility: ...

    @property
    def audience(self) -> Audience: ...

    @property
    def tasks(self) -> ServerTasks: ...

    @property
    def all_routes(self) -> Sequence[BaseRoute]: ...

    @property
    def dispatcher(self) -> Dispatcher[Any]: ...

    async def mirrors_of(self, name: str, version: str | None, token: Any) -> Plan: ...


class HttpServable(Protocol):
    """A server, as the application around its endpoint sees it."""

    logger: logging.Logger
    auth: AuthProvider | None
    instructions: str | None
    limits: Limits | None

    @property
    def _parts(self) -> HttpParts: ...

    @property
    def name(self) -> str: ...

    @property
    def version(self) -> str: ...

    @property
    def server_info(self) -> dict[str, Any]: ...

    @property
    def lifespan(self) -> SharedLifespan: ...

    def connect(
        self, channel: Channel, transport: TransportName, id: str | None = None
    ) -> ServerConnection: ...
