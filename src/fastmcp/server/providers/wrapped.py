"""WrappedProvider: a provider with transforms of its own around another."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from fastmcp._components.versions import VersionSpec

from .base import Provider
from .by_kind import ByKind
from .kinds import Kind

if TYPE_CHECKING:
    from starlette.routing import BaseRoute


class WrappedProvider(ByKind):
    """Offers what another does, changed."""

    def __init__(self, inner: Provider) -> None:
        super().__init__()
        self.inner = inner
        inner.add_watcher(self)

    def __repr__(self) -> str:
        return repr(self.inner)

    @asynccontextmanager
    async def lifespan(self) -> AsyncGenerator[None]:
        async with self.inner.lifespan():
            yield

    def _fixed(self, kind: Kind) -> Sequence[Any] | None:
        return self.inner._all_fixed(kind)

    def _known_of(self, kind: Kind) -> Sequence[Any]:
        return self.inner._all_known(kind)

    def has_to_list(self, kind: Kind) -> bool:
        return self.inner.has_to_list(kind) or super().has_to_list(kind)

    def may_have(self, kind: Kind, address: str) -> bool:
        inner = self.address_within(kind, address)
        return inner is not None and self.inner.may_have(kind, inner)

    @property
    def failures(self) -> Mapping[Provider, str]:
        return self.inner.failures

    @property
    def completes(self) -> bool:
        return self.inner.completes

    @property
    def has_tasks(self) -> bool:
        return self.inner.has_tasks

    @property
    def has_skills(self) -> bool:
        return self.inner.has_skills

    @property
    def _inner_servers(self) -> Sequence[object]:
        return self.inner._inner_servers

    @property
    def custom_routes(self) -> Sequence[BaseRoute]:
        return self.inner.custom_routes

    async def _all(self, kind: Kind) -> Sequence[Any]:
        return await getattr(self.inner, kind.listing)()

    async def _one(self, kind: Kind, address: str, version: VersionSpec | None) -> Any:
        return await getattr(self.inner, kind.getter)(address, version)
