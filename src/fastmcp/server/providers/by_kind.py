"""ByKind: a provider that does the same for components of every kind."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fastmcp._components.versions import VersionSpec

from .base import Provider
from .kinds import PROMPTS, RESOURCES, TEMPLATES, TOOLS, Kind


class ByKind(Provider):
    """Subclasses say what there is of a kind, and what there is of a name or URI."""

    async def _all(self, kind: Kind) -> Sequence[Any]:
        """Every version of everything of a kind."""
        raise NotImplementedError(f"{type(self).__name__} must implement _all()")

    async def _one(self, kind: Kind, address: str, version: VersionSpec | None) -> Any:
        """What is at a name or URI, in its highest version that is selected; None for nothing."""
        raise NotImplementedError(f"{type(self).__name__} must implement _one()")

    async def _list_tools(self) -> Sequence[Any]:
        return await self._all(TOOLS)

    async def _list_resources(self) -> Sequence[Any]:
        return await self._all(RESOURCES)

    async def _list_resource_templates(self) -> Sequence[Any]:
        return await self._all(TEMPLATES)

    async def _list_prompts(self) -> Sequence[Any]:
        return await self._all(PROMPTS)

    async def _get_tool(self, name: str, version: VersionSpec | None = None) -> Any:
        return await self._one(TOOLS, name, version)

    async def _get_resource(self, uri: str, version: VersionSpec | None = None) -> Any:
        return await self._one(RESOURCES, uri, version)

    async def _get_resource_template(self, uri: str, version: VersionSpec | None = None) -> Any:
        return await self._one(TEMPLATES, uri, version)

    async def _get_prompt(self, name: str, version: VersionSpec | None = None) -> Any:
        return await self._one(PROMPTS, name, version)
