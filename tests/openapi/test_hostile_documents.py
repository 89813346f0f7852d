"""Documents that are broken or hostile are refused, and the error names the place."""

from __future__ import annotations

from typing import Any

import pytest

from fastmcp import Client, FastMCP
from fastmcp.exceptions import ConfigurationError
from openapi.documents import document
from openapi.echo import client_of


def get(**members: Any) -> dict[str, Any]:
    return {"/pets": {"get": {"operationId": "pets", **members}}}


def answering(schema: Any) -> dict[str, Any]:
    return get(responses={"200": {"content": {"application/json": {"schema": schema}}}})


@pytest.mark.parametrize(
    ("spec", "told"),
    [
        ("openapi: 3.1.0", "must be an OpenAPI document as a dict, not str"),
        ({}, "says openapi: None"),
        ({"openapi": "4.0.0"}, "versions 3.0, 3.1 and 3.2"),
        ({"openapi": 3.1}, "says openapi: 3.1;"),
        ({"swagger": "2.0", "paths": {}}, "Swagger 2.0 document; convert it"),
        ({"openapi": "3.0.0"}, "paths: there are none"),
        (document([]), "paths: it is no object"),
        (document({"/pets": []}), "/pets: there is list"),
        (document({"/pets": {"get": []}}), "GET /pets: the operation is no object"),
        (document(get(parameters={})), "GET /pets: parameters is no list"),
        (document(get(parameters=[{"in": "query"}])), "GET /pets: parameter 1: it has no name"),
        (document(get(parameters=[{"name": "a", "in": "body"}])), r"\('a'\): in: 'body' is none"),
        (document(get(parameters=[{"name": "a\r\nb", "in": "header"}])), "a header cannot have"),
        (document(get(parameters=[{"name": "a", "in": "query", "schema": 3}])), "schema is 3"),
        (document(get(requestBody=[])), "GET /pets: request body: there is list"),
        (document(get(responses={"200": 1})), "GET /pets: response 200: there is int '1'"),
        (document({"/pets": {"additionalOperations": {"a b": {}}}}, "3.2.0"), "no HTTP method"),
    ],
)
def test_what_cannot_be_read_is_named(spec: Any, told: str) -> None:
    """By operation and part."""
    with pytest.raises(ConfigurationError, match=told):
        FastMCP.from_openapi(spec, client_of())


@pytest.mark.parametrize(
    "ref", ["http://evil.test/x.json#/A", "file:///etc/passwd", "other.yaml#/A", "//evil.test/x"]
)
@pytest.mark.parametrize(
    ("paths", "place"),
    [
        (lambda ref: {"/pets": {"$ref": ref}}, "/pets"),
        (lambda ref: get(parameters=[{"$ref": ref}]), "GET /pets: parameter 1"),
        (lambda ref: get(requestBody={"$ref": ref}), "GET /pets: request body"),
        (lambda ref: get(responses={"200": {"$ref": ref}}), "GET /pets: response 200"),
        (lambda ref: answering({"items": {"$ref": ref}}), "GET /pets: response"),
        (
            lambda ref: get(parameters=[{"name": "a", "in": "query", "schema": {"$ref": ref}}]),
            "GET /pets",
        ),
    ],
)
def test_nothing_is_fetched(ref: str, paths: Any, place: str) -> None:
    """A reference that leads out of the document is refused, wherever it stands."""
    with pytest.raises(ConfigurationError, match=rf"{place}: .*leads out of the document"):
        FastMCP.from_openapi(document(paths(ref)), client_of())


@pytest.mark.parametrize(
    "ref", ["#/components/schemas/None", "#/info/title", "#Anchor", "#/paths/9"]
)
def test_a_reference_leads_to_a_schema(ref: str) -> None:
    """Or is refused."""
    schemas = {"Broken": {"properties": {"a": {"$ref": ref}}}}
    spec = document(
        answering({"$ref": "#/components/schemas/Broken"}), components={"schemas": schemas}
    )
    with pytest.raises(ConfigurationError, match=r"leads (nowhere|to no schema)"):
        FastMCP.from_openapi(spec, client_of())


async def test_what_no_operation_uses_may_be_broken() -> None:
    """So may examples, and properties that are called "$ref"."""
    schemas = {"Unused": {"$ref": "http://evil.test/x"}}
    used = {"properties": {"$ref": {"type": "string"}}, "example": {"$ref": "nowhere.json"}}
    mcp = FastMCP.from_openapi(
        document(answering({"type": "object", **used}), components={"schemas": schemas}),
        client_of(),
    )
    async with Client(mcp) as client:
        (tool,) = await client.list_tools()

    assert tool.output_schema is not None
    assert tool.output_schema["properties"] == {"$ref": {"type": "string"}}


@pytest.mark.parametrize(
    "components",
    [
        {
            "parameters": {
                "A": {"$ref": "#/components/parameters/B"},
                "B": {"$ref": "#/components/parameters/A"},
            }
        },
        {"parameters": {"A": {"$ref": "#/components/parameters/A"}}},
    ],
)
def test_references_in_a_circle_are_refused(components: Any) -> None:
    """Where an object is needed."""
    spec = document(get(parameters=[{"$ref": "#/components/parameters/A"}]), components=components)

    with pytest.raises(ConfigurationError, match=r"GET /pets: parameter 1: .*back to themselves"):
        FastMCP.from_openapi(spec, client_of())


