"""ComponentTransform: what becomes of each component by itself, whoever asks for it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar, cast

from fastmcp._components.component import Component
from fastmcp._components.versions import VersionSpec

from ..providers.kinds import PROMPTS, RESOURCES, TEMPLATES, TOOLS, Kind, overrides
from .transform import (
    GetPromptNext,
    GetResourceNext,
    GetResourceTemplateNext,
    GetToolNext,
    Transform,
)

C = TypeVar("C", bound=Component)


class ComponentTransform(Transform):
    """Subclasses say what a component becomes, and under which name or URI it is to be sought.

    A server knows beforehand what such a transform makes of all that it offers, so that nothing has
    to be asked when a client calls.
    """

    def changed(self, kind: Kind, component: C) -> C | None:
        """The component as it is to be seen, a copy if it changes; None when it is not there."""
        return component

    def selected(self, version: VersionSpec | None) -> VersionSpec | None:
        """The versions that are to be sought."""
        return version

    def fixed(self, kind: Kind, items: Sequence[Any]) -> Sequence[Any] | None:
        if overrides(type(self), ComponentTransform, kind.listing, kind.getter):
            return None
        return self._all(kind, items)

    def _all(self, kind: Kind, items: Sequence[C]) -> list[C]:
        changed = (self.changed(kind, item) for item in items)
        return [item for item in changed if item is not None]

    async def _one(
        self, kind: Kind, address: str, call_next: Any, version: VersionSpec | None
    ) -> Any:
        inner = self.sought(kind, address)
        if inner is None:
            return None
        found = await call_next(inner, version=self.selected(version))
        changed = None if found is None else self.changed(kind, cast("Component", found))
        if changed is None or kind is TEMPLATES or changed._address == address:
            return changed
        return None  # what was there has another name now

    async def list_tools(self, tools: Sequence[Any]) -> Sequence[Any]:
        return self._all(TOOLS, tools)

    async def get_tool(
        self, name: str, call_next: GetToolNext, *, version: VersionSpec | None = None
    ) -> Any:
        return await self._one(TOOLS, name, call_next, version)

    async def list_resources(self, resources: Sequence[Any]) -> Sequence[Any]:
        return self._all(RESOURCES, resources)

    async def get_resource(
        self, uri: str, call_next: GetResourceNext, *, version: VersionSpec | None = None
    ) -> Any:
        return await self._one(RESOURCES, uri, call_next, version)

    async def list_resource_templates(self, templates: Sequence[Any]) -> Sequence[Any]:
        return self._all(TEMPLATES, templates)

    async def get_resource_template(
        self, uri: str, call_next: GetResourceTemplateNext, *, version: VersionSpec | None = None
    ) -> Any:
        return await self._one(TEMPLATES, uri, call_next, version)

    async def list_prompts(self, prompts: Sequence[Any]) -> Sequence[Any]:
        return self._all(PROMPTS, prompts)

    async def get_prompt(
        self, name: str, call_next: GetPromptNext, *, version: VersionSpec | None = None
    ) -> Any:
        return await self._one(PROMPTS, name, call_next, version)
