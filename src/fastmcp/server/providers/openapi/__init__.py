"""OpenAPI: components that ask an HTTP API, made of its document."""

from __future__ import annotations

from .components import OpenAPIResource, OpenAPIResourceTemplate, OpenAPITool
from .director import RequestDirector
from .provider import OpenAPIProvider
from .route import HTTPRoute
from .routing import ComponentFn, MCPType, RouteMap, RouteMapFn

__all__ = [
    "ComponentFn",
    "HTTPRoute",
    "MCPType",
    "OpenAPIProvider",
    "OpenAPIResource",
    "OpenAPIResourceTemplate",
    "OpenAPITool",
    "RequestDirector",
    "RouteMap",
    "RouteMapFn",
]
