"""Resources: fixed and templated URIs, every kind of content, and screened paths."""

from __future__ import annotations

import asyncio
import base64
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import pytest
from apps import MODERN, request
from conversation import REVISIONS, ask

from fastmcp import Client, Context, FastMCP
from fastmcp.exceptions import McpError
from fastmcp.resources import Resource, ResourceContent, ResourceResult, ResourceTemplate


@dataclass
class Point:
    x: int


def contents_of(mcp: FastMCP, uri: str, revision: str = MODERN) -> list[dict[str, Any]]:
    """What resources/read answers, as it stands on the wire."""
    answer = ask(mcp, request("resources/read", uri=uri), revision)
    assert "result" in answer, answer
    return answer["result"]["contents"]


def read(value: Any, **options: Any) -> list[dict[str, Any]]:
    mcp = FastMCP("x")
    mcp.resource("data://a", name="a", **options)(lambda: value)
    return contents_of(mcp, "data://a")


BLOB = base64.b64encode(b"\0\xff").decode()


@pytest.mark.parametrize(
    ("value", "options", "content"),
    [
        ("Zürich", {}, {"mimeType": "text/plain", "text": "Zürich"}),
        ("{}", {"mime_type": "application/json"}, {"mimeType": "application/json", "text": "{}"}),
        (b"\0\xff", {}, {"mimeType": "application/octet-stream", "blob": BLOB}),
        (b"\0\xff", {"mime_type": "image/png"}, {"mimeType": "image/png", "blob": BLOB}),
        ({"a": [1]}, {}, {"mimeType": "application/json", "text": '{"a":[1]}'}),
        ([1, "a"], {}, {"mimeType": "application/json", "text": '[1,"a"]'}),
        (["a", "b"], {}, {"mimeType": "application/json", "text": '["a","b"]'}),
        (3.5, {}, {"mimeType": "application/json", "text": "3.5"}),
        (Point(1), {}, {"mimeType": "application/json", "text": '{"x":1}'}),
        (ResourceContent("x", "text/x"), {}, {"mimeType": "text/x", "text": "x"}),
        (
            ResourceContent({"a": 1}, meta={"com.example/n": 1}),
            {},
            {"mimeType": "application/json", "text": '{"a":1}', "_meta": {"com.example/n": 1}},
        ),
    ],
    ids=str,
)
def test_a_value_becomes_content_of_its_type(
    value: Any, options: dict[str, Any], content: dict[str, Any]
) -> None:
    """Text is text, bytes are a blob, other data is JSON; the decorator's type wins."""
    assert read(value, **options) == [{"uri": "data://a", **content}]


def test_a_result_has_several_contents_and_meta() -> None:
    """ResourceResult, and a list of ResourceContent, are several contents under one URI."""
    mcp = FastMCP("x")

    @mcp.resource("data://result")
    def result() -> ResourceResult:
        return ResourceResult([ResourceContent("a"), ResourceContent(b"\0")], {"com.e/n": 1})

    @mcp.resource("data://list")
    def several() -> list[ResourceContent]:
        return [ResourceContent("a"), ResourceContent("b", "text/b")]

    whole = ask(mcp, request("resources/read", uri="data://result"))["result"]

    assert whole["_meta"] == {"com.e/n": 1}
    assert [sorted(content) for content in whole["contents"]] == [
        ["mimeType", "text", "uri"],
        ["blob", "mimeType", "uri"],
    ]
    found = [content["mimeType"] for content in contents_of(mcp, "data://list")]
    assert found == ["text/plain", "text/b"]


def test_a_resource_that_returns_nothing_is_an_error() -> None:
    """None is no content; the client is told so."""
    mcp = FastMCP("x")
    mcp.resource("data://a", name="a")(lambda: None)

    assert ask(mcp, request("resources/read", uri="data://a"))["error"]["code"] == -32603


def test_a_resource_that_returns_what_has_no_json_is_an_error() -> None:
    """The client is told what it was, also where other errors are masked."""
    mcp = FastMCP("x", mask_error_details=True)
    mcp.resource("data://a", name="a")(lambda: object())

    error = ask(mcp, request("resources/read", uri="data://a"))["error"]
    assert error["code"] == -32603
    assert "The resource returned what cannot be sent: object cannot be written" in error["message"]


@pytest.mark.parametrize("revision", REVISIONS)
def test_fixed_resources_are_listed_and_templates_apart(revision: str) -> None:
    """Each list has its own kind, with what the decorator and the function say."""
    mcp = FastMCP("x")

    @mcp.resource("config://app", mime_type="application/json", tags={"t"})
    def config() -> str:
        """The configuration."""
        return "{}"

    @mcp.resource("greet://{name}", title="Greeting")
    def greet(name: str) -> str:
        """A greeting."""
        return name

    listed = ask(mcp, request("resources/list"), revision)["result"]["resources"]
    templates = ask(mcp, request("resources/templates/list"), revision)["result"]

    assert [(r["uri"], r["name"], r["description"], r["mimeType"]) for r in listed] == [
        ("config://app", "config", "The configuration.", "application/json")
    ]
    assert [(t["uriTemplate"], t["name"]) for t in templates["resourceTemplates"]] == [
        ("greet://{name}", "greet")
    ]
    assert ("title" in templates["resourceTemplates"][0]) is (revision >= "2025-06-18")


