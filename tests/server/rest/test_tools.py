"""Tools over plain HTTP: listed, called with a JSON object, answered with their plain value."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest
from pydantic import BaseModel

from fastmcp import Context, FastMCP
from fastmcp.exceptions import (
    AuthorizationError,
    McpError,
    NotFoundError,
    StoreUnavailable,
    ToolError,
    ValidationError,
)
from fastmcp.tools import ToolResult
from fastmcp.types import TextContent
from fastmcp.utilities.types import Image

from .reached import message, rest


class Point(BaseModel):
    x: int
    y: int = 0


FAULTS: dict[str, Exception] = {
    "tool": ToolError("The disk is full"),
    "crash": RuntimeError("secret"),
    "forbidden": AuthorizationError("Only for editors"),
    "missing": NotFoundError("No document 7"),
    "invalid": ValidationError("a is too long"),
    "store": StoreUnavailable("Redis cannot be reached"),
    "own-code": McpError(code=-32042, message="Come later", data={"queue": 3}),
    "wrong-params": McpError(code=-32602, message="Not those"),
}


def server(**options: Any) -> FastMCP:
    mcp = FastMCP("tools", **options)

    @mcp.tool
    def add(a: int, b: int = 2) -> int:
        """Add two numbers."""
        return a + b

    @mcp.tool
    def greet(name: str = "you") -> str:
        return f"Grüße, {name}"

    @mcp.tool(name="shop/Müll-{x}")
    def oddly_named() -> str:
        return "found"

    @mcp.tool
    def move(point: Point) -> Point:
        return Point(x=point.x + 1, y=point.y)

    @mcp.tool
    def fail(how: str) -> str:
        raise FAULTS[how]

    return mcp


@pytest.fixture(scope="module")
def client() -> Iterator[httpx2.Client]:
    with rest(server()) as client:
        yield client


def test_the_list_has_what_the_protocol_lists(client: httpx2.Client) -> None:
    """Names, descriptions and schemas, with and without a slash at the end."""
    answer = client.get("/tools")

    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    add, *others = answer.json()
    assert add["name"] == "add"
    assert add["description"] == "Add two numbers."
    assert add["inputSchema"]["required"] == ["a"]
    assert [each["name"] for each in others] == ["greet", "shop/Müll-{x}", "move", "fail"]
    assert client.get("/tools/").content == answer.content


def test_a_list_in_pages_is_one_array() -> None:
    """Whatever the size of the server's pages."""
    mcp = FastMCP("x", list_page_size=2)
    for number in range(5):
        mcp.tool(lambda: None, name=f"t{number}")

    with rest(mcp) as client:
        assert [each["name"] for each in client.get("/tools").json()] == [
            "t0",
            "t1",
            "t2",
            "t3",
            "t4",
        ]
        assert client.get("/prompts").json() == []


def test_what_comes_and_goes_is_seen_at_once() -> None:
    """A tool that is added, hidden or removed while the server runs."""
    mcp = FastMCP("x")
    with rest(mcp) as client:
        names = lambda: [each["name"] for each in client.get("/tools").json()]  # noqa: E731
        mcp.tool(lambda: "a", name="a", tags={"inner"})
        mcp.tool(lambda: "b", name="b")
        assert names() == ["a", "b"]
        mcp.disable(tags={"inner"})
        assert names() == ["b"]
        hidden = client.post("/tools/a", json={})
        mcp.remove_tool("b")
        removed = client.post("/tools/b", json={})

    assert hidden.status_code == removed.status_code == 404
    assert message(hidden) == "Unknown tool: 'a'"


@pytest.mark.parametrize(
    ("path", "arguments", "value"),
    [
        ("/tools/add", {"a": 1, "b": 41}, 42),
        ("/tools/add", {"a": 1}, 3),
        ("/tools/greet", {"name": "Zoë"}, "Grüße, Zoë"),
        ("/tools/move", {"point": {"x": 1}}, {"x": 2, "y": 0}),
        ("/tools/shop%2FM%C3%BCll-%7Bx%7D", {}, "found"),
        ("/tools/shop/Müll-{x}", {}, "found"),
    ],
)
def test_a_call_gives_the_plain_value(
    client: httpx2.Client, path: str, arguments: Any, value: Any
) -> None:
    """No envelope and no `{"result": …}`; names may have slashes and be percent-encoded."""
    answer = client.post(path, json=arguments)

    assert (answer.status_code, answer.json()) == (200, value)
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["cache-control"] == "no-store"


