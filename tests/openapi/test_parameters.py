"""Parameters reach the API in every style of OpenAPI."""

from __future__ import annotations

from typing import Any

import pytest

from fastmcp.exceptions import ToolError
from openapi.echo import asked

LIST, OBJECT = ["blue", "black brown"], {"R": 100, "G": "2 0"}


def parameter(name: str, where: str, **members: Any) -> dict[str, Any]:
    return {"name": name, "in": where, "required": where == "path", "schema": {}, **members}


@pytest.mark.parametrize(
    ("style", "explode", "value", "path"),
    [
        (None, None, "a b/c", "a%20b%2Fc"),
        (None, None, True, "true"),
        ("simple", False, LIST, "blue,black%20brown"),
        ("simple", False, OBJECT, "R,100,G,2%200"),
        ("simple", True, OBJECT, "R=100,G=2%200"),
        ("label", False, "x", ".x"),
        ("label", False, LIST, ".blue,black%20brown"),
        ("label", True, LIST, ".blue.black%20brown"),
        ("label", True, OBJECT, ".R=100.G=2%200"),
        ("label", False, OBJECT, ".R,100,G,2%200"),
        ("matrix", False, "x", ";color=x"),
        ("matrix", False, LIST, ";color=blue,black%20brown"),
        ("matrix", True, LIST, ";color=blue;color=black%20brown"),
        ("matrix", True, OBJECT, ";R=100;G=2%200"),
        ("matrix", False, OBJECT, ";color=R,100,G,2%200"),
    ],
)
async def test_in_the_path(style: str | None, explode: bool | None, value: Any, path: str) -> None:
    """As the tables of OpenAPI say."""
    members = {"style": style, "explode": explode}
    given = {key: one for key, one in members.items() if one is not None}
    operation = {"parameters": [parameter("color", "path", **given)]}

    told = await asked(operation, "/of/{color}/end", color=value)

    assert told["path"] == f"/v1/of/{path}/end"


@pytest.mark.parametrize(
    ("members", "value", "query"),
    [
        ({}, "a b&c=d#e?f", "color=a%20b%26c%3Dd%23e%3Ff"),
        ({}, False, "color=false"),
        ({}, 1.5, "color=1.5"),
        ({}, "", "color="),
        ({}, LIST, "color=blue&color=black%20brown"),
        ({}, [], ""),
        ({}, OBJECT, "R=100&G=2%200"),
        ({"explode": False}, LIST, "color=blue,black%20brown"),
        ({"explode": False}, ["a,b", "c"], "color=a%2Cb,c"),
        ({"explode": False}, OBJECT, "color=R,100,G,2%200"),
        ({"style": "spaceDelimited"}, LIST, "color=blue%20black%20brown"),
        ({"style": "pipeDelimited"}, LIST, "color=blue%7Cblack%20brown"),
        ({"style": "pipeDelimited", "explode": True}, LIST, "color=blue&color=black%20brown"),
        ({"style": "pipeDelimited", "explode": False}, OBJECT, "color=R%7C100%7CG%7C2%200"),
        ({"style": "deepObject"}, OBJECT, "color%5BR%5D=100&color%5BG%5D=2%200"),
        (
            {"style": "deepObject"},
            {"a": {"b": [1, {"c": True}]}},
            "color%5Ba%5D%5Bb%5D%5B0%5D=1&color%5Ba%5D%5Bb%5D%5B1%5D%5Bc%5D=true",
        ),
        ({"allowReserved": True}, "a/b?c:d&e=#", "color=a/b?c:d%26e%3D%23"),
        (
            {"content": {"application/json": {"schema": {}}}, "schema": None},
            {"a": [1]},
            "color=%7B%22a%22%3A%5B1%5D%7D",
        ),
    ],
)
async def test_in_the_query(members: dict[str, Any], value: Any, query: str) -> None:
    """As the tables of OpenAPI say; a value never becomes a second parameter."""
    described = parameter("color", "query", **members)
    if described["schema"] is None:
        del described["schema"]

    assert (await asked({"parameters": [described]}, color=value))["query"] == query


async def test_the_whole_query_may_be_one_parameter() -> None:
    """Of OpenAPI 3.2."""
    form = {"application/x-www-form-urlencoded": {"schema": {"type": "object"}}}
    described = {"name": "filter", "in": "querystring", "content": form}

    told = await asked({"parameters": [described]}, filter={"a": "x y", "b": [1, 2]})

    assert told["query"] == "a=x%20y&b=%5B1%2C2%5D"