@pytest.mark.parametrize("portable", [True, False])
@pytest.mark.parametrize(
    "schemas",
    [
        {"A": {"$ref": "#/components/schemas/A"}},
        {"A": {"$ref": "#/components/schemas/B"}, "B": {"$ref": "#/components/schemas/A"}},
        {
            "A": {"oneOf": [{"$ref": "#/components/schemas/B"}]},
            "B": {"allOf": [{"$ref": "#/components/schemas/A"}, {"type": "object"}]},
        },
        {"A": {"type": "object", "properties": {"a": {"$ref": "#/components/schemas/A"}}}},
        {"A": {"type": "array", "items": {"$ref": "#/components/schemas/A"}}},
        {"A": {"not": {"$ref": "#/components/schemas/A"}}},
    ],
)
async def test_schemas_that_contain_themselves_end(schemas: Any, portable: bool) -> None:
    """In lists, and when an answer is checked."""
    ref = {"$ref": "#/components/schemas/A"}
    operation = {
        "operationId": "act",
        "parameters": [{"name": "a", "in": "query", "schema": ref}],
        "requestBody": {"content": {"application/json": {"schema": ref}}},
        "responses": {"200": {"content": {"application/json": {"schema": ref}}}},
    }
    spec = document({"/x": {"post": operation}}, components={"schemas": schemas})
    mcp = FastMCP.from_openapi(spec, client_of(), dereference_schemas=portable)

    async with Client(mcp) as client:
        (tool,) = await client.list_tools()
        await client.call_tool("act", {}, raise_on_error=False)

    assert ("$defs" in tool.input_schema) is not portable


async def test_a_deep_schema_is_left_open_below() -> None:
    """And one that is deeper than JSON may be is refused."""
    schema: Any = {"type": "string"}
    for _ in range(100):
        schema = {"type": "object", "properties": {"a": schema}}
    mcp = FastMCP.from_openapi(document(answering(schema)), client_of())
    async with Client(mcp) as client:
        assert len(await client.list_tools()) == 1

    for _ in range(2000):
        schema = {"items": schema}
    with pytest.raises(ConfigurationError, match="nested too deeply"):
        FastMCP.from_openapi(document(answering(schema)), client_of())


def test_a_document_that_holds_itself_is_refused() -> None:
    """As those are whose references were resolved into objects."""
    schema: dict[str, Any] = {"type": "object"}
    schema["properties"] = {"again": schema}

    with pytest.raises(ConfigurationError, match="refers to itself without"):
        FastMCP.from_openapi(document(answering(schema)), client_of())


async def test_references_that_double_stay_small() -> None:
    """Thirty schemas of which each has the next one twice are no billion."""
    schemas = {
        f"S{n}": {
            "type": "object",
            "properties": {side: {"$ref": f"#/components/schemas/S{n + 1}"} for side in "ab"},
        }
        for n in range(30)
    }
    schemas["S30"] = {"type": "object"}
    ref = {"$ref": "#/components/schemas/S0"}
    operation = {"operationId": "act", "parameters": [{"name": "a", "in": "query", "schema": ref}]}
    for keyword in ("allOf", "properties"):
        if keyword == "allOf":
            doubled = {
                n: {"allOf": [*s.get("properties", {}).values()]} for n, s in schemas.items()
            }
        else:
            doubled = schemas
        body = {"content": {"application/json": {"schema": ref}}}
        spec = document(
            {"/x": {"post": {**operation, "requestBody": body}}}, components={"schemas": doubled}
        )
        async with Client(FastMCP.from_openapi(spec, client_of())) as client:
            assert len(str((await client.list_tools())[0].input_schema)) < 200_000


@pytest.mark.parametrize(
    ("servers", "told"),
    [
        ([], "No server URL found in OpenAPI spec"),
        ([{}], "No server URL found in OpenAPI spec"),
        ([{"url": "/v1"}], "'/v1' is relative to nothing"),
        ([{"url": "v1"}], "is relative to nothing"),
        ([{"url": "file:///etc"}], "none of http or https"),
        ([{"url": "//evil.test"}], "none of http or https"),
        ([{"url": "javascript:alert(1)"}], "none of http or https"),
        ([{"url": "http://"}], "none of http or https"),
        ([{"url": "http://["}], "is no URL"),
        ([{"url": "http://user:secret@api.test"}], "more than a host and a path"),
        ([{"url": "http://api.test?x=1"}], "more than a host and a path"),
        ([{"url": "http://{host}/v1"}], "a variable without a default"),
    ],
)
def test_a_server_that_cannot_be_asked_is_refused(servers: Any, told: str) -> None:
    """With what to do about it; a client of one's own needs none."""
    spec = document(get(), servers=servers)

    with pytest.raises(ConfigurationError, match=told):
        FastMCP.from_openapi(spec)
    FastMCP.from_openapi(spec, client_of())


def test_a_client_that_is_none_is_refused() -> None:
    """A synchronous one, too."""
    import httpx2

    for wrong in (object(), httpx2.Client(base_url="http://api.test")):
        with pytest.raises(ConfigurationError, match=r"must be an httpx2\.AsyncClient"):
            FastMCP.from_openapi(document(get()), wrong)


async def test_what_yaml_makes_of_a_document_is_read_as_json() -> None:
    """Statuses that are numbers, and dates."""
    import datetime

    born = {"type": "string", "enum": [datetime.date(2026, 1, 2)]}
    schema = {"type": "object", "properties": {"born": born}}
    responses = {200: {"content": {"application/json": {"schema": schema}}}}
    async with Client(
        FastMCP.from_openapi(document(get(responses=responses)), client_of())
    ) as client:
        (tool,) = await client.list_tools()

    assert tool.output_schema is not None
    assert tool.output_schema["properties"]["born"]["enum"] == ["2026-01-02"]