def text_of_an_object() -> str:
    return ' {"a": [1, 2]}\n'


def no_document() -> str:
    return "[draft] {x}"


def number_as_text() -> str:
    return "1.10"


def nothing() -> None:
    return None


def without_annotation():  # type: ignore[no-untyped-def]
    return [{"a": 1}]


def picture() -> Image:
    return Image(data=b"\x89PNG", format="png")


def several() -> ToolResult:
    return ToolResult([TextContent(text="a"), TextContent(text="b")])


def wrapped_by_hand() -> dict[str, int]:
    return {"result": 5}


@pytest.mark.parametrize(
    ("function", "value"),
    [
        (text_of_an_object, {"a": [1, 2]}),
        (no_document, "[draft] {x}"),
        (number_as_text, "1.10"),
        (nothing, None),
        (without_annotation, [{"a": 1}]),
        (picture, [{"type": "image", "data": "iVBORw==", "mimeType": "image/png"}]),
        (several, [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]),
        (wrapped_by_hand, {"result": 5}),
    ],
    ids=lambda each: getattr(each, "__name__", ""),
)
def test_every_kind_of_value_has_its_json(function: Any, value: Any) -> None:
    """A text that is a JSON object or array is that; other texts are strings, blocks are blocks."""
    mcp = FastMCP("x")
    mcp.tool(function, name="f")

    with rest(mcp) as client:
        answer = client.post("/tools/f", json={})

    assert (answer.status_code, answer.json()) == (200, value)


@pytest.mark.parametrize(
    ("how", "status", "error"),
    [
        ("tool", 500, {"message": "The disk is full"}),
        ("crash", 500, {"message": "Error calling tool 'fail': secret"}),
        ("forbidden", 403, {"message": "Only for editors"}),
        ("missing", 404, {"message": "Error calling tool 'fail': No document 7"}),
        ("invalid", 422, {"message": "Invalid arguments for tool 'fail': a is too long"}),
        ("store", 503, {"message": "The store of this server cannot be reached; try again"}),
        ("own-code", 500, {"message": "Come later", "code": -32042, "details": {"queue": 3}}),
        ("wrong-params", 422, {"message": "Not those"}),
    ],
)
def test_what_a_tool_raises_is_a_status_and_a_text(
    client: httpx2.Client, how: str, status: int, error: Any
) -> None:
    """In one shape, whatever it was."""
    answer = client.post("/tools/fail", json={"how": how})

    assert (answer.status_code, answer.json()) == (status, {"error": error})
    assert ("retry-after" in answer.headers) == (status == 503)


def test_masked_errors_stay_masked() -> None:
    """`mask_error_details` hides what was not written for clients, here as everywhere."""
    with rest(server(mask_error_details=True)) as client:
        crash = client.post("/tools/fail", json={"how": "crash"})
        said = client.post("/tools/fail", json={"how": "tool"})

    assert (crash.status_code, message(crash)) == (500, "Error calling tool 'fail'")
    assert message(said) == "The disk is full"


def test_arguments_that_do_not_fit_are_told_one_by_one(client: httpx2.Client) -> None:
    """422 with the path of each and what is wrong with it, and nothing of the values."""
    answer = client.post("/tools/move", json={"point": {"x": "far away"}, "speed": 3})

    assert answer.status_code == 422
    assert message(answer).startswith("Invalid arguments for tool 'move': point.x: ")
    assert [(each["path"], each["message"]) for each in answer.json()["error"]["details"]] == [
        (["point", "x"], "Input should be a valid integer, unable to parse string as an integer"),
        (["speed"], "is not a parameter"),
    ]
    assert "far away" not in answer.text


