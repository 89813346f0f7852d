"""What operations become, and what they are called."""

from __future__ import annotations

import asyncio
import logging
import re
from typing import Any

import pytest

from fastmcp import Client, FastMCP
from fastmcp.exceptions import ConfigurationError
from fastmcp.server.providers.openapi import HTTPRoute, MCPType, OpenAPIProvider, RouteMap
from openapi.documents import document
from openapi.echo import client_of

ID = [{"name": "id", "in": "path", "required": True, "schema": {"type": "integer"}}]
PATHS: dict[str, Any] = {
    "/users": {
        "get": {"operationId": "list_users", "tags": ["users"], "summary": "All users"},
        "post": {"operationId": "create_user", "tags": ["users", "write"], "x-cost": 3},
    },
    "/users/{id}": {
        "get": {"operationId": "get_user", "parameters": ID, "tags": ["users"]},
        "delete": {
            "operationId": "delete_user",
            "parameters": ID,
            "description": "Gone",
            "summary": "s",
        },
    },
    "/admin/stats": {"get": {"operationId": "stats", "tags": ["admin"]}},
}


async def catalogue(**options: Any) -> dict[str, list[str]]:
    """The names of what a server has."""
    async with Client(FastMCP.from_openapi(document(PATHS), client_of(), **options)) as client:
        return {
            "tools": [tool.name for tool in await client.list_tools()],
            "resources": [str(each.uri) for each in await client.list_resources()],
            "templates": [each.uri_template for each in await client.list_resource_templates()],
        }


async def test_every_operation_is_a_tool_by_default() -> None:
    """In the order of the document."""
    assert await catalogue() == {
        "tools": ["list_users", "create_user", "get_user", "delete_user", "stats"],
        "resources": [],
        "templates": [],
    }


async def test_the_first_map_that_fits_decides() -> None:
    """By method, path and tags."""
    maps = [
        RouteMap(pattern=r"^/admin/", mcp_type=MCPType.EXCLUDE),
        RouteMap(methods=["GET"], pattern=r".*\{.*\}.*", mcp_type=MCPType.RESOURCE_TEMPLATE),
        RouteMap(methods=["GET"], tags={"users"}, mcp_type=MCPType.RESOURCE),
        RouteMap(methods=["POST"], tags={"users", "other"}, mcp_type=MCPType.EXCLUDE),
        RouteMap(methods=["DELETE"], pattern=re.compile("users"), mcp_type=MCPType.EXCLUDE),
    ]

    assert await catalogue(route_maps=maps) == {
        "tools": ["create_user"],
        "resources": ["resource://list_users"],
        "templates": ["resource://get_user/{id}"],
    }


async def test_a_function_may_decide(caplog: pytest.LogCaptureFixture) -> None:
    """None leaves it as it was; so does an exception, which is logged."""

    def choose(route: HTTPRoute, usual: MCPType) -> MCPType | None:
        assert usual is MCPType.TOOL
        if route.path.startswith("/admin"):
            raise RuntimeError("cannot tell")
        if route.extensions.get("x-cost") == 3:
            return MCPType.EXCLUDE
        return None

    with caplog.at_level(logging.WARNING):
        found = await catalogue(route_map_fn=choose)

    assert found["tools"] == ["list_users", "get_user", "delete_user", "stats"]
    assert "Error in route_map_fn for GET /admin/stats: cannot tell" in caplog.text


async def test_what_a_function_sees_of_a_route() -> None:
    """All that the document says."""
    seen: list[HTTPRoute] = []

    def look(route: HTTPRoute, usual: MCPType) -> None:
        seen.append(route)

    await catalogue(route_map_fn=look)
    route = seen[3]

    assert (route.method, route.path, route.operation_id) == (
        "DELETE",
        "/users/{id}",
        "delete_user",
    )
    assert (route.summary, route.description, route.tags) == ("s", "Gone", [])
    assert [(p.name, p.location, p.required, p.schema_) for p in route.parameters] == [
        ("id", "path", True, {"type": "integer"})
    ]
    assert route.parameter_map == {"id": {"location": "path", "openapi_name": "id"}}
    assert route.flat_param_schema["required"] == ["id"]
    assert (route.request_body, route.responses, route.openapi_version) == (None, {}, "3.1.0")


