"""Paths of FastMCP 2.x; the code lives in `fastmcp.server.providers.openapi`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fastmcp._lazy import alias_module

from .providers.openapi import ComponentFn as ComponentFn
from .providers.openapi import MCPType as MCPType
from .providers.openapi import OpenAPIProvider as OpenAPIProvider
from .providers.openapi import OpenAPIResource as OpenAPIResource
from .providers.openapi import OpenAPIResourceTemplate as OpenAPIResourceTemplate
from .providers.openapi import OpenAPITool as OpenAPITool
from .providers.openapi import RouteMap as RouteMap
from .providers.openapi import RouteMapFn as RouteMapFn
from .server import FastMCP

__all__ = [
    "ComponentFn",
    "FastMCPOpenAPI",
    "MCPType",
    "OpenAPIProvider",
    "OpenAPIResource",
    "OpenAPIResourceTemplate",
    "OpenAPITool",
    "RouteMap",
    "RouteMapFn",
]


class FastMCPOpenAPI(FastMCP):
    """A server of an HTTP API, as `FastMCP.from_openapi` makes it."""

    def __init__(
        self,
        openapi_spec: Mapping[str, Any],
        client: Any = None,
        name: str | None = None,
        route_maps: list[RouteMap] | None = None,
        route_map_fn: RouteMapFn | None = None,
        mcp_component_fn: ComponentFn | None = None,
        mcp_names: dict[str, str] | None = None,
        tags: set[str] | None = None,
        **settings: Any,
    ) -> None:
        provider = OpenAPIProvider(
            openapi_spec,
            client,
            route_maps=route_maps,
            route_map_fn=route_map_fn,
            mcp_component_fn=mcp_component_fn,
            mcp_names=mcp_names,
            tags=tags,
        )
        super().__init__(name or "OpenAPI FastMCP", providers=[provider], **settings)


alias_module(f"{__name__}.components", "fastmcp.server.providers.openapi.components")
alias_module(f"{__name__}.routing", "fastmcp.server.providers.openapi.routing")
alias_module(f"{__name__}.server", __name__)
