"""A FastAPI application through MCP answers what it answers directly."""

from __future__ import annotations

import base64
import logging
from typing import Any

import httpx2
import pytest
from apps import served
from fastapi import FastAPI
from fastapi.responses import StreamingResponse

from fastmcp import Client, FastMCP
from fastmcp.exceptions import ConfigurationError, ToolError
from fastmcp.server.dependencies import get_http_headers
from openapi.shop import app

ITEM = {"name": "Watch", "tags": ["a", "b"], "maker": {"name": "M"}, "size": "large"}
TREE = {"value": 1, "children": [{"value": 2, "children": []}]}
FILE = b"\x00\xffbytes"
ENCODED = base64.b64encode(FILE).decode()
KEY = "12345678-1234-5678-1234-567812345678"

# The function, its arguments as a tool, and the same as an HTTP request.
Case = tuple[str, dict[str, Any], str, str, dict[str, Any]]
CASES: list[Case] = [
    (
        "get_item",
        {"item_id": 7, "q": "a b&c/d", "short": True},
        "GET",
        "/items/7",
        {"params": {"q": "a b&c/d", "short": "true"}},
    ),
    ("get_item", {"item_id": 404}, "GET", "/items/404", {}),
    ("get_item", {"item_id": "x"}, "GET", "/items/x", {}),
    ("create_item", ITEM, "POST", "/items/", {"json": ITEM}),
    ("create_item", {"name": ""}, "POST", "/items/", {"json": {"name": ""}}),
    (
        "replace_item",
        {"item_id": 1, "notify": True, **ITEM},
        "PUT",
        "/items/1?notify=true",
        {"json": ITEM},
    ),
    (
        "change_item",
        {"item_id": 1, "changes": {"a": None}},
        "PATCH",
        "/items/1",
        {"json": {"a": None}},
    ),
    ("delete_item", {"item_id": 1}, "DELETE", "/items/1", {}),
    ("list_items", {"ids": [1, 2], "size": "large"}, "GET", "/items/?ids=1&ids=2&size=large", {}),
    ("list_items", {}, "GET", "/items/", {}),
    ("read_file", {"path": "a/b c.txt"}, "GET", "/files/a%2Fb%20c.txt", {}),
    (
        "filtered",
        {"limit": 3, "order": "desc", "names": ["x", "y"]},
        "GET",
        "/filtered?limit=3&order=desc&names=x&names=y",
        {},
    ),
    ("filtered", {"order": "up"}, "GET", "/filtered?order=up", {}),
    ("aliased", {"item-value": "v"}, "GET", "/aliased?item-value=v", {}),
    (
        "when",
        {"day": "2026-01-02", "at": "2026-01-02T03:04:05+02:00"},
        "GET",
        "/when",
        {"params": {"day": "2026-01-02", "at": "2026-01-02T03:04:05+02:00"}},
    ),
    ("by_id", {"key": KEY}, "GET", f"/by-id/{KEY}", {}),
    (
        "headers",
        {"x-token": "t", "x-list": "a"},
        "GET",
        "/headers",
        {"headers": {"x-token": "t", "x-list": "a"}},
    ),
    ("cookies", {"session": "s1"}, "GET", "/cookies", {"headers": {"cookie": "session=s1"}}),
    (
        "form",
        {"name": "a b", "numbers": [1, 2]},
        "POST",
        "/form",
        {"data": {"name": "a b", "numbers": ["1", "2"]}},
    ),
    (
        "upload",
        {"file": ENCODED, "note": "n"},
        "POST",
        "/upload",
        {"files": {"file": FILE}, "data": {"note": "n"}},
    ),
    (
        "uploads",
        {"files": [ENCODED, ENCODED]},
        "POST",
        "/uploads",
        {"files": [("files", FILE)] * 2},
    ),
    ("raw_bytes", {"file": ENCODED}, "POST", "/bytes", {"files": {"file": FILE}}),
    (
        "two_bodies",
        {"item": ITEM, "maker": {"name": "M"}, "importance": 3},
        "POST",
        "/two",
        {"json": {"item": ITEM, "maker": {"name": "M"}, "importance": 3}},
    ),
    ("embedded", {"maker": {"name": "M"}}, "POST", "/embedded", {"json": {"maker": {"name": "M"}}}),
    ("numbers", {"values": [1, 2, 3]}, "POST", "/numbers", {"json": [1, 2, 3]}),
    (
        "text_body",
        {"text": "hello"},
        "POST",
        "/text-body",
        {"content": "hello", "headers": {"content-type": "text/plain"}},
    ),
    (
        "add_pet",
        {"pet": {"kind": "cat", "lives": 9}},
        "POST",
        "/pets",
        {"json": {"kind": "cat", "lives": 9}},
    ),
    ("add_pet", {"pet": {"kind": "cow"}}, "POST", "/pets", {"json": {"kind": "cow"}}),
    ("tree", TREE, "POST", "/tree", {"json": TREE}),
    ("plain", {}, "GET", "/plain", {}),
    ("page", {}, "GET", "/page", {}),
    ("picture", {}, "GET", "/picture", {}),
    ("stream", {}, "GET", "/stream", {}),
    ("nothing", {}, "GET", "/nothing", {}),
    ("number", {}, "GET", "/number", {}),
    ("redirect", {}, "GET", "/redirect", {}),
    ("crash", {}, "GET", "/crash", {}),
    ("teapot", {}, "GET", "/teapot", {}),
    ("secret", {}, "GET", "/secret", {}),
    ("seen", {}, "GET", "/seen", {}),
    ("options", {}, "OPTIONS", "/options", {}),
    ("versions", {}, "GET", "/versions", {}),
]