async def test_a_function_may_change_components(caplog: pytest.LogCaptureFixture) -> None:
    """Their names, too; what it raises is logged."""

    def change(route: HTTPRoute, component: Any) -> None:
        if route.method == "POST":
            raise RuntimeError("not this one")
        component.name = f"my_{component.name}"
        component.description = f"{route.method} it"
        component.tags.add("mine")

    with caplog.at_level(logging.WARNING):
        mcp = FastMCP.from_openapi(document(PATHS), client_of(), mcp_component_fn=change)
    async with Client(mcp) as client:
        tools = {tool.name: tool for tool in await client.list_tools()}
        assert (await client.call_tool("my_stats")).structured_content["path"] == "/v1/admin/stats"

    assert list(tools)[:2] == ["my_list_users", "create_user"]
    assert tools["my_get_user"].description == "GET it"
    assert tools["my_get_user"].meta["fastmcp"]["tags"] == ["mine", "users"]
    assert "Error in component_fn for tool create_user: not this one" in caplog.text


async def test_a_component_may_be_given_schemas() -> None:
    """Which then are shown, and hold."""

    def narrow(route: HTTPRoute, tool: Any) -> None:
        tool.parameters = {"type": "object", "properties": {"id": {"const": 1}}}
        tool.output_schema = None

    mcp = FastMCP.from_openapi(document(PATHS), client_of(), mcp_component_fn=narrow)
    async with Client(mcp) as client:
        tools = {tool.name: tool for tool in await client.list_tools()}

    assert tools["get_user"].input_schema["properties"] == {"id": {"const": 1}}


def test_two_components_of_one_name_are_refused() -> None:
    """The error names both operations."""

    def same(route: HTTPRoute, component: Any) -> None:
        component.name = "same"

    with pytest.raises(ConfigurationError, match="tool 'same': GET /users and POST /users"):
        FastMCP.from_openapi(document(PATHS), client_of(), mcp_component_fn=same)


async def test_tags_are_those_of_all_who_give_some() -> None:
    """The operation, the map, and the server."""
    maps = [RouteMap(methods=["GET"], mcp_type=MCPType.TOOL, mcp_tags={"read"})]
    provider = OpenAPIProvider(document(PATHS), client_of(), route_maps=maps, tags={"api"})

    tools = {tool.name: tool.tags for tool in await provider.list_tools()}

    assert tools["list_users"] == {"users", "read", "api"}
    assert tools["delete_user"] == {"api"}


async def test_descriptions_are_those_of_the_document() -> None:
    """Or its summaries, or what is done."""
    provider = OpenAPIProvider(document(PATHS), client_of())

    described = {tool.name: tool.description for tool in await provider.list_tools()}

    assert described["list_users"] == "All users"
    assert described["delete_user"] == "Gone"
    assert described["stats"] == "Executes GET /admin/stats"


@pytest.mark.parametrize(
    ("operation", "path", "name"),
    [
        ({"operationId": "getUser"}, "/x", "getUser"),
        ({"operationId": "get_user__users__id"}, "/x", "get_user"),
        ({"operationId": "users/get-by.name (v2)"}, "/x", "usersget_by_name_v2"),
        ({"operationId": "a" * 80}, "/x", "a" * 56),
        ({"operationId": "__hidden"}, "/x", "hidden"),
        ({"operationId": "获取"}, "/users", "GET_users"),
        ({"summary": "All the users"}, "/x", "All_the_users"),
        ({}, "/users/{id}", "GET_usersid"),
        ({"operationId": "mapped"}, "/x", "my_name"),
    ],
)
async def test_names(operation: dict[str, Any], path: str, name: str) -> None:
    """Of the operation's id, up to "__"; of the summary; of the method and the path."""
    spec = document({path: {"get": operation}})
    provider = OpenAPIProvider(spec, client_of(), mcp_names={"mapped": "my name"})

    assert [tool.name for tool in await provider.list_tools()] == [name]


