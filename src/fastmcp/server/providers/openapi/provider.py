"""OpenAPIProvider: the operations of an HTTP API as components."""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final

from fastmcp._components.component import Component
from fastmcp._components.versions import VersionSpec
from fastmcp.exceptions import ConfigurationError
from fastmcp.resources.base import Resource
from fastmcp.resources.template import ResourceTemplate
from fastmcp.tools.base import Tool
from fastmcp.wire.resource_names import canonical_uri

from ..base import Provider, first_matching
from ..kinds import RESOURCES, TEMPLATES, TOOLS, Kind
from .api_client import ApiClient
from .components import (
    LATER,
    OpenAPIResource,
    OpenAPIResourceTemplate,
    OpenAPITool,
    variable_of,
)
from .director import RequestDirector
from .document import Document, Json, as_object
from .naming import Names, usual_name
from .promises import mime_type_of, output_schema_of
from .route import HTTPRoute
from .routes import read_routes
from .routing import (
    DEFAULT_ROUTE_MAPPINGS,
    ComponentFn,
    MCPType,
    RouteMap,
    RouteMapFn,
    checked,
    chosen_type,
    route_map_of,
)

logger: Final = logging.getLogger("fastmcp.server")

_MADE = {
    MCPType.TOOL: TOOLS,
    MCPType.RESOURCE: RESOURCES,
    MCPType.RESOURCE_TEMPLATE: TEMPLATES,
}


class OpenAPIProvider(Provider):
    """Tools, resources and templates that ask an HTTP API, as its OpenAPI document describes it.

    Operations become tools unless `route_maps` (the first that fits) or `route_map_fn` say
    otherwise. `mcp_names` are names by `operationId`, and `mcp_component_fn` may change every
    component. Without a `client`, one is made for the first server of the document, which waits 30
    seconds. With `validate_output` False, tools promise nothing of what the API answers.

    What a component shows is made of the document when it is first listed or used.

    Raises:
        ConfigurationError: the document cannot be used; the text names the operation.
    """

    def __init__(
        self,
        openapi_spec: Mapping[str, Any],
        client: Any = None,
        *,
        route_maps: Sequence[RouteMap] | None = None,
        route_map_fn: RouteMapFn | None = None,
        mcp_component_fn: ComponentFn | None = None,
        mcp_names: Mapping[str, str] | None = None,
        tags: Iterable[str] | None = None,
        validate_output: bool = True,
    ) -> None:
        super().__init__()
        document = Document(openapi_spec)
        self._title = _title_of(document)
        self._api = ApiClient.of(client, document)
        self._director = RequestDirector()
        self._component_fn = mcp_component_fn
        self._validates = validate_output
        self._names = {kind: Names() for kind in _MADE.values()}
        self._components: dict[Kind, dict[str, Any]] = {kind: {} for kind in _MADE.values()}
        routes = read_routes(document)
        if document.doubtful:
            _require_schemas(routes)
        _warn_of_unknown(mcp_names or {}, routes)
        maps = [*checked(route_maps or ()), *DEFAULT_ROUTE_MAPPINGS]
        for route in routes:
            found = route_map_of(route, maps)
            kind = _MADE.get(chosen_type(route, found.mcp_type, route_map_fn))
            if kind is not None:
                name = self._names[kind].unique(usual_name(route, mcp_names or {}))
                self._add(kind, route, name, {*route.tags, *found.mcp_tags, *(tags or ())})

    def __repr__(self) -> str:
        return f"OpenAPIProvider({self._title!r})"

    @asynccontextmanager
    async def lifespan(self) -> AsyncGenerator[None]:
        async with self._api.lifespan():
            yield

    def _fixed(self, kind: Kind) -> Sequence[Any]:
        return list(self._components.get(kind, {}).values())

    async def _list_tools(self) -> Sequence[Tool]:
        return self._fixed(TOOLS)

    async def _list_resources(self) -> Sequence[Resource]:
        return self._fixed(RESOURCES)

    async def _list_resource_templates(self) -> Sequence[ResourceTemplate]:
        return self._fixed(TEMPLATES)

    async def _get_tool(self, name: str, version: VersionSpec | None = None) -> Tool | None:
        return _selected(self._components[TOOLS].get(name), version)

    async def _get_resource(self, uri: str, version: VersionSpec | None = None) -> Resource | None:
        return _selected(self._components[RESOURCES].get(canonical_uri(uri)), version)

    async def _get_resource_template(
        self, uri: str, version: VersionSpec | None = None
    ) -> ResourceTemplate | None:
        return first_matching(self._fixed(TEMPLATES), uri, version)

    # Making them

    def _add(self, kind: Kind, route: HTTPRoute, name: str, tags: set[str]) -> None:
        make: Any = {TOOLS: self._tool, RESOURCES: self._resource, TEMPLATES: self._template}[kind]
        component = make(route, name, tags)
        if self._component_fn is not None:
            try:
                self._component_fn(route, component)
            except Exception as error:
                logger.warning("Error in component_fn for %s %s: %s", kind.noun, name, error)
        known = self._components[kind]
        if component._address in known:
            raise ConfigurationError(
                f"Two operations are the {kind.noun} {component._address!r}: "
                f"{_told(known[component._address].route)} and {_told(route)}; "
                "give one of them another name in mcp_component_fn"
            )
        known[component._address] = component

    def _tool(self, route: HTTPRoute, name: str, tags: set[str]) -> OpenAPITool:
        return OpenAPITool(
            name=name,
            description=route.description or route.summary or f"Executes {_told(route)}",
            parameters=LATER,
            output_schema=LATER,
            tags=tags,
            client=self._api,
            route=route,
            director=self._director,
            validates=self._validates,
        )

    def _resource(self, route: HTTPRoute, name: str, tags: set[str]) -> OpenAPIResource:
        return OpenAPIResource(
            uri=f"resource://{name}",
            name=name,
            description=route.description or route.summary or f"Represents {route.path}",
            mime_type=mime_type_of(route),
            tags=tags,
            client=self._api,
            route=route,
            director=self._director,
        )

    def _template(self, route: HTTPRoute, name: str, tags: set[str]) -> OpenAPIResourceTemplate:
        arguments = {
            variable_of(each.target): argument
            for argument, each in route.plan.arguments.items()
            if each.location == "path"
        }
        shown: Json = route.flat_param_schema["properties"]
        return OpenAPIResourceTemplate(
            uri_template="/".join([f"resource://{name}", *(f"{{{v}}}" for v in sorted(arguments))]),
            name=name,
            description=route.description or route.summary or f"Template for {route.path}",
            parameters={
                "type": "object",
                "properties": {variable: shown[name] for variable, name in arguments.items()},
                "required": list(arguments),
            },
            mime_type=mime_type_of(route),
            tags=tags,
            client=self._api,
            route=route,
            director=self._director,
        )


def _title_of(document: Document) -> str:
    return str(as_object(document.root.get("info")).get("title", ""))


def _told(route: HTTPRoute) -> str:
    return f"{route.method} {route.path}"


def _selected(component: Any, version: VersionSpec | None) -> Any:
    found: Component | None = component
    return found if found is None or version is None or version.matches(found.version) else None


def _require_schemas(routes: list[HTTPRoute]) -> None:
    """Read every schema now, for some reference in the document leads nowhere or out of it."""
    for route in routes:
        _ = route.plan
        output_schema_of(route)


def _warn_of_unknown(names: Mapping[str, str], routes: list[HTTPRoute]) -> None:
    for operation in names.keys() - {route.operation_id for route in routes}:
        logger.warning("mcp_names has %r, which is no operationId of the document", operation)