def test_the_function_runs_at_every_read() -> None:
    """Content is computed when it is asked for, sync, async and with the context."""
    mcp = FastMCP("x")
    count = 0

    @mcp.resource("data://count")
    def counter() -> str:
        nonlocal count
        count += 1
        return str(count)

    @mcp.resource("data://id")
    async def identity(ctx: Context) -> str:
        return ctx.request_id

    texts = [contents_of(mcp, "data://count")[0]["text"] for _ in range(2)]

    assert texts == ["1", "2"]
    assert contents_of(mcp, "data://id")[0]["text"] == "1"


def templated() -> FastMCP:
    mcp = FastMCP("x")

    @mcp.resource("one://{name}/end")
    def one(name: str) -> str:
        return f"one {name}"

    @mcp.resource("typed://{a}/{b}")
    def typed(a: int, b: float) -> dict[str, Any]:
        return {"a": a, "b": b}

    @mcp.resource("deep://{path*}")
    def deep(path: str) -> str:
        return f"deep {path}"

    @mcp.resource("deep://{path*}/raw")
    def unreachable(path: str) -> str:
        return f"raw {path}"

    @mcp.resource("query://{name}{?limit,order}")
    def query(name: str, limit: int = 10, order: str = "up") -> str:
        return f"{name} {limit} {order}"

    @mcp.resource("dash://{user-id}")
    def dashed(user_id: str) -> str:
        return user_id

    @mcp.resource("fixed://{name}")
    def general(name: str) -> str:
        return "general"

    @mcp.resource("fixed://special")
    def special() -> str:
        return "special"

    return mcp


@pytest.mark.parametrize(
    ("uri", "text"),
    [
        ("one://Ada/end", "one Ada"),
        ("one://Ad%61%20L%2Fx/end", "one Ada L/x"),
        ("one://Zürich/end", "one Zürich"),
        ("one://Z%C3%BCrich/end", "one Zürich"),
        ("typed://3/2.5", '{"a":3,"b":2.5}'),
        ("deep://a/b/c.txt", "deep a/b/c.txt"),
        ("query://books", "books 10 up"),
        ("query://books?limit=5", "books 5 up"),
        ("query://books?order=down&limit=5&other=1", "books 5 down"),
        ("query://books?order=a%26b", "books 10 a&b"),
        ("dash://7", "7"),
        ("fixed://special", "special"),
        ("fixed://other", "general"),
    ],
)
def test_a_template_fills_the_functions_parameters(uri: str, text: str) -> None:
    """Segments, {path*} across segments, {?query}, percent encoding and types."""
    contents = contents_of(templated(), uri)

    assert [(content["uri"], content["text"]) for content in contents] == [(uri, text)]


@pytest.mark.parametrize(
    "uri", ["one://a/b/end", "one:///end", "one://Ada", "one://Ada/end/more", "typed://1"]
)
def test_a_uri_of_another_form_matches_nothing(uri: str) -> None:
    """{name} is one segment, and the rest of the template is literal."""
    answer = ask(templated(), request("resources/read", uri=uri), MODERN)

    assert (answer["error"]["code"], answer["error"]["data"]) == (-32602, {"uri": uri})


@pytest.mark.parametrize(
    "path",
    [
        "../secret",
        "a/../../secret",
        "a/..",
        "..",
        "/etc/passwd",
        "%2e%2e/secret",
        "%2E%2E%2Fsecret",
        "..%5Csecret",
        "a%5C..%5Csecret",
        "%2Fetc/passwd",
        "C:%5Cwindows",
        "C:/windows",
        "a%00b",
    ],
)
@pytest.mark.parametrize("form", ["deep://{}", "one://{}/end"])
def test_a_value_that_leads_elsewhere_is_screened(form: str, path: str) -> None:
    """The function never sees a path that leaves its folder; the resource does not exist."""
    if form.startswith("one") and "/" in path:
        path = quote(path, safe="%")
    answer = ask(templated(), request("resources/read", uri=form.format(path)), MODERN)

    assert answer["error"]["code"] == -32602
    assert "Resource not found" in answer["error"]["message"]


@pytest.mark.parametrize("path", ["a..b", "...", ".hidden", "a/./b", "x.tar.gz"])
def test_dots_in_names_are_not_screened(path: str) -> None:
    """Only ".." as a whole segment leads elsewhere."""
    assert contents_of(templated(), f"deep://{path}")[0]["text"] == f"deep {path}"


def test_subclasses_read_by_themselves() -> None:
    """A user's own Resource and ResourceTemplate override `read`."""

    class Clock(Resource):
        async def read(self) -> Any:
            return f"{self.uri} ticks"

    class Echo(ResourceTemplate):
        async def read(self, arguments: dict[str, Any]) -> Any:
            return arguments["what"]

    mcp = FastMCP("x")
    mcp.add_resource(Clock(uri="clock://now"))
    mcp.add_template(Echo(uri_template="echo://{what}"))

    assert contents_of(mcp, "clock://now")[0]["text"] == "clock://now ticks"
    assert contents_of(mcp, "echo://hello")[0]["text"] == "hello"


def test_the_client_reads_text_and_bytes() -> None:
    """read_resource gives the contents; a missing one raises McpError with its code."""
    mcp = FastMCP("x")
    mcp.resource("data://text", name="t")(lambda: "text")
    mcp.resource("data://bytes", name="b")(lambda: b"\0\xff")

    async def main(mode: str) -> Any:
        async with Client(mcp, mode=mode) as client:
            text = (await client.read_resource("data://text"))[0].text
            blob = (await client.read_resource("data://bytes"))[0].blob
            with pytest.raises(McpError, match="data://none") as caught:
                await client.read_resource("data://none")
            return text, blob, caught.value.code

    assert asyncio.run(main("legacy")) == ("text", BLOB, -32002)
    assert asyncio.run(main("auto")) == ("text", BLOB, -32602)