@pytest.mark.parametrize(
    ("headers", "body", "status"),
    [
        ({"content-type": "application/json"}, b"", 200),
        ({"content-type": "Application/JSON; charset=utf-8"}, b"{}", 200),
        ({"content-type": "application/json"}, b"[]", 400),
        ({"content-type": "application/json"}, b'"text"', 400),
        ({"content-type": "application/json"}, b"null", 400),
        ({"content-type": "application/json"}, b"{", 400),
        ({"content-type": "application/json"}, b'{"name": "\xff"}', 400),
        ({"content-type": "application/json"}, b'{},"name":"add"', 400),
        ({"content-type": "application/json"}, b'{"a":' * 100_000, 400),
        ({"content-type": "application/x-www-form-urlencoded"}, b"name=x", 415),
        ({"content-type": "text/plain"}, b"{}", 415),
        ({"content-type": "multipart/form-data; boundary=x"}, b"--x--", 415),
        ({}, b"{}", 415),
        ({}, b"", 415),
        ({"content-type": "application/json", "content-encoding": "gzip"}, b"{}", 415),
    ],
    ids=lambda each: repr(each)[:60],
)
def test_only_a_json_object_is_read(
    client: httpx2.Client, headers: dict[str, str], body: bytes, status: int
) -> None:
    """What a browser would send for a page of any origin, a form or plain text, is refused."""
    answer = client.post("/tools/greet", content=body, headers=headers)

    assert answer.status_code == status
    if status != 200:
        assert message(answer)


def test_a_name_twice_in_the_body_changes_no_other_tool(client: httpx2.Client) -> None:
    """The body is the arguments, whatever it says."""
    body = b'{"name": "Ada", "name": "Bea", "_meta": {}}'
    answer = client.post("/tools/greet", content=body, headers={"content-type": "application/json"})

    assert answer.status_code == 422
    assert answer.json()["error"]["details"] == [
        {"path": ["_meta"], "message": "is not a parameter"}
    ]


def test_other_methods_are_told_what_there_is(client: httpx2.Client) -> None:
    """405 with Allow."""
    got, put, posted = client.get("/tools/add"), client.put("/tools/add"), client.post("/tools")

    assert {got.status_code, put.status_code, posted.status_code} == {405}
    assert got.headers["allow"] == put.headers["allow"] == "POST"
    assert posted.headers["allow"] == "GET, HEAD"
    assert message(got) == "GET is not for this path; use POST"


def test_what_a_tool_asks_its_client_fails_with_the_way_out() -> None:
    """Nobody can be asked over REST: 501, and no round of input."""
    mcp = FastMCP("x")

    @mcp.tool
    async def ask(ctx: Context) -> str:
        return str(await ctx.elicit("Sure?", response_type=bool))

    @mcp.tool
    async def think(ctx: Context) -> str:
        return str(await ctx.sample("Think"))

    @mcp.tool
    async def careful(ctx: Context) -> str:
        await ctx.report_progress(1, 2)
        await ctx.info("unheard")
        try:
            await ctx.elicit("Sure?", response_type=bool)
        except Exception:
            return "unasked"
        return "asked"

    with rest(mcp) as client:
        asked, thought = client.post("/tools/ask", json={}), client.post("/tools/think", json={})
        assert client.post("/tools/careful", json={}).json() == "unasked"

    assert asked.status_code == thought.status_code == 501
    assert message(asked) == (
        "elicitation/create asks the client, and a REST request cannot be asked; use MCP for this"
    )


def test_a_version_is_chosen_by_name() -> None:
    """`name@version`, as everywhere."""
    mcp = FastMCP("x")
    mcp.tool(lambda: "old", name="f", version="1")
    mcp.tool(lambda: "new", name="f", version="2")

    with rest(mcp) as client:
        assert client.post("/tools/f", json={}).json() == "new"
        assert client.post("/tools/f@1", json={}).json() == "old"
        assert len(client.get("/tools").json()) == 1


def test_many_calls_at_once_do_not_wait_for_each_other(client: httpx2.Client) -> None:
    """Each request is served by itself."""

    async def main() -> list[int]:
        async with httpx2.AsyncClient(base_url=client.base_url, timeout=20) as many:
            answers = await asyncio.gather(
                *(many.post("/tools/add", json={"a": n, "b": n}) for n in range(50))
            )
        return [answer.json() for answer in answers]

    assert asyncio.run(main()) == [2 * n for n in range(50)]
