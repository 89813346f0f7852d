"""No argument leads a request to anything but the API (CVE-2026-32871)."""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fastmcp import Client, FastMCP
from fastmcp.exceptions import ConfigurationError, FastMCPError, ToolError
from fastmcp.server.providers.openapi import HTTPRoute, RequestDirector
from fastmcp.utilities.openapi import ParameterInfo
from openapi.documents import document
from openapi.echo import BASE, asked, client_of

ITEM = {"parameters": [{"name": "id", "in": "path", "required": True, "schema": {}}]}


@pytest.mark.parametrize(
    "value",
    [
        *("..", ".", "../admin", "a/../../admin", "..\\admin", "%2e%2e", "%2E%2e/admin"),
        *("%252e%252e%252fadmin", "..%2fadmin", "a%2f..%2fb", ".%2e", ["a", ".."], {"..": "a"}),
        *("..;", "..;/admin", "%2e%2e%3b", "a/.;b/c"),
    ],
)
async def test_segments_of_dots_are_refused(value: Any) -> None:
    """However they are encoded, for servers decode as often as they like."""
    with pytest.raises(ToolError, match="'id' cannot contain dot segments"):
        await asked(ITEM, "/users/{id}/keys", id=value)


@pytest.mark.parametrize("value", [["", ""], ["", ";x"]])
async def test_the_points_of_a_style_are_no_dots(value: list[str]) -> None:
    """They stand between texts that are empty, and would lead to the path of another operation."""
    label = {**ITEM["parameters"][0], "style": "label", "explode": True}

    with pytest.raises(ToolError, match=r"a path with dot segments of /users/\{id\}/keys"):
        await asked({"parameters": [label]}, "/users/{id}/keys", id=value)


async def test_a_value_that_is_encoded_without_end_is_refused() -> None:
    """Nobody sends one in earnest."""
    with pytest.raises(ToolError, match="too many encoding layers"):
        await asked(ITEM, "/users/{id}", id="%" + "25" * 20 + "2e")


@pytest.mark.parametrize("value", ["", [], {}])
async def test_an_empty_value_is_refused(value: Any) -> None:
    """It would be the path of another operation."""
    with pytest.raises(ToolError, match="'id' must not be empty"):
        await asked({"method": "delete", **ITEM}, "/users/{id}", id=value)


@pytest.mark.parametrize(
    "value",
    [
        *("//evil.test", "http://evil.test/", "/etc/passwd", "a?admin=1", "a#b", "a;b", "a@evil"),
        *("\r\nHost: evil", "a b", "ä/ö", "...", "..a", "%", "%zz", ":80", "\\\\evil", "x%00"),
    ],
)
async def test_any_other_value_stays_one_segment(value: str) -> None:
    """Encoded, and decoded it is the same."""
    told = await asked(ITEM, "/users/{id}/keys", id=value)

    before, segment, after = told["path"].rsplit("/", 2)
    assert (before, after, told["query"]) == ("/v1/users", "keys", "")
    assert unquote(segment) == value
    assert told["headers"]["host"] == "api.test"


@given(st.text())
@settings(max_examples=300)
def test_whatever_the_value_is(value: str) -> None:
    """It is refused, or the request stays where it belongs."""
    path = ParameterInfo(name="id", location="path", required=True)
    route = HTTPRoute(path="/users/{id}", method="GET", parameters=[path])
    try:
        request = RequestDirector().build(route, {"id": value}, "https://api.test/v1/")
    except FastMCPError:
        return
    except UnicodeEncodeError:
        return  # half of a surrogate pair has no UTF-8

    assert (request.url.scheme, request.url.host) == ("https", "api.test")
    segment = request.url.raw_path.decode().removeprefix("/v1/users/")
    assert not set("/?#\\") & set(segment)
    assert unquote(segment) == value


async def test_a_path_that_looks_like_a_url_is_one_of_the_api() -> None:
    """Of whichever form."""
    for path in ("//evil.test/x", "http://evil.test/x", "@evil.test/x"):
        mcp = FastMCP.from_openapi(document({path: {"get": {"operationId": "act"}}}), client_of())
        async with Client(mcp) as client:
            told = (await client.call_tool("act")).structured_content
        assert told["headers"]["host"] == "api.test"
        assert told["path"].startswith("/v1/")


@pytest.mark.parametrize("path", ["/../admin", "/a/%2e%2e/b", "/a/%252E%252e/b", "/.."])
def test_a_path_of_the_document_has_no_dots(path: str) -> None:
    """It is refused when it is read."""
    with pytest.raises(ConfigurationError, match="a path has no segments of dots"):
        FastMCP.from_openapi(document({path: {"get": {}}}), client_of())


async def test_a_query_in_a_path_stays_before_what_is_asked() -> None:
    """As some documents have it."""
    described = [{"name": "a", "in": "query", "schema": {}}]

    told = await asked({"parameters": described}, "/x?action=list#part", a="1")

    assert (told["path"], told["query"]) == ("/v1/x", "action=list&a=1")


async def test_what_the_client_adds_to_all_queries_is_kept() -> None:
    """With what is asked after it."""
    described = [{"name": "a", "in": "query", "schema": {}}, {"name": "b", "in": "query"}]
    spec = document({"/x": {"get": {"operationId": "act", "parameters": described}}})
    client = client_of(params={"key": "s&cret", "b": "default"}, headers={"X-Key": "k"})

    async with Client(FastMCP.from_openapi(spec, client)) as session:
        told = (await session.call_tool("act", {"a": "1", "b": "2"})).structured_content

    assert told["query"] == "key=s%26cret&a=1&b=2"
    assert told["headers"]["x-key"] == "k"
    assert BASE.endswith("/v1")


OPEN = {"name": "f", "in": "query", "schema": {"type": "object"}, "explode": True}
WHOLE = {"name": "f", "in": "querystring", "content": {"text/plain": {"schema": {}}}}


@pytest.mark.parametrize(
    ("parameter", "value"),
    [
        (OPEN, {"a": 1, "tenant": "other"}),
        (OPEN, {"api key": ""}),
        (WHOLE, "a=1&tenant=other"),
    ],
)
async def test_names_that_a_caller_chose_replace_nothing_of_the_client(
    parameter: dict[str, Any], value: Any
) -> None:
    """Neither its key nor for whom it speaks."""
    spec = document({"/x": {"get": {"operationId": "act", "parameters": [parameter]}}})
    client = client_of(params={"tenant": "ours", "api key": "secret"})

    async with Client(FastMCP.from_openapi(spec, client)) as session:
        with pytest.raises(ToolError, match=r"No argument can set '(tenant|api key)' in the query"):
            await session.call_tool("act", {"f": value})


async def test_names_that_the_document_gives_replace_the_clients() -> None:
    """They are what the client has for those who say nothing."""
    page = {"type": "object", "properties": {"size": {}}}
    described = [
        {"name": "page", "in": "query", "schema": {"allOf": [page]}},
        {"name": "of", "in": "query", "style": "deepObject", "schema": {"type": "object"}},
    ]
    spec = document({"/x?list=1": {"get": {"operationId": "act", "parameters": described}}})
    client = client_of(params={"size": "50", "of[a]": "0", "list": "0"})

    async with Client(FastMCP.from_openapi(spec, client)) as session:
        asked = {"page": {"size": 9}, "of": {"a": 1}}
        told = (await session.call_tool("act", asked)).structured_content

    assert told["query"] == "list=1&size=9&of%5Ba%5D=1"