async def test_a_second_one_of_a_name_has_its_number() -> None:
    """And no third one takes it."""
    ids = ["a", "a", "a_2", "a"]
    spec = document({f"/{n}": {"get": {"operationId": each}} for n, each in enumerate(ids)})
    provider = OpenAPIProvider(spec, client_of())

    assert [tool.name for tool in await provider.list_tools()] == ["a", "a_2", "a_2_2", "a_3"]


def test_a_name_for_nothing_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    """It is a mistake, and does no harm."""
    with caplog.at_level(logging.WARNING):
        OpenAPIProvider(document(PATHS), client_of(), mcp_names={"lost": "x"})

    assert "mcp_names has 'lost', which is no operationId" in caplog.text


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"pattern": "("}, "pattern '\\(' of a RouteMap cannot be read"),
        ({"mcp_type": "TOOL"}, "mcp_type='TOOL': use a member of MCPType"),
    ],
)
def test_a_map_that_cannot_be_is_refused(options: dict[str, Any], told: str) -> None:
    """When it is made."""
    with pytest.raises(ConfigurationError, match=told):
        RouteMap(**{"mcp_type": MCPType.TOOL, **options})


async def test_templates_take_the_values_of_the_path() -> None:
    """Decoded from the URI, encoded in the path."""
    names = [
        {"name": "user-id", "in": "path", "required": True, "schema": {}},
        {"name": "id", "in": "path", "required": True, "schema": {}},
    ]
    paths = {"/users/{user-id}/files/{id}": {"get": {"operationId": "file", "parameters": names}}}
    maps = [RouteMap(mcp_type=MCPType.RESOURCE_TEMPLATE)]
    mcp = FastMCP.from_openapi(document(paths), client_of(), route_maps=maps)

    async with Client(mcp) as client:
        (template,) = await client.list_resource_templates()
        (content,) = await client.read_resource("resource://file/a%20b/x%3Fy")

    assert template.uri_template == "resource://file/{id}/{user_id}"
    assert '"path": "/v1/users/x%3Fy/files/a%20b"' in content.text


async def test_a_call_makes_the_schemas_of_one_tool_alone() -> None:
    """And listing makes each once."""
    spec = document({f"/{n}": {"get": {"operationId": f"op{n}"}} for n in range(20)})
    routes: list[HTTPRoute] = []
    mcp = FastMCP.from_openapi(
        spec, client_of(), route_map_fn=lambda route, usual: routes.append(route)
    )
    await mcp.call_tool("op7")

    assert [route.operation_id for route in routes if "_plan" in vars(route)] == ["op7"]


def test_a_single_text_is_one_of_the_methods_or_tags() -> None:
    """It is not read letter by letter."""
    only = [
        RouteMap(methods="get", tags="shop", mcp_type=MCPType.RESOURCE),
        RouteMap(mcp_type=MCPType.EXCLUDE),
    ]
    paths = {
        "/a": {"get": {"operationId": "a", "tags": ["shop"], "responses": {}}},
        "/b": {"get": {"operationId": "b", "responses": {}}},
        "/c": {"put": {"operationId": "c", "tags": ["shop"], "responses": {}}},
    }
    mcp = FastMCP.from_openapi(document(paths), client_of(), route_maps=only)
    assert [each.name for each in asyncio.run(mcp.list_resources())] == ["a"]
    assert asyncio.run(mcp.list_tools()) == []


@pytest.mark.parametrize("given", [{"methods": ["FETCH"]}, {"methods": "FETCH"}])
def test_a_method_that_there_is_not_is_refused(given: Any) -> None:
    """With those that there are."""
    with pytest.raises(ConfigurationError, match="no FETCH; use DELETE, GET"):
        RouteMap(mcp_type=MCPType.TOOL, **given)


@pytest.mark.parametrize("given", [RouteMap(mcp_type=MCPType.TOOL), [{"pattern": "x"}], 5])
def test_route_maps_are_a_list_of_them(given: Any) -> None:
    """Anything else is refused with its name."""
    with pytest.raises(ConfigurationError, match="route_maps"):
        OpenAPIProvider(document({}), client_of(), route_maps=given)


def test_the_patience_of_requests_is_said_to_the_client() -> None:
    """A `timeout=` of the server would be none of the requests."""
    with pytest.raises(TypeError, match="AsyncClient"):
        FastMCP.from_openapi({"openapi": "3.1.0"}, timeout=30)
