"""BalancedProvider: several backends as one source of components."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING, Any

from fastmcp._components.versions import VersionSpec
from fastmcp.exceptions import ConfigurationError
from fastmcp.server.providers.base import first_matching
from fastmcp.server.providers.by_kind import ByKind
from fastmcp.server.providers.kinds import (
    FEATURES,
    RESOURCES,
    TEMPLATES,
    Feature,
    Kind,
)
from fastmcp.server.providers.shelf import highest
from fastmcp.wire.resource_names import canonical_uri

from .backend import Backend, add_backend, backends_of
from .balancer import Balancer
from .checks import Checks
from .components import balanced
from .health import Health, HealthPolicy
from .offers import Offers
from .strategies import Strategy, strategy_of

if TYPE_CHECKING:
    from starlette.routing import BaseRoute


class BalancedProvider(ByKind):
    """Offers what any of its backends has, and sends each use of it to one that has it."""

    def __init__(
        self,
        backends: Any = None,
        *,
        name: str = "proxy",
        strategy: Strategy | str = "round_robin",
        health: HealthPolicy | None = None,
    ) -> None:
        super().__init__()
        self.health: HealthPolicy = health or HealthPolicy()
        self._backends: list[Backend] = []
        self._balancer = Balancer(name, strategy_of(strategy))
        self._offers = Offers(self._backends, self._balancer)
        self._checks = Checks(self._balancer)
        self._balancer.doubted = self._checks.hurry
        self._balancer.recovered = self._recovered
        self._offers.grown = self._grown
        for backend in backends_of(backends):
            self.add_backend(backend)

    def __repr__(self) -> str:
        return f"BalancedProvider({', '.join(each.name for each in self._backends)})"

    # The backends

    @property
    def backends(self) -> tuple[Backend, ...]:
        """The backends, with what is known of each."""
        return tuple(self._backends)

    def add_backend(self, target: Any, name: str | None = None) -> Backend:
        """One more backend, from now on.

        Raises:
            ConfigurationError: it cannot be reached in any way, or there is one of that name.
        """
        added = add_backend(self._backends, target, name)
        added.health = Health(self.health)
        added.provider.add_watcher(self)
        self._checks.add(added)
        self._renewed()
        return added

    def remove_backend(self, name: str) -> Backend:
        """Send nothing more to a backend; what is under way there is waited for by its callers.

        Raises:
            ConfigurationError: there is none of that name.
        """
        for backend in self._backends:
            if backend.name == name:
                self._backends.remove(backend)
                self._checks.remove(backend)
                self._renewed()
                return backend
        known = ", ".join(each.name for each in self._backends) or "none"
        raise ConfigurationError(f"There is no backend {name!r}; there are: {known}")

    def _renewed(self) -> None:
        self._offers.forget()
        self.changed(*FEATURES)

    def _recovered(self, backend: Backend) -> None:
        self._offers.forget()  # it may have been replaced by another version of itself

    def _grown(self, kind: Kind) -> None:
        self.changed(kind.feature)

    def heard_of_change(self, features: Sequence[Feature]) -> None:
        self._offers.forget()
        super().heard_of_change(features)

    @asynccontextmanager
    async def lifespan(self) -> AsyncGenerator[None]:
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(self._checks.running(self._backends))
            yield

    @property
    def completes(self) -> bool:
        return any(each.provider.completes for each in self._backends)

    @property
    def has_tasks(self) -> bool:
        return any(each.provider.has_tasks for each in self._backends)

    @property
    def _inner_servers(self) -> Sequence[object]:
        return [server for each in self._backends for server in each.provider._inner_servers]

    @property
    def custom_routes(self) -> Sequence[BaseRoute]:
        return [route for each in self._backends for route in each.provider.custom_routes]

    # What they offer

    def _fixed(self, kind: Kind) -> Sequence[Any] | None:
        lists = {each: each.provider._all_fixed(kind) for each in self._backends}
        known = {backend: items for backend, items in lists.items() if items is not None}
        return balanced(known, self._balancer) if len(known) == len(lists) else None

    async def _all(self, kind: Kind) -> Sequence[Any]:
        fixed = self._all_fixed(kind)
        return (await self._offers.of(kind)).items if fixed is None else fixed

    async def _one(self, kind: Kind, address: str, version: VersionSpec | None) -> Any:
        if kind in (RESOURCES, TEMPLATES):
            address = canonical_uri(address)
        offer = await self._offers.of(kind)
        if kind is TEMPLATES:
            found = first_matching(offer.items, address, version)
        else:
            found = highest(offer.by_address.get(address, []), version)
        return await self._asked_for(kind, address, version) if found is None else found

    async def _asked_for(self, kind: Kind, address: str, version: VersionSpec | None) -> Any:
        """What is not in the lists may be new."""
        found: dict[Backend, Sequence[Any]] = {}
        for backend in self._backends:
            if backend.health.good:
                one = await getattr(backend.provider, kind.getter)(address, version)
                found[backend] = () if one is None else (one,)
        return highest(balanced(found, self._balancer), None)
