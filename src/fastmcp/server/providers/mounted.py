"""Components of a mounted server, as those of the server that it is mounted on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from msgspec import Raw, structs

from fastmcp._components.component import Component
from fastmcp._components.current import current_scope
from fastmcp._protocol.mirroring import Plan
from fastmcp._runtime.faults import resource_not_found
from fastmcp.exceptions import (
    FastMCPError,
    PromptError,
    ResourceError,
    ResourceSecurityError,
    ToolError,
)
from fastmcp.prompts.base import Prompt
from fastmcp.resources.base import Resource
from fastmcp.resources.security import DEFAULT_RESOURCE_SECURITY, ResourceSecurity, screen
from fastmcp.resources.template import ResourceTemplate
from fastmcp.resources.uri.expansion import expand_uri_template
from fastmcp.tools.base import Tool
from fastmcp.tools.whole_results import WholeResult
from fastmcp.wire.completion import (
    CompleteRequestParams,
    CompleteResult,
    PromptReference,
    ResourceTemplateReference,
)
from fastmcp.wire.features import (
    CallToolRequestParams,
    GetPromptRequestParams,
    ReadResourceRequestParams,
)

from ..context import Context

if TYPE_CHECKING:
    from ..server import FastMCP
    from .base import Provider


class Home:
    """A mounted server; `provider` is what it is mounted by."""

    __slots__ = ("provider", "server")

    def __init__(self, server: FastMCP, provider: Provider) -> None:
        self.server: FastMCP = server
        self.provider: Provider = provider

    @property
    def security(self) -> ResourceSecurity | None:
        """What the server screens values in URIs by, whatever its host does."""
        return self.server._parts.catalogue.security

    def current(self) -> Serving:
        """Inside of the block, the request is the mounted server's."""
        return Serving(self)

    async def act(self, context: Context, method: str, params: Any) -> Any:
        """What the chain of the mounted server gives."""
        return await self.server._parts.chain(method)(context, params)

    def masks(self, context: Context) -> bool:
        """Whether the server keeps details of errors to itself that its host would tell."""
        return self.server._parts.masks_errors and not context.host._parts.masks_errors


class Serving:
    """Has a mounted server serve what is being served, or without a request what a program does."""

    __slots__ = ("_alone", "_home", "_token")

    def __init__(self, home: Home) -> None:
        self._home = home

    async def __aenter__(self) -> Context:
        server, outer = self._home.server, Context.current_or_none()
        self._alone = outer is None
        if outer is None:
            await server.lifespan.enter()
            context = Context(server)
        else:
            if not server.lifespan.running:
                await outer.host.lifespan.include(self._home.provider)  # mounted after the start
            context = Context(server, outer.exchange, outer.host)
        self._token = current_scope.set(context)
        return context

    async def __aexit__(self, *_: object) -> None:
        current_scope.reset(self._token)
        if self._alone:
            await self._home.server.lifespan.leave()


class MountedTool(Tool, kw_only=True):
    """A tool of a mounted server; `surrounded` says whether that has middleware around calls."""

    home: Home
    inner: Tool
    surrounded: bool

    @property
    def origins(self) -> tuple[Component, ...]:
        return (self, *self.inner.origins)

    def __post_init__(self) -> None:
        self._mirrors: Plan = self.inner._mirrors

    async def call(self, arguments: Raw | Mapping[str, Any]) -> WholeResult:  # type: ignore[override]
        async with self.home.current() as context:
            try:
                if not self.surrounded:
                    return await self.inner.call(arguments)
                params = CallToolRequestParams(
                    name=self.inner.name,
                    arguments=arguments if isinstance(arguments, Raw) else dict(arguments),
                    meta=_selecting(self.inner),
                )
                return await self.home.act(context, "tools/call", params)
            except FastMCPError:
                raise
            except Exception as error:
                if self.home.masks(context):
                    raise ToolError(f"Error calling tool {self.name!r}") from error
                raise

    async def run(self, arguments: dict[str, Any]) -> Any:
        return await self.call(arguments)


class MountedResource(Resource, kw_only=True):
    """A resource of a mounted server."""

    home: Home
    inner: Resource
    surrounded: bool

    @property
    def origins(self) -> tuple[Component, ...]:
        return (self, *self.inner.origins)

    async def read(self) -> Any:
        return await self.read_at(self.uri, {})

    async def read_at(self, uri: str, values: dict[str, Any]) -> Any:
        inner = self.inner
        at = inner.uri + uri.removeprefix(self.uri)
        async with self.home.current() as context:
            return await _read(self, context, at, values)

    async def watch(self, uri: str) -> None:
        async with self.home.current():
            await self.inner.watch(self.inner.uri + uri.removeprefix(self.uri))

    def query_of(self, uri: str, default: Any = None) -> dict[str, Any] | None:
        path, _, query = uri.partition("?")
        if path != self.uri:
            return None
        values = self.inner.query_of(f"{self.inner.uri}?{query}", default)
        if values is not None:
            screen(uri, values, self.security, self.home.security)
        return values

    def convert_result(self, raw_value: Any) -> Any:
        return self.inner.convert_result(raw_value)

    def _known_size(self) -> int | None:
        return self.inner._known_size()

    async def complete(self, params: CompleteRequestParams) -> CompleteResult | None:
        return await _complete(self.home, params, ResourceTemplateReference(uri=self.inner.uri))


