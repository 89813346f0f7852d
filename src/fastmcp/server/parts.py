"""ServerParts: what a server is made of, behind its methods."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from fastmcp._components.current import current_scope
from fastmcp._protocol.mirroring import Plan
from fastmcp._runtime.dispatch import Dispatcher, Handler, Hints
from fastmcp.resources.security import ResourceSecurity
from fastmcp.wire.lifecycle import ServerCapabilities
from fastmcp.wire.revisions import Revision

from .auth.authorization import may_use
from .capabilities import capabilities
from .catalogue import Catalogue
from .chains import Chains
from .cluster import cluster_of
from .completions import Completers
from .context import Context
from .identity import Identity
from .inputs.request_state import RequestStateSecurity
from .limits import Limits
from .middleware.chain import Member
from .middleware.session_middleware import SessionMiddleware
from .observing import Observing
from .options import HttpDefaults, SamplingFallback
from .providers.aggregate import AggregateProvider
from .providers.kinds import Feature
from .session_visibility import SessionVisibility
from .state.keeper import AnyStore, Keeper, keeper_of
from .subscriptions import Audience, Change
from .tasks.server_tasks import ServerTasks

if TYPE_CHECKING:
    from starlette.routing import BaseRoute

    from .http.application.manager import SessionManager
    from .server import FastMCP


class ServerParts:
    """What the modules of this package use of a server, and its users do not: it is reached by
    `server._parts`, and changes without notice.
    """

    def __init__(
        self,
        server: FastMCP,
        identity: Identity,
        sources: AggregateProvider,
        *,
        resource_security: ResourceSecurity | None,
        limits: Limits | None,
        middleware: Sequence[Member] | None,
        tasks: ServerTasks,
        hints: Hints,
        masks_errors: bool,
        experimental_capabilities: Mapping[str, Any],
        request_state_security: RequestStateSecurity | None,
        sampling_fallback: SamplingFallback,
        http_defaults: HttpDefaults,
        session_state_store: AnyStore | None,
    ) -> None:
        self._server = server
        self.identity: Final = identity
        self.sources: Final = sources
        sources.add_watcher(self)
        self.completers: Final = Completers()
        self.custom_routes: list[BaseRoute] = []
        self.catalogue: Final = Catalogue(sources, (), resource_security)
        self.session_visibility: Final = SessionVisibility(
            lambda rules: Catalogue(sources, rules, resource_security)
        )
        self.tasks: Final = tasks
        self._hints = hints
        self.masks_errors: Final = masks_errors
        self._experimental = experimental_capabilities
        self.sampling_fallback: Final = sampling_fallback
        self.http_defaults: HttpDefaults = http_defaults
        self.request_state_security: RequestStateSecurity = RequestStateSecurity.of(
            request_state_security
        )
        self.oauth_storage: Any = None
        self.observing: Final = Observing(self)
        self._dispatcher: Dispatcher[Context] | None = None
        self.session_middleware: Final = SessionMiddleware()
        around = server.lifespan.around_requests
        self._chains = Chains(around, limits, middleware, self.session_middleware)
        self.newest_manager: SessionManager | None = None
        self.audience: Final = Audience()
        self.cluster: Final = cluster_of(self, http_defaults.session_store)
        self.state_keeper: Keeper = keeper_of(session_state_store)
        if self.cluster is not None and session_state_store is None:
            self.state_keeper = self.cluster.keeper

    @property
    def name(self) -> str:
        return self.identity.info["name"]

    @property
    def version(self) -> str:
        return self.identity.info["version"]

    # What is offered

    @property
    def completes(self) -> bool:
        """Whether any argument of a prompt or a template can be completed."""
        return bool(self.completers) or self.catalogue.has_choices() or self.sources.completes

    @property
    def all_routes(self) -> Sequence[BaseRoute]:
        """The HTTP routes of this server, and of those that are mounted on it."""
        return [*self.custom_routes, *self.sources.custom_routes]

    def capabilities(self, *, connected: bool, revision: Revision) -> ServerCapabilities:
        """What the server offers to a client; only a connected one can be told of changes."""
        return capabilities(
            connected=connected,
            revision=revision,
            experimental=self._experimental,
            completes=self.completes,
            tasks=self.tasks.offered,
            skills=self.sources.has_skills,
        )

    async def mirrors_of(self, name: str, version: str | None, token: Any) -> Plan:
        """Which arguments of a tool its callers repeat in HTTP headers; none of one that somebody
        with this token may not know of.
        """
        tool = self.catalogue.tools.find(name, version)
        if tool is None or not tool._mirrors:
            return ()
        return tool._mirrors if tool.auth is None or await may_use(tool, token) else ()

    def heard_of_change(self, features: Sequence[Feature]) -> None:
        """A source has changed."""
        for feature in features:
            self.audience.tell(Change(feature))

    def heard_of_update(self, uri: str) -> None:
        """What is at a URI has changed."""
        self.audience.tell(Change("contents", uri))

    # Dispatch

    @property
    def middleware(self) -> Sequence[Member]:
        """The middleware of the user's, outermost first."""
        return tuple(self._chains.own)

    def add_middleware(self, middleware: Member) -> None:
        """Add middleware inside of what is there, for every request from the next one on."""
        self._chains.add(middleware)
        self.sources.changed()
        if self._dispatcher is not None:
            chains = self._chains.compiled
            self._dispatcher.replace(chains.routes, chains.refused, chains.notified)

    def surrounds(self, method: str) -> bool:
        """Whether any middleware stands around a method."""
        return self._chains.surround(method)

    def chain(self, method: str) -> Handler[Context]:
        """What serves a method: the middleware, and its handler inside."""
        return self._chains.compiled.by_method[method]

    @property
    def dispatcher(self) -> Dispatcher[Context]:
        """Where every request of every transport arrives."""
        if self._dispatcher is None:
            server, chains = self._server, self._chains.compiled
            self._dispatcher = Dispatcher(
                chains.routes,
                lambda exchange: Context(server, exchange),
                current_scope,
                self._hints,
                masked=self.masks_errors,
                refused=chains.refused,
                notified=chains.notified,
            )
            self.observing.look()
        return self._dispatcher
