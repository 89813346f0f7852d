"""A path of FastMCP 2.x; the code lives in `fastmcp.server.providers.openapi`."""

from __future__ import annotations

from fastmcp._lazy import lazy_names

_NEW = "fastmcp.server.providers.openapi"

lazy_names(
    __name__,
    {
        "DEFAULT_ROUTE_MAPPINGS": f"{_NEW}.routing",
        "ComponentFn": _NEW,
        "FastMCPOpenAPI": "fastmcp.server.openapi",
        "MCPType": _NEW,
        "OpenAPIResource": _NEW,
        "OpenAPIResourceTemplate": _NEW,
        "OpenAPITool": _NEW,
        "RouteMap": _NEW,
        "RouteMapFn": _NEW,
        "_determine_route_type": f"{_NEW}.routing",
    },
)
