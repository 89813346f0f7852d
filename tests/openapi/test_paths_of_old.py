"""The paths under which FastMCP's users import what is here."""

from __future__ import annotations

from importlib import import_module

import pytest

from fastmcp import Client, FastMCP
from fastmcp.server.openapi import FastMCPOpenAPI
from openapi.documents import document
from openapi.echo import client_of

NAMES = {
    "fastmcp.server.providers.openapi": "ComponentFn MCPType OpenAPIProvider OpenAPIResource "
    "OpenAPIResourceTemplate OpenAPITool RouteMap RouteMapFn",
    "fastmcp.server.providers.openapi.components": "OpenAPIResource OpenAPIResourceTemplate "
    "OpenAPITool",
    "fastmcp.server.providers.openapi.provider": "OpenAPIProvider",
    "fastmcp.server.providers.openapi.routing": "ComponentFn MCPType RouteMap RouteMapFn "
    "DEFAULT_ROUTE_MAPPINGS _determine_route_type",
    "fastmcp.server.openapi": "ComponentFn FastMCPOpenAPI MCPType OpenAPIProvider OpenAPITool "
    "OpenAPIResource OpenAPIResourceTemplate RouteMap RouteMapFn",
    "fastmcp.server.openapi.components": "OpenAPITool",
    "fastmcp.server.openapi.routing": "MCPType RouteMap DEFAULT_ROUTE_MAPPINGS",
    "fastmcp.server.openapi.server": "FastMCPOpenAPI",
    "fastmcp.experimental.server.openapi": "ComponentFn DEFAULT_ROUTE_MAPPINGS FastMCPOpenAPI "
    "MCPType OpenAPIResource OpenAPIResourceTemplate OpenAPITool RouteMap RouteMapFn "
    "_determine_route_type",
    "fastmcp.experimental.utilities.openapi": "HTTPRoute HttpMethod ParameterInfo "
    "ParameterLocation RequestBodyInfo ResponseInfo parse_openapi_to_http_routes",
    "fastmcp.utilities.openapi": "HTTPRoute HttpMethod JsonSchema ParameterInfo ParameterLocation "
    "RequestBodyInfo ResponseInfo parse_openapi_to_http_routes",
    "fastmcp.utilities.openapi.director": "RequestDirector",
    "fastmcp.utilities.openapi.models": "HTTPRoute",
    "fastmcp.utilities.openapi.parser": "parse_openapi_to_http_routes",
}


@pytest.mark.parametrize("path", NAMES)
def test_a_path_has_its_names(path: str) -> None:
    """And no others that are not there."""
    module = import_module(path)

    assert all(getattr(module, name) is not None for name in NAMES[path].split())
    assert not hasattr(module, "no_such_name")


async def test_the_old_class_is_a_server() -> None:
    """As `FastMCP.from_openapi` makes it."""
    spec = document({"/x": {"get": {"operationId": "act"}}})
    mcp = FastMCPOpenAPI(spec, client_of(), name="Old", tags={"t"})

    assert isinstance(mcp, FastMCP)
    async with Client(mcp) as client:
        assert [tool.name for tool in await client.list_tools()] == ["act"]


def test_a_subclass_makes_one_of_its_own() -> None:
    """Of either source."""
    from fastapi import FastAPI

    class Mine(FastMCP):
        pass

    spec = document({"/x": {"get": {"operationId": "act"}}})
    assert type(Mine.from_openapi(spec, client_of())) is Mine
    assert type(Mine.from_fastapi(FastAPI())) is Mine