def names() -> dict[str, str]:
    """The ids of the operations, by their functions' names, to name the tools by."""
    found = {}
    for item in app.openapi()["paths"].values():
        for operation in item.values():
            operation_id = operation["operationId"]
            found[operation_id] = next(
                name for name, *_ in CASES if operation_id.startswith(name + "_")
            )
    return found


@pytest.fixture(params=["in process", "over HTTP"])
def over(request: pytest.FixtureRequest) -> str:
    return request.param


async def test_every_answer_is_that_of_the_application(over: str) -> None:
    """In this process, and over the network by its document."""
    raised = logging.getLogger("uvicorn.error")
    raised.disabled = True
    here = httpx2.ASGITransport(app=app, raise_app_exceptions=False)
    with served(app) as base:
        transport = here if over == "in process" else None
        # uvicorn closes the connection on which the application failed.
        limits = httpx2.Limits(max_keepalive_connections=0)
        async with httpx2.AsyncClient(base_url=base, transport=transport, limits=limits) as http:
            if over == "in process":
                mcp = FastMCP.from_fastapi(app, mcp_names=names())
            else:
                mcp = FastMCP.from_openapi(app.openapi(), http, mcp_names=names())
            async with Client(mcp) as client:
                tools = {tool.name for tool in await client.list_tools()}
                assert len(tools) >= 30
                assert tools == {name for name, *_ in CASES}
                for name, arguments, method, path, options in CASES:
                    direct = await http.request(method, path, **options)
                    told = await client.call_tool(name, arguments, raise_on_error=False)
                    assert_same(told, direct)
    raised.disabled = False


def assert_same(told: Any, direct: httpx2.Response) -> None:
    """A result says what a response says."""
    if direct.status_code >= 300:
        assert told.is_error
        expected = f"HTTP error {direct.status_code}: {direct.reason_phrase}"
        assert told.content[0].text == (
            f"{expected} - {direct.text}" if direct.content else expected
        )
        return
    assert not told.is_error, told.content
    kind = direct.headers.get("content-type", "")
    if not direct.content:
        assert told.content == []
    elif kind == "application/json":
        value = direct.json()
        wrapped = isinstance(value, dict) and told.structured_content == value
        assert wrapped or told.structured_content == {"result": value}
    elif kind.startswith("text/"):
        assert told.content[0].text == direct.text
    else:
        assert (told.content[0].mime_type, told.content[0].data) == (
            kind,
            base64.b64encode(direct.content).decode(),
        )


async def test_headers_of_the_caller_are_not_passed_on() -> None:
    """Unless somebody does it on purpose."""

    async def pass_on(request: httpx2.Request) -> None:
        request.headers["x-agent"] = get_http_headers().get("x-agent", "nobody")

    kwargs = {"headers": {"authorization": "Bearer ours"}, "event_hooks": {"request": [pass_on]}}
    mcp = FastMCP.from_fastapi(app, mcp_names=names(), httpx_client_kwargs=kwargs)
    from fastmcp.client.transports import StreamableHttpTransport

    with served(mcp.http_app()) as base:
        headers = {"authorization": "Bearer theirs", "x-incoming": "1", "x-agent": "me"}
        async with Client(StreamableHttpTransport(f"{base}/mcp", headers=headers)) as client:
            seen = await client.call_tool("seen")
            token = await client.call_tool("secret")

    assert seen.structured_content == {"agent": "me", "incoming": None}
    assert token.structured_content == {"result": "ours"}


async def test_names_and_settings() -> None:
    """The name is the application's title, unless another is given."""
    assert FastMCP.from_fastapi(app).name == "Shop"
    mcp = FastMCP.from_fastapi(app, "Mine", tags={"all"}, instructions="Buy")
    async with Client(mcp) as client:
        tools = await client.list_tools()

    assert (mcp.name, mcp.instructions) == ("Mine", "Buy")
    tagged = {tool.name: tool.meta["fastmcp"]["tags"] for tool in tools}
    assert tagged["versions_versions_get"] == ["all", "old", "v1"]


async def test_an_application_that_never_ends_is_left() -> None:
    """After so many bytes, or so many seconds."""
    endless = FastAPI()

    @endless.get("/much", operation_id="much")
    def much() -> StreamingResponse:
        def chunks() -> Any:
            while True:
                yield b"x" * 1_000_000

        return StreamingResponse(chunks())

    @endless.get("/long", operation_id="long")
    async def long() -> None:
        import asyncio

        await asyncio.Event().wait()

    mcp = FastMCP.from_fastapi(endless, httpx_client_kwargs={"timeout": 0.2})
    patient = FastMCP.from_fastapi(endless)
    async with Client(mcp) as client, Client(patient) as other:
        with pytest.raises(ToolError, match="HTTP request timed out"):
            await client.call_tool("long")
        with pytest.raises(ToolError, match="larger than 16 MiB"):
            await other.call_tool("much")


def test_two_event_loops_in_turn() -> None:
    """The client belongs to the loop."""
    import asyncio

    mcp = FastMCP.from_fastapi(app, mcp_names=names())

    async def once() -> Any:
        async with Client(mcp) as client:
            return (await client.call_tool("number")).data

    assert [asyncio.run(once()), asyncio.run(once())] == [1.5, 1.5]


def test_what_is_no_fastapi_application_is_refused() -> None:
    """The error says what is needed."""
    with pytest.raises(ConfigurationError, match="needs a FastAPI application"):
        FastMCP.from_fastapi(object())