class MountedTemplate(ResourceTemplate, kw_only=True):
    """A resource template of a mounted server."""

    home: Home
    inner: ResourceTemplate
    surrounded: bool

    @property
    def origins(self) -> tuple[Component, ...]:
        return (self, *self.inner.origins)

    def matches(self, uri: str) -> dict[str, Any] | None:
        at = self._within(uri)
        return super().matches(uri) if at is None else self.inner.matches(at)

    def values_of(
        self, uri: str, default: ResourceSecurity | None = DEFAULT_RESOURCE_SECURITY
    ) -> dict[str, Any] | None:
        values = super().values_of(uri, default)
        if values is not None:
            self._screen(uri, values)
        return values

    def _screen(self, uri: str, values: dict[str, Any]) -> None:
        screen(uri, values, self.security, self.home.security)
        if isinstance(self.inner, MountedTemplate):
            self.inner._screen(uri, values)

    async def read(self, arguments: dict[str, Any]) -> Any:
        return await self.read_at(expand_uri_template(self.uri_template, arguments), arguments)

    async def read_at(self, uri: str, values: dict[str, Any]) -> Any:
        at = self._within(uri) or expand_uri_template(self.inner.uri_template, values)
        async with self.home.current() as context:
            if self.surrounded:
                await self._require(context, at)
            return await _read(self, context, at, values)

    async def _require(self, context: Context, uri: str) -> None:
        """Refuse a URI of something else on the mounted server, which its host may be hiding."""
        try:
            found = await context.catalogue.get_resource(uri, self.inner.version)
        except ResourceSecurityError:
            found = None
        if found is None or found[0]._address != self.inner._address:
            raise resource_not_found(uri)

    async def watch(self, uri: str) -> None:
        async with self.home.current():
            await self.inner.watch(self._within(uri) or uri)

    def _within(self, uri: str) -> str | None:
        """A URI as the mounted server has it, where only a beginning has been added."""
        scheme, _, rest = self.inner.uri_template.partition("://")
        added = self.uri_template.removeprefix(f"{scheme}://").removesuffix(rest)
        prefix = f"{scheme}://{added}"
        return f"{scheme}://{uri[len(prefix) :]}" if uri.startswith(prefix) else None

    def convert_result(self, raw_value: Any) -> Any:
        return self.inner.convert_result(raw_value)

    async def complete(self, params: CompleteRequestParams) -> CompleteResult | None:
        ref = ResourceTemplateReference(uri=self.inner.uri_template)
        return await _complete(self.home, params, ref)


class MountedPrompt(Prompt, kw_only=True):
    """A prompt of a mounted server."""

    home: Home
    inner: Prompt
    surrounded: bool

    @property
    def origins(self) -> tuple[Component, ...]:
        return (self, *self.inner.origins)

    @property
    def arguments_schema(self) -> dict[str, Any]:
        return self.inner.arguments_schema

    async def render(self, arguments: Mapping[str, Any] | None = None) -> Any:
        async with self.home.current() as context:
            try:
                if not self.surrounded:
                    return await self.inner.render(arguments)
                params = GetPromptRequestParams(
                    name=self.inner.name,
                    arguments=None if arguments is None else dict(arguments),
                    meta=_selecting(self.inner),
                )
                return await self.home.act(context, "prompts/get", params)
            except FastMCPError:
                raise
            except Exception as error:
                if self.home.masks(context):
                    raise PromptError(f"Error rendering prompt {self.name!r}") from error
                raise

    async def complete(self, params: CompleteRequestParams) -> CompleteResult | None:
        return await _complete(self.home, params, PromptReference(name=self.inner.name))


_MOUNTED: list[tuple[type[Component], type[Any]]] = [
    (Tool, MountedTool),
    (Resource, MountedResource),
    (ResourceTemplate, MountedTemplate),
    (Prompt, MountedPrompt),
]


def mounted(component: Any, home: Home, surrounded: bool) -> Any:
    """A component of a mounted server. What comes from further inside is itself what runs, where no
    middleware is in between, and nothing else is screened.
    """
    further = isinstance(component, tuple(each for _, each in _MOUNTED))
    if further and not surrounded and component.home.security == home.security:
        return component
    for kind, wrapper in _MOUNTED:
        if isinstance(component, kind):
            members = {name: getattr(component, name) for name in kind.__struct_fields__}
            made = wrapper(**members, home=home, inner=component, surrounded=surrounded)
            if "versions" in vars(component):
                made.versions = vars(component)["versions"]
            return made
    raise TypeError(f"{component!r} is no component that can be mounted")


async def _read(
    component: MountedResource | MountedTemplate, context: Context, uri: str, values: dict[str, Any]
) -> Any:
    try:
        if not component.surrounded:
            return await component.inner.read_at(uri, values)
        params = ReadResourceRequestParams(uri=uri, meta=_selecting(component.inner))
        return await component.home.act(context, "resources/read", params)
    except FastMCPError:
        raise
    except Exception as error:
        if component.home.masks(context):
            raise ResourceError(f"Error reading resource {component._address!r}") from error
        raise


async def _complete(
    home: Home, params: CompleteRequestParams, ref: PromptReference | ResourceTemplateReference
) -> CompleteResult:
    async with home.current() as context:
        return await home.act(context, "completion/complete", structs.replace(params, ref=ref))


def _selecting(component: Component) -> dict[str, Any] | None:
    """What asks for exactly this version."""
    return None if component.version is None else {"fastmcp": {"version": component.version}}
