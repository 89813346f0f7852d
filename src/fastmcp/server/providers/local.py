"""LocalProvider: the components registered in this process, and the decorators that do it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar, Unpack, cast, overload

from fastmcp._components.component import Component, ComponentOptions
from fastmcp._components.marks import Mark, decorate, marked_options, marks_of, require_options
from fastmcp._components.versions import VersionSpec
from fastmcp.exceptions import ConfigurationError, NotFoundError
from fastmcp.prompts.base import Prompt
from fastmcp.resources.base import Resource, ResourceOptions
from fastmcp.resources.template import ResourceTemplate
from fastmcp.resources.uri.naming import is_template, uri_text
from fastmcp.tools.base import Tool, ToolOptions
from fastmcp.wire.resource_names import canonical_uri

from .base import Provider
from .kinds import Feature as Feature
from .kinds import Kind, overrides
from .shelf import OnDuplicate, Shelf, highest

F = TypeVar("F", bound=Callable[..., Any])
C = TypeVar("C", bound=Component)


class LocalProvider(Provider):
    """Components by name or URI. `tool_defaults` are options of every tool made here of a
    function.
    """

    def __init__(
        self, on_duplicate: OnDuplicate = "error", tool_defaults: ToolOptions | None = None
    ) -> None:
        if on_duplicate not in ("warn", "error", "replace", "ignore"):
            raise ConfigurationError(
                f"on_duplicate={on_duplicate!r}: use 'warn', 'error', 'replace' or 'ignore'"
            )
        super().__init__()
        self._tool_defaults: ToolOptions = tool_defaults or {}
        self.tools: Shelf[Tool] = Shelf(on_duplicate, lambda: self.changed("tools"))
        self.resources: Shelf[Resource] = Shelf(on_duplicate, lambda: self.changed("resources"))
        self.templates: Shelf[ResourceTemplate] = Shelf(
            on_duplicate, lambda: self.changed("resources")
        )
        self.prompts: Shelf[Prompt] = Shelf(on_duplicate, lambda: self.changed("prompts"))

    # Decorators

    @overload
    def tool(self, name_or_fn: F, /, **options: Unpack[ToolOptions]) -> F: ...
    @overload
    def tool(
        self, name_or_fn: str | None = None, /, **options: Unpack[ToolOptions]
    ) -> Callable[[F], F]: ...
    def tool(self, name_or_fn: Any = None, /, **options: Unpack[ToolOptions]) -> Any:
        """Register a function as a tool; it is returned as it was."""

        def act(fn: Any, given: dict[str, Any]) -> None:
            self.add_tool(self._make_tool(fn, given))

        return decorate(name_or_fn, options, "tool", ToolOptions, act)

    def resource(self, uri: str, **options: Unpack[ResourceOptions]) -> Callable[[F], F]:
        """Register a function as a resource, or as a template when the URI has parameters."""
        text, given = uri_text(uri), require_options(options, ResourceOptions, "resource")

        def register(fn: Any) -> Any:
            self._add_marked(Mark("resource", given, text), fn)
            return fn

        return register

    @overload
    def prompt(self, name_or_fn: F, /, **options: Unpack[ComponentOptions]) -> F: ...
    @overload
    def prompt(
        self, name_or_fn: str | None = None, /, **options: Unpack[ComponentOptions]
    ) -> Callable[[F], F]: ...
    def prompt(self, name_or_fn: Any = None, /, **options: Unpack[ComponentOptions]) -> Any:
        """Register a function as a prompt; it is returned as it was."""

        def act(fn: Any, given: dict[str, Any]) -> None:
            self.add_prompt(Prompt.from_function(fn, **cast("Any", given)))

        return decorate(name_or_fn, options, "prompt", ComponentOptions, act)

    # Adding and removing

    @property
    def has_tasks(self) -> bool:
        shelves = (self.tools, self.resources, self.templates, self.prompts)
        return any(shelf.has_tasks for shelf in shelves)

    def add_tool(self, tool: Tool | Callable[..., Any]) -> Tool:
        """Add a tool, or a function to make one of, as its `@tool` says."""
        return self.tools.add(tool if isinstance(tool, Tool) else self._make_tool(tool, {}))

    def add_resource(
        self, resource: Resource | ResourceTemplate | Callable[..., Any]
    ) -> Resource | ResourceTemplate:
        """Add a resource, a template, or a function that `@resource` has marked with its URI."""
        if isinstance(resource, Resource):
            return self.resources.add(resource)
        if isinstance(resource, ResourceTemplate):
            return self.templates.add(resource)
        marks = marks_of(resource, "resource")
        if not marks:
            raise TypeError(
                f"add_resource() got {resource!r}, whose URI nothing tells; decorate it with "
                '@resource("scheme://path"), or use mcp.resource("scheme://path")(function)'
            )
        return [self._add_marked(each, resource) for each in marks][-1]

    def add_template(self, template: ResourceTemplate) -> ResourceTemplate:
        """Add a resource template."""
        return self.templates.add(template)

    def add_prompt(self, prompt: Prompt | Callable[..., Any]) -> Prompt:
        """Add a prompt, or a function to make one of, as its `@prompt` says."""
        if not isinstance(prompt, Prompt):
            prompt = Prompt.from_function(prompt)
        return self.prompts.add(prompt)

    def add(self, component: Component) -> Component:
        """Add a component of any kind."""
        if isinstance(component, Tool):
            return self.add_tool(component)
        if isinstance(component, Prompt):
            return self.add_prompt(component)
        return self.add_resource(cast("Resource | ResourceTemplate", component))

    def remove_tool(self, name: str, version: str | None = None) -> None:
        """Remove a tool, or one version of it; NotFoundError when there is none."""
        self._remove(self.tools, name, version, "tool")

    def remove_resource(self, uri: str, version: str | None = None) -> None:
        """Remove a resource, or one version of it; NotFoundError when there is none."""
        self._remove(self.resources, canonical_uri(uri), version, "resource")

    def remove_template(self, uri_template: str, version: str | None = None) -> None:
        """Remove a template, or one version of it; NotFoundError when there is none."""
        self._remove(self.templates, canonical_uri(uri_template), version, "resource template")

    def remove_prompt(self, name: str, version: str | None = None) -> None:
        """Remove a prompt, or one version of it; NotFoundError when there is none."""
        self._remove(self.prompts, name, version, "prompt")

    # As a provider

    def _fixed(self, kind: Kind) -> Sequence[Any] | None:
        names = (kind.listing, kind.getter, f"_{kind.listing}", f"_{kind.getter}")
        return None if overrides(type(self), LocalProvider, *names) else self._shelf(kind)

    def _shelf(self, kind: Kind) -> list[Any]:
        shelves = {
            "tools": self.tools,
            "resources": self.resources,
            "templates": self.templates,
            "prompts": self.prompts,
        }
        return list(shelves[kind.name])

    async def _list_tools(self) -> Sequence[Tool]:
        return list(self.tools)

    async def _list_resources(self) -> Sequence[Resource]:
        return list(self.resources)

    async def _list_resource_templates(self) -> Sequence[ResourceTemplate]:
        return list(self.templates)

    async def _list_prompts(self) -> Sequence[Prompt]:
        return list(self.prompts)

    async def _get_tool(self, name: str, version: VersionSpec | None = None) -> Tool | None:
        return highest(self.tools.versions(name), version)

    async def _get_resource(self, uri: str, version: VersionSpec | None = None) -> Resource | None:
        return highest(self.resources.versions(canonical_uri(uri)), version)

    async def _get_prompt(self, name: str, version: VersionSpec | None = None) -> Prompt | None:
        return highest(self.prompts.versions(name), version)

    def _make_tool(self, fn: Any, given: dict[str, Any]) -> Tool:
        options: Any = {**self._tool_defaults, **marked_options(fn, "tool", given)}
        return Tool.from_function(fn, **options)

    def _add_marked(self, mark: Mark, fn: Any) -> Resource | ResourceTemplate:
        assert mark.uri is not None
        uri, options = mark.uri, cast("Any", mark.options)
        if is_template(uri):
            return self.templates.add(ResourceTemplate.from_function(fn, uri, **options))
        return self.resources.add(Resource.from_function(fn, uri, **options))

    def _remove(self, shelf: Shelf[Any], address: str, version: str | None, kind: str) -> None:
        if not shelf.remove(address, version):
            raise NotFoundError(f"Unknown {kind}: {address!r}")
