"""Components by decorators and calls, who of them is visible, and which a name means."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Self, TypeAlias, TypeVar, Unpack, overload

from fastmcp._components.component import Component, ComponentOptions
from fastmcp._components.versions import VersionSpec
from fastmcp.prompts.base import Prompt
from fastmcp.resources.base import Resource, ResourceOptions
from fastmcp.resources.security import ResourceSecurity
from fastmcp.resources.template import ResourceTemplate
from fastmcp.tools.base import Tool, ToolOptions
from fastmcp.wire.resource_names import canonical_uri

from .auth.authorization import permit, permitted
from .catalogue import Catalogue, View
from .providers.local import Feature, LocalProvider
from .providers.shelf import OnDuplicate
from .session_visibility import SessionVisibility
from .visibility import Criteria, Rule, rules

F = TypeVar("F", bound=Callable[..., Any])
C = TypeVar("C", bound=Component)
Selection: TypeAlias = VersionSpec | str | None


class ComponentHost:
    """Has components of its own, and rules for which of them are seen.

    `announce` hears which of the lists has changed, in the thread that changed it.
    """

    def __init__(
        self,
        on_duplicate: OnDuplicate,
        tool_defaults: ToolOptions,
        resource_security: ResourceSecurity | None,
        announce: Callable[[Feature], None],
    ) -> None:
        self.local_provider = LocalProvider(on_duplicate, tool_defaults)
        self.local_provider.on_change.append(announce)
        self._announce = announce
        self._rules: list[Rule] = []
        self.catalogue = Catalogue(self.local_provider, [self._rules], resource_security)
        self.session_visibility = SessionVisibility(
            lambda rules: Catalogue(self.local_provider, [self._rules, rules], resource_security)
        )

    # Declaring

    @overload
    def tool(self, name_or_fn: F, /, **options: Unpack[ToolOptions]) -> F: ...
    @overload
    def tool(
        self, name_or_fn: str | None = None, /, **options: Unpack[ToolOptions]
    ) -> Callable[[F], F]: ...
    def tool(self, name_or_fn: Any = None, /, **options: Unpack[ToolOptions]) -> Any:
        """Register a function as a tool: `@mcp.tool`, `@mcp.tool("name")`, `mcp.tool(fn)`."""
        return self.local_provider.tool(name_or_fn, **options)

    def resource(self, uri: str, **options: Unpack[ResourceOptions]) -> Callable[[F], F]:
        """Register a function as a resource, or as a template when the URI has parameters."""
        return self.local_provider.resource(uri, **options)

    @overload
    def prompt(self, name_or_fn: F, /, **options: Unpack[ComponentOptions]) -> F: ...
    @overload
    def prompt(
        self, name_or_fn: str | None = None, /, **options: Unpack[ComponentOptions]
    ) -> Callable[[F], F]: ...
    def prompt(self, name_or_fn: Any = None, /, **options: Unpack[ComponentOptions]) -> Any:
        """Register a function as a prompt: `@mcp.prompt`, `@mcp.prompt("name")`."""
        return self.local_provider.prompt(name_or_fn, **options)

    def add_tool(self, tool: Tool | Callable[..., Any]) -> Tool:
        """Add a tool, or a function to make one of."""
        return self.local_provider.add_tool(tool)

    def add_resource(
        self, resource: Resource | ResourceTemplate | Callable[..., Any]
    ) -> Resource | ResourceTemplate:
        """Add a resource, or a function that `@resource` has marked with its URI."""
        return self.local_provider.add_resource(resource)

    def add_template(self, template: ResourceTemplate) -> ResourceTemplate:
        """Add a resource template."""
        return self.local_provider.add_template(template)

    def add_prompt(self, prompt: Prompt | Callable[..., Any]) -> Prompt:
        """Add a prompt, or a function to make one of."""
        return self.local_provider.add_prompt(prompt)

    def remove_tool(self, name: str, version: str | None = None) -> None:
        """Remove a tool, or one version of it; NotFoundError when there is none."""
        self.local_provider.remove_tool(name, version)

    def enable(self, *, only: bool = False, **criteria: Unpack[Criteria]) -> Self:
        """Show components that fit all criteria; with `only`, and hide all others.

        The last rule that fits a component decides.
        """
        return self._rule(rules(True, only=only, **criteria))

    def disable(self, **criteria: Unpack[Criteria]) -> Self:
        """Hide components that fit all criteria: they are not listed and cannot be used."""
        return self._rule(rules(False, **criteria))

    def _rule(self, added: list[Rule]) -> Self:
        before = self.catalogue.shown()
        self._rules += added
        after = self.catalogue.shown()
        for feature in before:
            if before[feature] != after[feature]:
                self._announce(feature)
        return self

    # What is seen

    async def list_tools(self, *, run_middleware: bool = True) -> Sequence[Tool]:
        """Every visible version of every tool."""
        return await self._listed("tools/list", self.catalogue.tools, run_middleware)

    async def list_resources(self, *, run_middleware: bool = True) -> Sequence[Resource]:
        """Every visible version of every resource."""
        return await self._listed("resources/list", self.catalogue.resources, run_middleware)

    async def list_resource_templates(
        self, *, run_middleware: bool = True
    ) -> Sequence[ResourceTemplate]:
        """Every visible version of every resource template."""
        return await self._listed(
            "resources/templates/list", self.catalogue.templates, run_middleware
        )

    async def list_prompts(self, *, run_middleware: bool = True) -> Sequence[Prompt]:
        """Every visible version of every prompt."""
        return await self._listed("prompts/list", self.catalogue.prompts, run_middleware)

    async def _listed(self, method: str, view: View[C], run_middleware: bool) -> Sequence[C]:
        return await permitted(view.all())

    async def get_tool(self, name: str, version: Selection = None) -> Tool | None:
        """The tool of that name, in its highest version that is selected and visible; else None."""
        return await permit(self.catalogue.tools.find(name, version))

    async def get_resource(self, uri: str, version: Selection = None) -> Resource | None:
        """The resource of that URI, chosen as in `get_tool`."""
        return await permit(self.catalogue.resources.find(canonical_uri(uri), version))

    async def get_resource_template(
        self, uri: str, version: Selection = None
    ) -> ResourceTemplate | None:
        """The template that matches a URI, chosen as in `get_tool`."""
        found = self.catalogue.match(canonical_uri(uri), version)
        return None if found is None else await permit(found[0])

    async def get_prompt(self, name: str, version: Selection = None) -> Prompt | None:
        """The prompt of that name, chosen as in `get_tool`."""
        return await permit(self.catalogue.prompts.find(name, version))
