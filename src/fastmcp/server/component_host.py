"""Components by decorators and calls, who of them is visible, and which a name means."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, Self, TypeAlias, TypeVar, Unpack, overload

from fastmcp._components.component import Component, ComponentOptions
from fastmcp._components.versions import VersionSpec
from fastmcp.exceptions import ConfigurationError, FastMCPDeprecationWarning
from fastmcp.prompts.base import Prompt
from fastmcp.resources.base import Resource, ResourceOptions
from fastmcp.resources.template import ResourceTemplate
from fastmcp.tools.base import Tool, ToolOptions, require_awaited
from fastmcp.tools.tool_transform import ToolTransformConfig
from fastmcp.wire.resource_names import canonical_uri

from .auth.authorization import permit, permitted
from .catalogue import Catalogue, View
from .context import Context
from .options import listed
from .parts import ServerParts
from .providers.aggregate import as_provider
from .providers.base import Provider
from .providers.kinds import FEATURES, KINDS, Feature
from .providers.local import LocalProvider
from .transforms.added_tools import require_apart
from .transforms.namespace import Namespace
from .transforms.tool_transform import ToolTransform
from .transforms.transform import Transform
from .transforms.visibility import visibilities
from .visibility import Criteria

F = TypeVar("F", bound=Callable[..., Any])
C = TypeVar("C", bound=Component)
Selection: TypeAlias = VersionSpec | str | None

# What FastMCP 2 called them.
_EARLIER = {
    "get_tools": "list_tools",
    "get_resources": "list_resources",
    "get_resource_templates": "list_resource_templates",
    "get_prompts": "list_prompts",
}


class ComponentHost:
    """Has components of its own and of providers, and transforms of all of them."""

    def __init__(self, local_provider: LocalProvider, parts: ServerParts) -> None:
        self.local_provider: Final = local_provider
        self._parts: Final = parts

    def _take(self, tools: Any, providers: Any, transforms: Any) -> None:
        """What the constructor was given."""
        for tool in listed("tools", tools):
            self.add_tool(tool)
        for provider in listed("providers", providers):
            self.add_provider(provider)
        for transform in listed("transforms", transforms):
            self.add_transform(transform)

    if not TYPE_CHECKING:  # checkers shall know which attributes there are

        def __getattr__(self, name: str) -> Any:
            now = _EARLIER.get(name)
            hint = "" if now is None else f"; it is {now}() now, which gives a list"
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}{hint}")

    # Composing

    @property
    def providers(self) -> list[Provider]:
        """Where the components come from, the server's own first."""
        return self._parts.sources.providers

    @property
    def failures(self) -> Mapping[Provider, str]:
        """The providers that fail now, here and on mounted servers, and how. What such a one listed
        last is still offered; the log has told of it.
        """
        return self._parts.sources.failures

    def add_provider(self, provider: Any, *, namespace: str = "") -> Provider:
        """Offer also what a provider does, or a server, its names in a namespace if one is given.

        Raises:
            ConfigurationError: it is no provider, or the namespace no part of a name.
        """
        added = as_provider(provider)
        if self in added._inner_servers:
            raise ConfigurationError(
                f"{added!r} cannot be added to {self!r}, which is a part of it"
            )
        return self._parts.sources.add_provider(added, namespace=namespace)

    def remove_provider(self, provider: Provider) -> None:
        """No longer offer what was added, by what `add_provider` or `mount` returned.

        Raises:
            NotFoundError: it is not there.
        """
        self._parts.sources.remove_provider(provider)

    def mount(
        self,
        server: Any,
        namespace: Any = None,
        tool_names: Mapping[str, str] | bool | None = None,
        *,
        prefix: str | None = None,
        as_proxy: bool | None = None,
    ) -> Provider:
        """Offer what another server does, as it is at any time, with its middleware around it.

        In a `namespace` (earlier `prefix`) a tool or prompt is called `namespace_name`, and what
        has a URI is at `scheme://namespace/path`. `tool_names` gives tools other names, which the
        namespace is put before, too. With `as_proxy`, which earlier stood third, the server is
        reached as by a client.

        Raises:
            ConfigurationError: it is no server, or this one is mounted on it.
        """
        child, namespace = _in_order(server, namespace)
        _require_server(child)
        if isinstance(tool_names, bool):
            tool_names, as_proxy = None, tool_names
        if as_proxy:
            from .providers.proxy import create_proxy

            child = create_proxy(child)
        provider: Provider = child.as_provider()
        if tool_names:
            renamed = {old: {"name": new} for old, new in tool_names.items()}
            provider = provider.wrap_transform(ToolTransform(renamed))
        return self.add_provider(provider, namespace=_one_of(namespace, prefix))

    async def import_server(self, server: Any, prefix: Any = None) -> None:
        """Copy what another server offers now; it is this server's from then on.

        Names are as in `mount`. The other server's middleware and lifespan have no part in it.
        """
        server, prefix = _in_order(server, prefix)
        namespace = Namespace(prefix) if prefix else None
        for kind in KINDS:
            for component in await getattr(server, kind.listing)(run_middleware=False):
                copied: Component = component.model_copy()
                named = copied if namespace is None else namespace.changed(kind, copied)
                self.local_provider.add(named)

    @property
    def transforms(self) -> list[Transform]:
        """The transforms of all that the server offers, innermost first."""
        return self._parts.sources.transforms

    def add_transform(self, transform: Transform) -> None:
        """Change what the server offers, after the transforms that it has.

        Raises:
            ConfigurationError: it is no transform, or adds tools that the one before it adds, too.
        """
        if isinstance(transform, Transform):  # pyright: ignore[reportUnnecessaryIsInstance]
            require_apart(transform, self.transforms)
        self._parts.sources.add_transform(transform)

    def add_tool_transformation(self, tool_name: str, transformation: ToolTransformConfig) -> None:
        """Deprecated: `add_transform(ToolTransform({tool_name: transformation}))`."""
        _deprecated(
            "add_tool_transformation() is deprecated; use add_transform(ToolTransform({name: ...}))"
        )
        self.add_transform(ToolTransform({tool_name: transformation}))

    def remove_tool_transformation(self, tool_name: str) -> None:
        """Deprecated, and without effect: transforms stay."""
        _deprecated(
            "remove_tool_transformation() is deprecated and does nothing, since transforms stay; "
            f"hide the tool with disable(names={{{tool_name!r}}})"
        )

    def notify_resource_updated(self, uri: str) -> None:
        """Tell every client that watches a resource, or one above it, that it has changed.

        It may be called from anywhere, in any thread, and does not wait for the clients.
        """
        self._parts.sources.updated(canonical_uri(uri))

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
        require_awaited(tool, "add_tool()")
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
        return self._show(visibilities(True, only=only, **criteria))

    def disable(self, **criteria: Unpack[Criteria]) -> Self:
        """Hide components that fit all criteria: they are not listed and cannot be used."""
        return self._show(visibilities(False, **criteria))

    def _show(self, added: Sequence[Transform]) -> Self:
        before = self._parts.catalogue.shown()
        for each in added:
            self._parts.sources._apply(each)
        after = self._parts.catalogue.shown()
        changed: list[Feature] = [each for each in FEATURES if before[each] != after[each]]
        self._parts.sources.changed(*changed)
        return self

    def completion(
        self,
        handler: Callable[..., Any] | None = None,
        *,
        prompt: str | None = None,
        template: str | None = None,
        argument: str | None = None,
    ) -> Any:
        """Register what completes arguments while a user types them.

        `@mcp.completion` registers the handler `(ref, argument, context)` of every argument;
        `@mcp.completion(prompt="name", argument="x")`, or `template="scheme://{x}"`, a completer
        of one: `(value)` or `(value, arguments already settled)`. Both give a list of texts, a
        `Completion` or None. Arguments with listed values (Literal, Enum, bool) need neither.
        """
        return self._parts.completers.register(handler, prompt, template, argument)

    def add_completion_handler(self, handler: Callable[..., Any]) -> None:
        """Register the handler `(ref, argument, context)` that completes every argument."""
        self._parts.completers.handler = handler

    def as_provider(self: Any) -> Provider:
        """The server as a source of components of another one."""
        from .providers.fastmcp_provider import FastMCPProvider

        return FastMCPProvider(self)

    # HTTP routes beside the endpoint

    def custom_route(
        self,
        path: str,
        methods: Sequence[str],
        name: str | None = None,
        include_in_schema: bool = True,
    ) -> Callable[[F], F]:
        """Register a handler beside the MCP endpoint, also of applications already made.

        It is async or plain, takes Starlette's request or nothing, and returns a response or
        data: text, what has JSON, `(data, status)` or `(data, status, headers)`.
        """
        from .http.application.custom_routes import custom_route

        return custom_route(self._parts.custom_routes, path, methods, name, include_in_schema)

    # What is seen

    @property
    def _seen(self) -> Catalogue:
        """What the session sees whose request is being served; else what the server shows."""
        context = Context.current_or_none()
        if context is None or context.fastmcp is not self:
            return self._parts.catalogue
        return context.catalogue

    async def list_tools(self, *, run_middleware: bool = True) -> Sequence[Tool]:
        """Every visible version of every tool."""
        return await self._listed("tools/list", self._seen.tools, run_middleware)

    async def list_resources(self, *, run_middleware: bool = True) -> Sequence[Resource]:
        """Every visible version of every resource."""
        return await self._listed("resources/list", self._seen.resources, run_middleware)

    async def list_resource_templates(
        self, *, run_middleware: bool = True
    ) -> Sequence[ResourceTemplate]:
        """Every visible version of every resource template."""
        return await self._listed("resources/templates/list", self._seen.templates, run_middleware)

    async def list_prompts(self, *, run_middleware: bool = True) -> Sequence[Prompt]:
        """Every visible version of every prompt."""
        return await self._listed("prompts/list", self._seen.prompts, run_middleware)

    async def _listed(self, method: str, view: View[C], run_middleware: bool) -> Sequence[C]:
        return await permitted(await view.all())

    async def get_tool(self, name: str, version: Selection = None) -> Tool | None:
        """The tool of that name, in its highest version that is selected and visible; else None."""
        return await permit(await self._seen.tools.get(name, version))

    async def get_resource(self, uri: str, version: Selection = None) -> Resource | None:
        """The resource of that URI, chosen as in `get_tool`."""
        return await permit(await self._seen.resources.get(canonical_uri(uri), version))

    async def get_resource_template(
        self, uri: str, version: Selection = None
    ) -> ResourceTemplate | None:
        """The template that matches a URI, chosen as in `get_tool`."""
        found = await self._seen.get_template(canonical_uri(uri), version)
        return None if found is None else await permit(found[0])

    async def get_prompt(self, name: str, version: Selection = None) -> Prompt | None:
        """The prompt of that name, chosen as in `get_tool`."""
        return await permit(await self._seen.prompts.get(name, version))


def _in_order(server: Any, name: Any) -> tuple[Any, Any]:
    """A server and the name that it gets; earlier versions had them the other way round."""
    return (name, server) if isinstance(server, str) and name is not None else (server, name)


def _require_server(given: Any) -> None:
    if isinstance(given, type) and hasattr(given, "as_provider"):
        name = given.__name__
        raise ConfigurationError(
            f"mount() takes a server, not the class {name}: give {name}(...); for something else "
            "there is create_proxy(...)"
        )
    if not hasattr(given, "as_provider"):
        raise ConfigurationError(
            f"mount() takes a server, not {given!r}; for a URL, a command or a client there is "
            "mount(create_proxy(...)): from fastmcp.server import create_proxy"
        )


def _deprecated(text: str) -> None:
    warnings.warn(text, FastMCPDeprecationWarning, stacklevel=3)


def _one_of(namespace: str | None, prefix: str | None) -> str:
    if namespace and prefix:
        raise ConfigurationError(
            "mount() takes namespace=, whose earlier name is prefix=: give one"
        )
    return namespace or prefix or ""
