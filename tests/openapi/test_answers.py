"""What an API answers becomes results, resources and errors."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import httpx2
import pytest
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response, StreamingResponse

from fastmcp import Client, FastMCP
from fastmcp.exceptions import McpError, ToolError
from fastmcp.server.providers.openapi import MCPType, RouteMap
from openapi.documents import document
from openapi.echo import client_of

Answering = Callable[[Request], Awaitable[Response]]


def api(response: Response | Answering) -> Any:
    """An application that answers everything so."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        made = (
            response if isinstance(response, Response) else await response(Request(scope, receive))
        )
        await made(scope, receive, send)

    return app


def operation(**content: Any) -> dict[str, Any]:
    """GET /x, which answers 200 with this content."""
    responses = {"200": {"description": "", "content": content}} if content else {}
    return {"/x": {"get": {"operationId": "act", "responses": responses}}}


def promising(schema: Any) -> dict[str, Any]:
    return operation(**{"application/json": {"schema": schema}})


async def called(
    response: Response | Answering, paths: dict[str, Any] | None = None, **options: Any
) -> Any:
    mcp = FastMCP.from_openapi(document(paths or operation()), client_of(api(response)), **options)
    async with Client(mcp) as client:
        return await client.call_tool("act")


OBJECT = {"type": "object", "properties": {"id": {"type": "integer"}}, "required": ["id"]}


async def test_an_object_is_structured_content() -> None:
    """And text, as compact JSON."""
    result = await called(Response(b'{\n "id": 1\n}', media_type="application/json"))

    assert result.structured_content == {"id": 1}
    assert result.content[0].text == '{"id":1}'


@pytest.mark.parametrize("value", [[1, 2], "text", 3, None, True])
async def test_anything_else_is_wrapped(value: Any) -> None:
    """`data` is the value itself where the document promises it."""
    assert (await called(JSONResponse(value))).structured_content == {"result": value}

    promised = await called(
        JSONResponse(value), promising({}) if value is None else promising(True)
    )
    assert promised.structured_content == {"result": value}
    listed = await called(JSONResponse([1]), promising({"type": "array", "items": {}}))
    assert listed.data == [1]


@pytest.mark.parametrize(
    ("response", "text"),
    [
        (Response("héllo", media_type="text/plain"), "héllo"),
        (Response("é".encode("latin-1"), media_type="text/plain; charset=latin-1"), "é"),
        (Response("<a/>", media_type="application/xml"), "<a/>"),
        (Response(b"bare"), "bare"),
        (Response("[", media_type="application/json"), "["),
        (Response("a", media_type="text/plain; charset=nonsense"), "a"),
    ],
)
async def test_text_is_text(response: Response, text: str) -> None:
    """In the characters that the API says."""
    result = await called(response)

    assert [block.text for block in result.content] == [text]
    assert result.structured_content is None


async def test_json_that_is_called_text_is_json() -> None:
    """As some servers do."""
    result = await called(Response('{"a":1}', media_type="text/plain"))

    assert result.structured_content == {"a": 1}


async def test_bytes_are_media_and_files() -> None:
    """Of the type that the API says."""
    data = b"\x00\xff"
    image = (await called(Response(data, media_type="image/webp"))).content[0]
    sound = (await called(Response(data, media_type="audio/mpeg"))).content[0]
    file = (await called(Response(data, media_type="application/pdf"))).content[0]

    encoded = base64.b64encode(data).decode()
    assert (image.type, image.mime_type, image.data) == ("image", "image/webp", encoded)
    assert (sound.type, sound.mime_type) == ("audio", "audio/mpeg")
    assert (file.resource.mime_type, file.resource.blob) == ("application/pdf", encoded)


async def test_nothing_is_nothing() -> None:
    """Of 204, for one."""
    assert (await called(Response(status_code=204))).content == []


async def test_a_promise_is_shown_and_checked() -> None:
    """An answer that breaks it is an error, which says what to do."""
    assert (await called(JSONResponse({"id": 1}), promising(OBJECT))).structured_content == {
        "id": 1
    }
    for broken in (
        JSONResponse({"id": "x"}),
        JSONResponse([]),
        Response("x"),
        Response(status_code=204),
    ):
        with pytest.raises(ToolError, match=r"does not promise.*validate_output=False"):
            await called(broken, promising(OBJECT))


async def test_without_validation_every_answer_will_do() -> None:
    """Structured all the same."""
    mcp = FastMCP.from_openapi(
        document(promising(OBJECT)),
        client_of(api(JSONResponse({"id": "x"}))),
        validate_output=False,
    )
    async with Client(mcp) as client:
        (tool,) = await client.list_tools()
        result = await client.call_tool("act")

    assert tool.output_schema == {"type": "object", "additionalProperties": True}
    assert result.structured_content == {"id": "x"}
    for response, value in ((JSONResponse([1]), [1]), (Response("x"), "x"), (Response(b""), None)):
        odd = await called(response, promising(OBJECT), validate_output=False)
        assert odd.structured_content == {"result": value}


async def test_what_may_be_no_json_is_not_promised() -> None:
    """Nor what may be nothing; of several objects, any is."""
    json = {"application/json": {"schema": OBJECT}}
    other = {"application/json": {"schema": {"type": "object", "required": ["b"]}}}
    cases: list[tuple[dict[str, Any], Any]] = [
        ({"200": {"content": {**json, "text/csv": {}}}}, None),
        ({"200": {"content": json}, "204": {}}, None),
        ({"default": {"content": json}}, None),
        ({"201": {"content": json}}, OBJECT),
        ({"2XX": {"content": json}}, OBJECT),
        ({"200": {"content": json}, "202": {"content": json}}, OBJECT),
        (
            {"200": {"content": json}, "201": {"content": other}},
            {"type": "object", "anyOf": [OBJECT, {"type": "object", "required": ["b"]}]},
        ),
    ]
    for responses, promised in cases:
        spec = document({"/x": {"get": {"operationId": "act", "responses": responses}}})
        async with Client(FastMCP.from_openapi(spec, client_of())) as client:
            (tool,) = await client.list_tools()
        assert tool.output_schema == promised


