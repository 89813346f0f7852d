"""AggregateProvider: several providers as one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING, Any

from fastmcp._components.component import Component
from fastmcp._components.versions import VersionSpec
from fastmcp.exceptions import ConfigurationError, NotFoundError

from .base import Provider
from .by_kind import ByKind
from .guard import GRACE, PATIENCE, Guard, ProviderErrorStrategy
from .kinds import FEATURES, Kind
from .shelf import highest

if TYPE_CHECKING:
    from starlette.routing import BaseRoute


class AggregateProvider(ByKind):
    """Offers what its providers do: of the same version of the same name, that of the first one
    that has it.

    With `provider_error_strategy="warn"` what fails is left out and told of in the log; with
    `"raise"` the first failure is the failure of the whole.
    """

    def __init__(
        self,
        providers: Sequence[Any] | None = None,
        *,
        provider_error_strategy: ProviderErrorStrategy = "warn",
    ) -> None:
        super().__init__()
        self.opener: Callable[[Provider], Awaitable[None]] | None = None
        if provider_error_strategy not in ("warn", "raise"):
            raise ConfigurationError(
                f"provider_error_strategy={provider_error_strategy!r}: use 'warn' or 'raise'"
            )
        self.provider_error_strategy: ProviderErrorStrategy = provider_error_strategy
        self._guards: list[Guard] = []
        for each in providers or ():
            self.add_provider(each)

    @property
    def providers(self) -> list[Provider]:
        """The providers, in the order in which they are asked."""
        return [guard.provider for guard in self._guards]

    @property
    def failures(self) -> Mapping[Provider, str]:
        own = {g.provider: g.failure for g in self._guards if g.failure is not None}
        inner = [each for provider in self.providers for each in provider.failures.items()]
        return {**own, **dict(inner)}

    def add_provider(self, provider: Any, *, namespace: str = "") -> Provider:
        """Offer also what another provider does, or a server, its names in a namespace if one is
        given. What was added is returned.

        Raises:
            ConfigurationError: it is no provider, or one that this one is part of.
        """
        added = as_provider(provider).within(namespace)
        added.add_watcher(self)
        self._guards.append(Guard(added, self))
        self.changed(*FEATURES)
        return added

    def remove_provider(self, provider: Provider) -> None:
        """No longer offer what was added, which is what `add_provider` returned.

        Raises:
            NotFoundError: it is not there.
        """
        left = [guard for guard in self._guards if guard.provider is not provider]
        if len(left) == len(self._guards):
            raise NotFoundError(f"{provider!r} is not among the providers")
        self._guards = left
        provider.remove_watcher(self)
        self.changed(*FEATURES)

    async def open(self, provider: Provider) -> None:
        """Have the lifespan be open of a provider that was added while the server runs."""
        if self.opener is not None:
            await self.opener(provider)

    def stop_asking(self) -> None:
        """Nobody is left who waits for what is still being listed in this loop."""
        for guard in self._guards:
            guard.stop()

    @asynccontextmanager
    async def lifespan(self) -> AsyncGenerator[None]:
        async with AsyncExitStack() as stack:
            for provider in self.providers:
                await stack.enter_async_context(provider.lifespan())
            stack.callback(self.stop_asking)
            yield

    @property
    def completes(self) -> bool:
        return any(provider.completes for provider in self.providers)

    @property
    def has_tasks(self) -> bool:
        return any(provider.has_tasks for provider in self.providers)

    @property
    def has_skills(self) -> bool:
        return any(provider.has_skills for provider in self.providers)

    @property
    def _inner_servers(self) -> Sequence[object]:
        return [server for provider in self.providers for server in provider._inner_servers]

    @property
    def custom_routes(self) -> Sequence[BaseRoute]:
        return [route for provider in self.providers for route in provider.custom_routes]

    # What is known without asking

    def _known_of(self, kind: Kind) -> Sequence[Any]:
        return merged(provider._all_known(kind) for provider in self.providers)

    def _fixed(self, kind: Kind) -> Sequence[Any] | None:
        lists = [provider._all_fixed(kind) for provider in self.providers]
        return None if None in lists else merged(items for items in lists if items is not None)

    def has_to_list(self, kind: Kind) -> bool:
        return super().has_to_list(kind) or any(
            provider.has_to_list(kind) for provider in self.providers
        )

    # What has to be asked for

    async def _all(self, kind: Kind) -> Sequence[Any]:
        offering = [each for each in self._guards if each.may_offer(kind)]
        patience = PATIENCE if len(offering) < 2 else GRACE
        lists = await asyncio.gather(*(guard.list(kind, patience) for guard in self._guards))
        return merged(lists)

    async def _one(self, kind: Kind, address: str, version: VersionSpec | None) -> Any:
        asked = [guard for guard in self._guards if guard.provider.may_have(kind, address)]
        if len(asked) < 2:
            return await asked[0].get(kind, address, version) if asked else None
        tasks = [asyncio.ensure_future(each.get(kind, address, version)) for each in asked]
        try:
            await asyncio.wait(tasks, timeout=GRACE)
            if not any(task.done() and task.result() is not None for task in tasks):
                await asyncio.wait(tasks)
            found = [task.result() for task in tasks if task.done()]
        finally:
            for task in tasks:
                task.add_done_callback(_ended)
                task.cancel()
        return highest([component for component in found if component is not None], None)


def _ended(task: asyncio.Future[Any]) -> None:
    """Another task has told of its failure, or of the same."""
    if not task.cancelled():
        task.exception()


def as_provider(given: Any) -> Provider:
    """A provider, or that of a server.

    Raises:
        ConfigurationError: it is neither.
    """
    if isinstance(given, Provider):
        return given
    make = getattr(given, "as_provider", None)
    if make is None or isinstance(given, type):
        raise ConfigurationError(
            f"{given!r} is no provider: add an instance of a subclass of Provider, or a server"
        )
    return make()


def merged(lists: Iterable[Sequence[Component]]) -> list[Component]:
    """All components, the first of those with the same name and version."""
    found: dict[tuple[str, str | None], Component] = {}
    for items in lists:
        for component in items:
            found.setdefault((component._address, component.version), component)
    return list(found.values())