async def test_in_headers_and_cookies() -> None:
    """Lists and objects have commas; a cookie cannot begin another."""
    operation = {
        "parameters": [
            parameter("X-List", "header"),
            parameter("X-Pairs", "header", explode=True),
            parameter("flag", "cookie"),
            parameter("session", "cookie"),
        ]
    }
    arguments = {"X-List": [1, True], "X-Pairs": OBJECT, "flag": True, "session": "a; admin=1"}

    told = await asked(operation, **arguments)

    assert told["headers"]["x-list"] == "1,true"
    assert told["headers"]["x-pairs"] == "R=100,G=2 0"
    assert told["cookies"] == {"flag": "true", "session": "a%3B%20admin=1"}


async def test_a_header_cannot_end_early() -> None:
    """No argument begins a header of its own."""
    operation = {"parameters": [parameter("X-Name", "header")]}

    with pytest.raises(ToolError, match="header parameter 'X-Name' has control characters"):
        await asked(operation, **{"X-Name": "a\r\nAuthorization: Bearer x"})


async def test_credentials_and_framing_are_no_arguments() -> None:
    """They are the client's, whatever the document says."""
    names = ["Authorization", "Host", "Content-Type", "Cookie", "Content-Length", "X-Mine"]
    operation = {"parameters": [parameter(name, "header") for name in names]}

    told = await asked(operation, **dict.fromkeys(names, "evil"))

    assert "authorization" not in told["headers"]
    assert (told["headers"]["host"], told["headers"]["x-mine"]) == ("api.test", "evil")


async def test_parameters_of_one_name_are_told_apart() -> None:
    """By where they go; the body keeps the bare name."""
    operation = {
        "method": "put",
        "parameters": [parameter("id", "path"), parameter("id", "query"), parameter("n", "query")],
        "requestBody": {
            "content": {
                "application/json": {
                    "schema": {"type": "object", "properties": {"n": {"type": "integer"}}}
                }
            }
        },
    }

    told = await asked(operation, "/of/{id}", id__path=1, id__query=2, n__query=3, n=4)

    assert (told["path"], told["query"], told["body"]) == ("/v1/of/1", "id=2&n=3", '{"n":4}')


async def test_what_is_not_given_is_not_sent() -> None:
    """Null means the same; what nobody knows is left out."""
    described = [parameter("a", "query"), parameter("b", "query")]

    assert (await asked({"parameters": described}, a=None, unknown=1))["query"] == ""


async def test_what_is_required_has_to_be_given() -> None:
    """The error names it, and nothing is sent."""
    described = [parameter("a", "query", required=True), parameter("b", "query", required=True)]

    with pytest.raises(ToolError, match="Missing required arguments: 'b'"):
        await asked({"parameters": described}, a=1)


async def test_a_list_may_come_as_text() -> None:
    """As some models write it, where the schema allows no text."""
    described = [
        parameter("numbers", "query", schema={"type": "array", "items": {"type": "integer"}}),
        parameter("text", "query", schema={"type": "string"}),
    ]

    told = await asked({"parameters": described}, numbers="[1, 2]", text="[1]")

    assert told["query"] == "numbers=1&numbers=2&text=%5B1%5D"


async def test_what_the_path_names_is_a_parameter() -> None:
    """Also where the document forgot to declare it."""
    assert (await asked({}, "/of/{id}", id="7"))["path"] == "/v1/of/7"


async def test_operations_share_the_parameters_of_their_path() -> None:
    """And override them."""
    from fastmcp import Client
    from openapi.echo import server

    shared = [parameter("a", "query"), parameter("b", "query", description="shared")]
    own = [parameter("b", "query", description="own")]
    mcp = server({"/x": {"parameters": shared, "get": {"operationId": "act", "parameters": own}}})

    async with Client(mcp) as client:
        (tool,) = await client.list_tools()

    assert list(tool.input_schema["properties"]) == ["b", "a"]
    assert tool.input_schema["properties"]["b"]["description"] == "own"


@pytest.mark.parametrize("version", ["3.0.4", "3.1.1", "3.2.0"])
async def test_methods_of_every_version(version: str) -> None:
    """3.2 has QUERY, and names of methods that HTTP does not know."""
    from fastmcp import Client
    from openapi.echo import server

    item = {
        "trace": {"operationId": "t"},
        "query": {"operationId": "q"},
        "additionalOperations": {"SEARCH": {"operationId": "s"}},
    }
    async with Client(server({"/x": item}, version)) as client:
        names = {tool.name for tool in await client.list_tools()}
        told = await client.call_tool("q")

    assert names == ({"t", "q", "s"} if version == "3.2.0" else {"t", "q"})
    assert told.structured_content["method"] == "QUERY"