async def test_what_is_write_only_is_not_promised() -> None:
    """Nor required."""
    properties = {"id": {}, "secret": {"writeOnly": True}}
    schema = {"type": "object", "properties": properties, "required": ["id", "secret"]}

    assert (await called(JSONResponse({"id": 1}), promising(schema))).structured_content == {
        "id": 1
    }


@pytest.mark.parametrize(
    ("response", "text"),
    [
        (JSONResponse({"detail": "no"}, 404), 'HTTP error 404: Not Found - {"detail":"no"}'),
        (Response("down", 503), "HTTP error 503: Service Unavailable - down"),
        (Response(status_code=500), "HTTP error 500: Internal Server Error"),
        (Response(b"\xff", 400, media_type="image/png"), "HTTP error 400: Bad Request"),
        (RedirectResponse("http://evil.test/"), "HTTP error 307: Temporary Redirect"),
    ],
)
async def test_a_refusal_is_an_error(response: Response, text: str) -> None:
    """With the status and what the API says, also where errors are masked."""
    with pytest.raises(ToolError) as caught:
        await called(response, mask_error_details=True)

    assert str(caught.value) == text


async def test_a_long_refusal_is_cut() -> None:
    """The model has other things to read."""
    with pytest.raises(ToolError, match=r"… \(1000000 characters\)") as caught:
        await called(Response("x" * 1_000_000, 400))

    assert len(str(caught.value)) < 5000


async def _endless(request: Request) -> Response:
    async def chunks() -> Any:
        while True:
            yield b"x" * 1_000_000
            await asyncio.sleep(0)

    return StreamingResponse(chunks())


async def test_an_answer_without_end_is_refused() -> None:
    """Before it fills the memory."""
    from apps import served

    with served(api(_endless), lifespan="off") as base:
        async with httpx2.AsyncClient(base_url=base) as http:
            mcp = FastMCP.from_openapi(document(operation()), http)
            async with Client(mcp) as client:
                with pytest.raises(ToolError, match="larger than 16 MiB"):
                    await client.call_tool("act")


async def _silent(request: Request) -> Response:
    await asyncio.Event().wait()
    raise AssertionError


@pytest.mark.parametrize("library", [httpx, httpx2])
async def test_both_libraries_have_the_same_errors(library: Any) -> None:
    """Of no answer in time, and of nobody there; the session goes on."""
    from apps import served

    with served(api(_silent), lifespan="off") as base:
        http = library.AsyncClient(base_url=base, timeout=0.2)
        async with http, Client(FastMCP.from_openapi(document(operation()), http)) as client:
            for _ in range(2):
                with pytest.raises(ToolError, match=r"HTTP request timed out \(ReadTimeout\)"):
                    await client.call_tool("act")
            assert await client.ping()
    http = library.AsyncClient(base_url=base)
    async with http, Client(FastMCP.from_openapi(document(operation()), http)) as client:
        with pytest.raises(ToolError, match=r"Request error \(ConnectError\)"):
            await client.call_tool("act")


async def test_a_tool_may_have_a_time_of_its_own() -> None:
    """Whatever the client allows."""

    def hurry(route: Any, tool: Any) -> None:
        tool.timeout = 0.05

    with pytest.raises(ToolError, match=r"'act' timed out after 0\.05 seconds"):
        await called(_silent, mcp_component_fn=hurry)


@pytest.mark.parametrize(
    ("response", "kind", "content"),
    [
        (Response('{"a": 1}', media_type="application/json"), "application/json", '{"a": 1}'),
        (JSONResponse([], media_type="application/hal+json"), "application/hal+json", "[]"),
        (Response("a,b", media_type="text/csv"), "text/csv", "a,b"),
        (Response(b"\x00\xff", media_type="text/csv-ish/odd"), "text/csv", b"\x00\xff"),
    ],
)
async def test_a_resource_is_what_the_api_answers(
    response: Response, kind: str, content: str | bytes
) -> None:
    """As text or as bytes."""
    paths = operation(**{"text/csv": {}})
    mcp = FastMCP.from_openapi(
        document(paths),
        client_of(api(response)),
        route_maps=[RouteMap(mcp_type=MCPType.RESOURCE)],
    )
    async with Client(mcp) as client:
        (found,) = await client.read_resource("resource://act")

    assert found.mime_type == kind
    if isinstance(content, str):
        assert found.text == content


async def test_a_resource_that_cannot_be_read_is_an_error() -> None:
    """With what the API says."""
    maps = [RouteMap(mcp_type=MCPType.RESOURCE)]
    spec, http = document(operation()), client_of(api(JSONResponse({"detail": "no"}, 404)))

    async with Client(FastMCP.from_openapi(spec, http, route_maps=maps)) as client:
        with pytest.raises(McpError, match="HTTP error 404: Not Found"):
            await client.read_resource("resource://act")


async def test_an_api_with_several_types_is_asked_for_json() -> None:
    """Unless the client asks for something itself."""

    async def told(request: Request) -> Response:
        return JSONResponse({"accept": request.headers["accept"]})

    paths = operation(**{"application/xml": {}, "application/json": {}})

    assert (await called(told, paths)).structured_content["accept"] == "application/json, */*;q=0.5"
    assert (await called(told)).structured_content["accept"] == "*/*"
