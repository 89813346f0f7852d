"""FastMCPProvider: a server as a source of components, as `mount` uses it."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from fastmcp._components.versions import VersionSpec

from ..middleware.injected import InjectsTools, injected_tool
from .base import Provider
from .by_kind import ByKind
from .kinds import TOOLS, Kind
from .mounted import Home, mounted

if TYPE_CHECKING:
    from starlette.routing import BaseRoute

    from ..catalogue import View
    from ..server import FastMCP

ACTS = {
    "tools": "tools/call",
    "resources": "resources/read",
    "templates": "resources/read",
    "prompts": "prompts/get",
}


class FastMCPProvider(ByKind):
    """Offers what a server does, as it is now; its middleware stands around what is used of it, and
    its lifespan is open while the provider is in use.
    """

    def __init__(self, server: FastMCP) -> None:
        super().__init__()
        self.server = server
        self._home = Home(server, self)
        server._parts.sources.add_watcher(self)

    def __repr__(self) -> str:
        return f"FastMCPProvider({self.server.name!r})"

    @asynccontextmanager
    async def lifespan(self) -> AsyncGenerator[None]:
        async with self.server.lifespan.use():
            yield

    @property
    def _inner_servers(self) -> Sequence[object]:
        return (self.server, *self.server._parts.sources._inner_servers)

    @property
    def failures(self) -> Mapping[Provider, str]:
        return self.server.failures

    @property
    def completes(self) -> bool:
        return self.server._parts.completes

    @property
    def has_tasks(self) -> bool:
        return self.server._parts.tasks.offered

    @property
    def has_skills(self) -> bool:
        return self.server._parts.sources.has_skills

    @property
    def custom_routes(self) -> Sequence[BaseRoute]:
        return self.server._parts.all_routes

    def has_to_list(self, kind: Kind) -> bool:
        view = self._view(kind)
        listed_by_others = self.server._parts.surrounds(kind.method) or view.index.has_to_list
        return listed_by_others or super().has_to_list(kind)

    def _fixed(self, kind: Kind) -> Sequence[Any] | None:
        index = self._view(kind).index
        if index.has_to_ask or (kind is TOOLS and self._injects):
            return None
        return self._known_of(kind)

    def _known_of(self, kind: Kind) -> Sequence[Any]:
        versions = self._view(kind).index.versions
        every = [each for same in versions.values() for each in same]
        return self._all_mounted(kind, every)

    @property
    def _injects(self) -> bool:
        return any(isinstance(each, InjectsTools) for each in self.server.middleware)

    def _view(self, kind: Kind) -> View[Any]:
        return getattr(self.server._parts.catalogue, kind.name)

    def _all_mounted(self, kind: Kind, components: Sequence[Any]) -> list[Any]:
        surrounded = self.server._parts.surrounds(ACTS[kind.name])
        return [self._mounted(component, surrounded) for component in components]

    def _mounted(self, component: Any, surrounded: bool) -> Any:
        key = ("mounted", self, surrounded)
        home = self._home

        def mount(inner: Any) -> Any:
            return mounted(inner, home, surrounded)

        return component._make_derived(key, mount)

    async def _all(self, kind: Kind) -> Sequence[Any]:
        return self._all_mounted(kind, await getattr(self.server, kind.listing)())

    async def _one(self, kind: Kind, address: str, version: VersionSpec | None) -> Any:
        found = await getattr(self.server, kind.getter)(address, version)
        if found is None and kind is TOOLS:
            found = injected_tool(self.server, address)
        if found is None:
            return None
        return self._mounted(found, self.server._parts.surrounds(ACTS[kind.name]))
