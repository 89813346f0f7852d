"""Bodies reach the API as their media type asks."""

from __future__ import annotations

import base64
import json
from typing import Any
from urllib.parse import parse_qsl

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from fastmcp import Client, FastMCP
from fastmcp.exceptions import ToolError
from openapi.documents import document
from openapi.echo import asked, client_of, server

PNG = b"\x89PNG\r\n\x1a\n\x00\xff"


def body(kind: str, schema: Any, *, required: bool = True, **media: Any) -> dict[str, Any]:
    """An operation that takes a body."""
    content = {kind: {"schema": schema, **media}}
    return {"requestBody": {"required": required, "content": content}}


def members(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties}


async def test_the_properties_of_an_object_are_arguments() -> None:
    """Of a reference, of all parts of a whole, and of alternatives beside them."""
    schemas = {
        "Base": {**members(id={"type": "integer"}), "required": ["id"]},
        "Cat": {"allOf": [{"$ref": "#/components/schemas/Base"}, members(lives={})]},
        "Pet": {
            "allOf": [{"$ref": "#/components/schemas/Base"}, members(name={"type": "string"})],
            "discriminator": {"propertyName": "kind", "mapping": {"cat": "Cat"}},
        },
    }
    operation = body("application/json", {"$ref": "#/components/schemas/Pet"})
    mcp = server(
        {"/x": {"post": {"operationId": "act", **operation}}}, components={"schemas": schemas}
    )

    async with Client(mcp) as client:
        (tool,) = await client.list_tools()
        told = await client.call_tool("act", {"id": 1, "name": "Tom", "lives": 9})

    assert list(tool.input_schema["properties"]) == ["id", "name", "lives"]
    assert tool.input_schema["required"] == ["id"]
    assert json.loads(told.structured_content["body"]) == {"id": 1, "name": "Tom", "lives": 9}
    assert told.structured_content["headers"]["content-type"] == "application/json"


@pytest.mark.parametrize(
    ("schema", "name", "value"),
    [
        ({"type": "array", "items": {"type": "integer"}}, "body", [1, 2]),
        ({"type": "array", "title": "Item List"}, "item_list", [{"a": 1}]),
        ({"type": "string"}, "body", "text"),
        ({"oneOf": [members(a={}), members(b={})]}, "body", {"b": 1}),
        ({"type": "object"}, "body", {"free": [None]}),
    ],
)
async def test_what_has_no_properties_is_one_argument(schema: Any, name: str, value: Any) -> None:
    """Named by its title, or else "body"."""
    told = await asked(body("application/json", schema), **{name: value})

    assert json.loads(told["body"]) == value


async def test_the_media_type_of_json_is_kept() -> None:
    """A patch is sent as one."""
    told = await asked(body("application/merge-patch+json", members(a={})), a=1)

    assert told["headers"]["content-type"] == "application/merge-patch+json"


async def test_null_is_sent_where_it_is_a_value() -> None:
    """And is the same as nothing elsewhere."""
    schema = members(a={"type": ["string", "null"]}, b={"type": "string"})

    assert json.loads((await asked(body("application/json", schema), a=None, b=None))["body"]) == {
        "a": None
    }


async def test_an_open_object_takes_more() -> None:
    """What its schema does not name goes in all the same."""
    schema = {**members(a={}), "additionalProperties": {"type": "integer"}}

    told = await asked(body("application/json", schema), a=1, other=2)

    assert json.loads(told["body"]) == {"a": 1, "other": 2}


async def test_a_body_that_is_required_is_there() -> None:
    """Even if it is empty; one that is not required is left out."""
    assert (await asked(body("application/json", members(a={}))))["body"] == "{}"
    assert (await asked(body("application/json", members(a={}), required=False)))["body"] == ""


async def test_what_is_read_only_is_no_argument() -> None:
    """Nor is it required."""
    schema = {**members(id={"readOnly": True}, a={}), "required": ["id", "a"]}

    assert json.loads((await asked(body("application/json", schema), a=1, id=2))["body"]) == {
        "a": 1
    }


async def test_forms() -> None:
    """Lists repeat their name, objects are JSON, unless the document says otherwise."""
    schema = members(
        a={"type": "string"}, tags={"type": "array"}, where={"type": "object"}, deep={}
    )
    encoding = {"deep": {"style": "deepObject", "explode": True}}
    operation = body("application/x-www-form-urlencoded", schema, encoding=encoding)

    told = await asked(operation, a="x y&z", tags=["1", "2"], where={"k": 1}, deep={"q": [7]})

    assert parse_qsl(told["body"]) == [
        ("a", "x y&z"),
        ("tags", "1"),
        ("tags", "2"),
        ("where", '{"k":1}'),
        ("deep[q][0]", "7"),
    ]
    assert told["headers"]["content-type"] == "application/x-www-form-urlencoded"


async def _form(request: Request) -> JSONResponse:
    parts = []
    async with request.form() as form:
        for name, value in form.multi_items():
            if isinstance(value, str):
                parts.append([name, value])
            else:
                content = base64.b64encode(await value.read()).decode()
                parts.append([name, value.filename, value.content_type, content])
    return JSONResponse({"parts": parts})


@pytest.mark.parametrize(
    "file", [{"type": "string", "format": "binary"}, {"type": "string", "contentMediaType": "*/*"}]
)
async def test_multipart_with_files(file: Any) -> None:
    """Bytes come as base64 and go as they are."""
    schema = members(photo=file, more={"type": "array", "items": file}, note={}, data={}, on={})
    encoding = {"photo": {"contentType": "image/png"}}
    operation = body("multipart/form-data", schema, encoding=encoding)
    spec = document({"/x": {"post": {"operationId": "act", **operation}}})
    app = Starlette(routes=[Route("/v1/x", _form, methods=["POST"])])
    encoded = base64.b64encode(PNG).decode()

    async with Client(FastMCP.from_openapi(spec, client_of(app))) as client:
        (tool,) = await client.list_tools()
        arguments = {
            "photo": encoded,
            "more": [encoded, ""],
            "note": "é",
            "data": {"a": 1},
            "on": True,
        }
        told = await client.call_tool("act", arguments)

    assert tool.input_schema["properties"]["photo"]["contentEncoding"] == "base64"
    assert tool.input_schema["properties"]["more"]["items"]["contentEncoding"] == "base64"
    assert told.structured_content["parts"] == [
        ["photo", "photo", "image/png", encoded],
        ["more", "more", "application/octet-stream", encoded],
        ["more", "more", "application/octet-stream", ""],
        ["note", "é"],
        ["data", '{"a":1}'],
        ["on", "true"],
    ]


async def test_what_is_no_base64_is_refused() -> None:
    """The error names the argument."""
    schema = members(file={"type": "string", "format": "binary"})

    with pytest.raises(ToolError, match="'file' must be the base64 of bytes"):
        await asked(body("multipart/form-data", schema), file="not base64!")


async def test_text_and_bytes() -> None:
    """A whole body that is no JSON."""
    text = await asked(body("application/xml", members(a={})), body="<a/>")
    raw = await asked(body("image/png", {}), body=base64.b64encode(PNG).decode())

    assert (text["body"], text["headers"]["content-type"]) == ("<a/>", "application/xml")
    assert (raw["body"].encode("latin-1"), raw["headers"]["content-type"]) == (PNG, "image/png")


async def test_of_several_media_types_json_is_sent() -> None:
    """Whichever comes first."""
    schema = {"schema": members(a={})}
    content = {"application/xml": schema, "application/json": schema}

    assert (await asked({"requestBody": {"content": content}}, a=1))["body"] == '{"a":1}'
