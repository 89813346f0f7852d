"""CatalogTransform: shows something else than what there is, and can still read that."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from fastmcp._components.app_config import is_model_visible

from ..providers.kinds import PROMPTS, RESOURCES, TEMPLATES, TOOLS, Kind, overrides
from ..providers.shelf import highest
from .transform import Transform

if TYPE_CHECKING:
    from fastmcp.prompts.base import Prompt
    from fastmcp.resources.base import Resource
    from fastmcp.resources.template import ResourceTemplate
    from fastmcp.tools.base import Tool

    from ..catalogue import Catalogue, View
    from ..context import Context

_HOOKS = {
    TOOLS: "transform_tools",
    RESOURCES: "transform_resources",
    TEMPLATES: "transform_resource_templates",
    PROMPTS: "transform_prompts",
}
# For so many sessions that see something of their own, what there is is kept ready.
_SESSIONS = 16


class CatalogTransform(Transform):
    """Override `transform_tools` and its like, in the place of `list_tools` and its like.

    What is listed without this transform, functions of tools get from `get_tool_catalog(ctx)`: as
    the client that calls them would see it, by its session, by the checks of the components, and
    through the middleware of lists.
    """

    def __init__(self) -> None:
        # What was last listed, and what of it is offered: mostly the same, and it may be long.
        self._last: tuple[Sequence[Tool], Sequence[Tool]] = ((), ())
        self._views: WeakKeyDictionary[Catalogue, dict[Kind, View[Any]]] = WeakKeyDictionary()

    def fixed(self, kind: Kind, items: Sequence[Any]) -> Sequence[Any] | None:
        changes = overrides(type(self), CatalogTransform, kind.listing, kind.getter, _HOOKS[kind])
        return None if changes else items

    # What is shown

    async def transform_tools(self, tools: Sequence[Tool]) -> Sequence[Tool]:
        """The tools to be listed in the place of those that there are."""
        return tools

    async def transform_resources(self, resources: Sequence[Resource]) -> Sequence[Resource]:
        """The resources to be listed in the place of those that there are."""
        return resources

    async def transform_resource_templates(
        self, templates: Sequence[ResourceTemplate]
    ) -> Sequence[ResourceTemplate]:
        """The templates to be listed in the place of those that there are."""
        return templates

    async def transform_prompts(self, prompts: Sequence[Prompt]) -> Sequence[Prompt]:
        """The prompts to be listed in the place of those that there are."""
        return prompts

    async def list_tools(self, tools: Sequence[Tool]) -> Sequence[Tool]:
        return await self.transform_tools(tools)

    async def list_resources(self, resources: Sequence[Resource]) -> Sequence[Resource]:
        return await self.transform_resources(resources)

    async def list_resource_templates(
        self, templates: Sequence[ResourceTemplate]
    ) -> Sequence[ResourceTemplate]:
        return await self.transform_resource_templates(templates)

    async def list_prompts(self, prompts: Sequence[Prompt]) -> Sequence[Prompt]:
        return await self.transform_prompts(prompts)

    # What there is

    async def get_tool_catalog(
        self, ctx: Context, *, run_middleware: bool = True
    ) -> Sequence[Tool]:
        """The tools that the caller may use, each in its highest version, without those that are
        meant for the interfaces of apps alone: what a model reads here no host has looked through.
        """
        listed = await self._read(ctx, TOOLS, run_middleware)
        before, offered = self._last
        if listed != before:
            offered = [tool for tool in _highest_of_each(listed) if is_model_visible(tool)]
            self._last = listed, offered
        return list(offered)

    async def get_resource_catalog(
        self, ctx: Context, *, run_middleware: bool = True
    ) -> Sequence[Resource]:
        """The resources that the caller may read, in all of their versions."""
        return await self._read(ctx, RESOURCES, run_middleware)

    async def get_resource_template_catalog(
        self, ctx: Context, *, run_middleware: bool = True
    ) -> Sequence[ResourceTemplate]:
        """The resource templates that the caller may use, in all of their versions."""
        return await self._read(ctx, TEMPLATES, run_middleware)

    async def get_prompt_catalog(
        self, ctx: Context, *, run_middleware: bool = True
    ) -> Sequence[Prompt]:
        """The prompts that the caller may use, in all of their versions."""
        return await self._read(ctx, PROMPTS, run_middleware)

    async def find_tool(self, ctx: Context, name: str) -> Tool | None:
        """The tool of that name, or `name@version`, if `get_tool_catalog` has it."""
        view = self._beneath(ctx, TOOLS)
        if view.index.has_to_list or self._narrows_the_list(ctx):
            tools = await self.get_tool_catalog(ctx)
            return next((tool for tool in tools if name in (tool.name, _versioned(tool))), None)
        from ..auth.authorization import permit

        found = await permit(view.find(name))
        return None if found is None or not is_model_visible(found) else found

    def _narrows_the_list(self, ctx: Context) -> bool:
        """Whether less may be in the catalog than can be found."""
        from ..middleware.chain import compile_chain
        from ..routes import HANDLERS

        handler, method = HANDLERS[TOOLS.method][0], TOOLS.method
        if overrides(type(self), CatalogTransform, "get_tool_catalog"):
            return True
        return compile_chain(ctx.fastmcp.middleware, method, handler) is not handler

    async def _read(self, ctx: Context, kind: Kind, run_middleware: bool) -> Sequence[Any]:
        """What there is, in all versions."""
        return await ctx.fastmcp._listed(kind.method, self._beneath(ctx, kind), run_middleware)

    def _beneath(self, ctx: Context, kind: Kind) -> View[Any]:
        """What the session sees beneath this transform."""
        catalogue = ctx.catalogue
        views = self._views.get(catalogue)
        if views is None:
            if len(self._views) >= _SESSIONS:
                self._views.clear()
            views = self._views[catalogue] = {}
        if kind not in views:
            from ..catalogue import View
            from .beneath import Beneath

            rules = getattr(catalogue, kind.name)._rules
            views[kind] = View(kind, Beneath(ctx.fastmcp._parts.sources, self), rules)
        return views[kind]


def _highest_of_each(tools: Sequence[Tool]) -> Sequence[Tool]:
    if len({tool.name for tool in tools}) == len(tools):
        return tools
    versions: dict[str, list[Tool]] = {}
    for tool in tools:
        versions.setdefault(tool.name, []).append(tool)
    return [best for same in versions.values() if (best := highest(same, None)) is not None]


def _versioned(tool: Tool) -> str | None:
    return None if tool.version is None else f"{tool.name}@{tool.version}"
