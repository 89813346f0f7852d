"""Beneath: what a server offers, as if one of its transforms were not there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..providers.aggregate import AggregateProvider, ProviderErrorStrategy
from ..providers.base import Provider
from ..providers.guard import Guard
from ..providers.wrapped import WrappedProvider
from .transform import Transform


class Beneath(AggregateProvider):
    """Lists what `sources` do without `transform`, which is theirs or that of one of them. Changes
    are those of `sources`.
    """

    def __init__(self, sources: AggregateProvider, transform: Transform) -> None:
        self.provider_error_strategy: ProviderErrorStrategy = sources.provider_error_strategy
        self._sources = sources
        self._transform = transform
        self._seen: tuple[int, list[Guard]] = (-1, [])

    @property
    def _edition(self) -> int:  # type: ignore[override]
        return self._sources._edition

    @property
    def transforms(self) -> list[Transform]:
        return [each for each in self._sources.transforms if each is not self._transform]

    @property
    def _guards(self) -> list[Guard]:  # type: ignore[override]
        edition = self._edition
        if self._seen[0] != edition:
            self._seen = edition, [self._guard(guard) for guard in self._sources._guards]
        return self._seen[1]

    def _guard(self, guard: Guard) -> Guard:
        inner = _without(guard.provider, self._transform)
        return guard if inner is None else Guard(inner, self._sources)


class _Untransformed(Provider):
    """Offers what another provider does before all of its transforms."""

    def __init__(self, provider: Provider) -> None:
        super().__init__()
        self._provider = provider

    def __repr__(self) -> str:
        return repr(self._provider)

    async def _list_tools(self) -> Sequence[Any]:
        return await self._provider._list_tools()

    async def _list_resources(self) -> Sequence[Any]:
        return await self._provider._list_resources()

    async def _list_resource_templates(self) -> Sequence[Any]:
        return await self._provider._list_resource_templates()

    async def _list_prompts(self) -> Sequence[Any]:
        return await self._provider._list_prompts()


def _without(provider: Provider, transform: Transform) -> Provider | None:
    """The provider without a transform of it or of what it is made of; None when it has none."""
    inner: Provider | None = None
    if transform in provider.transforms:
        inner = _Untransformed(provider)
    elif isinstance(provider, WrappedProvider):
        inner = _without(provider.inner, transform)
    elif isinstance(provider, AggregateProvider):
        replaced = [_without(each, transform) for each in provider.providers]
        if any(replaced):
            kept = zip(replaced, provider.providers, strict=True)
            inner = AggregateProvider([new or old for new, old in kept])
    if inner is None:
        return None
    rebuilt = WrappedProvider(inner)
    for each in provider.transforms:
        if each is not transform:
            rebuilt.add_transform(each)
    return rebuilt
