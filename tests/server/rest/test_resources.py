"""Resources over plain HTTP: found by URI, by plain name and by function, under their own type."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest

from fastmcp import FastMCP
from fastmcp.exceptions import NotFoundError, ResourceError
from fastmcp.resources import ResourceContent, ResourceResult, TextResource

from .reached import message, rest

PAGE = "<script>alert(1)</script>"


def server() -> FastMCP:
    mcp = FastMCP("resources")

    @mcp.resource("config/database")
    def database(verbose: bool = False) -> dict[str, Any]:
        """How the database is set up."""
        return {"verbose": verbose}

    @mcp.resource("data://fixed")
    def fixed() -> str:
        return "fixed"

    @mcp.resource("docs/api")
    def api() -> str:
        return "# API\n\nAll of it."

    @mcp.resource("docs/comments")
    def comments() -> str:
        return "# not a heading\nkey = 1"

    @mcp.resource("pages/index", mime_type="text/html")
    def page() -> str:
        return PAGE

    @mcp.resource("pages/logo", mime_type="image/svg+xml")
    def logo() -> str:
        return "<svg/>"

    @mcp.resource("pages/odd", mime_type="text/plain\r\nset-cookie: a=b")
    def odd() -> str:
        return "odd"

    @mcp.resource("files/bytes")
    def raw() -> bytes:
        return b"\x00\xff"

    @mcp.resource("files/picture", mime_type="image/png")
    def picture() -> bytes:
        return b"\x89PNG"

    @mcp.resource("files/both")
    def both() -> ResourceResult:
        return ResourceResult([ResourceContent("a"), ResourceContent(b"b")])

    @mcp.resource("files/none")
    def none() -> ResourceResult:
        return ResourceResult([])

    @mcp.resource("users/{name}{?greeting}")
    def user(name: str, greeting: str = "Hi") -> str:
        return f"{greeting}, {name}"

    @mcp.resource("tree://{path*}")
    def tree(path: str) -> str:
        return path

    @mcp.resource("sums://{a}/{b}", name="sum")
    def add(a: int, b: int) -> int:
        return a + b

    @mcp.resource("broken/{how}")
    def broken(how: str) -> str:
        raise {
            "said": ResourceError("The disk is full"),
            "missing": NotFoundError("No such document"),
            "crash": RuntimeError("secret"),
        }[how]

    mcp.add_resource(TextResource(uri="data://Zoë?part=1", text="odd URI", name="odd"))
    return mcp


@pytest.fixture(scope="module")
def client() -> Iterator[httpx2.Client]:
    with rest(server()) as client:
        yield client


def test_resources_and_templates_are_listed(client: httpx2.Client) -> None:
    """As the protocol lists them, each in its own list."""
    listed = client.get("/resources").json()
    templates = client.get("/resource-templates").json()

    assert listed[0] == {
        "uri": "resource://config/database",
        "name": "database",
        "description": "How the database is set up.",
        "mimeType": "text/plain",
    }
    assert [each["uriTemplate"] for each in templates][:2] == [
        "resource://users/{name}{?greeting}",
        "tree://{path*}",
    ]


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("config/database", '{"verbose":false}'),
        ("config/database?verbose=true", '{"verbose":true}'),
        ("config/database?other=1", '{"verbose":false}'),
        ("resource://config/database?verbose=true", '{"verbose":true}'),
        ("resource%3A%2F%2Fconfig%2Fdatabase?verbose=true", '{"verbose":true}'),
        ("database?verbose=true", '{"verbose":true}'),
        ("data://fixed", "fixed"),
        ("data%3A%2F%2Ffixed", "fixed"),
        ("data://fixed?_=123", "fixed"),
        ("fixed", "fixed"),
        ("users/Ada", "Hi, Ada"),
        ("users/Ada?greeting=Hello%20%26%20welcome", "Hello & welcome, Ada"),
        ("users/J%C3%BCrg", "Hi, Jürg"),
        ("users/a%2Fb", "Hi, a/b"),
        ("users/100%25%3F", "Hi, 100%?"),
        ("resource://users/Ada", "Hi, Ada"),
        ("user?name=Ada&greeting=Ho", "Ho, Ada"),
        ("user?name=a/b%3F", "Hi, a/b?"),
        ("tree://a/b/c.txt", "a/b/c.txt"),
        ("tree%3A%2F%2Fa%2Fb", "a/b"),
        ("tree?path=a/b", "a/b"),
        ("sums://1/2", "3"),
        ("sum?a=4&b=5", "9"),
        ("data%3A%2F%2FZo%C3%AB%3Fpart%3D1", "odd URI"),
        ("data://Zo%C3%AB%3Fpart%3D1", "odd URI"),
    ],
)
def test_a_resource_is_found_however_it_is_written(
    client: httpx2.Client, path: str, text: str
) -> None:
    """Its URI, also encoded as a whole; its plain name; its function's name with a query."""
    answer = client.get(f"/resources/{path}")

    assert (answer.status_code, answer.text) == (200, text)


@pytest.mark.parametrize(
    ("path", "kind", "body"),
    [
        ("config/database", "application/json", b'{"verbose":false}'),
        ("docs/api", "text/markdown; charset=utf-8", b"# API\n\nAll of it."),
        ("docs/comments", "text/plain; charset=utf-8", b"# not a heading\nkey = 1"),
        ("users/J%C3%BCrg", "text/plain; charset=utf-8", "Hi, Jürg".encode()),
        ("pages/index", "text/html; charset=utf-8", PAGE.encode()),
        ("pages/odd", "text/plain; charset=utf-8", b"odd"),
        ("files/bytes", "application/octet-stream", b"\x00\xff"),
        ("files/picture", "image/png", b"\x89PNG"),
    ],
)
def test_a_resource_is_served_as_what_it_is(
    client: httpx2.Client, path: str, kind: str, body: bytes
) -> None:
    """Its own type; of a text of which none is known, JSON and Markdown are told from the rest."""
    answer = client.get(f"/resources/{path}")

    assert (answer.headers["content-type"], answer.content) == (kind, body)
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize("path", ["pages/index", "pages/logo", "config/database", "nowhere"])
def test_nothing_runs_as_a_page_of_this_origin(client: httpx2.Client, path: str) -> None:
    """A browser guesses no type, and runs no script; active types are offered as files."""
    answer = client.get(f"/resources/{path}")

    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in answer.headers["content-security-policy"]
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert answer.headers["cross-origin-resource-policy"] == "same-origin"
    active = path.startswith("pages/")
    assert answer.headers.get("content-disposition") == ("attachment" if active else None)


def test_several_contents_are_an_array(client: httpx2.Client) -> None:
    """Each as the protocol has it."""
    uri = "resource://files/both"

    assert client.get("/resources/files/both").json() == [
        {"uri": uri, "mimeType": "text/plain", "text": "a"},
        {"uri": uri, "mimeType": "application/octet-stream", "blob": "Yg=="},
    ]
    assert client.get("/resources/files/none").json() == []


@pytest.mark.parametrize(
    ("path", "status", "text"),
    [
        ("nowhere", 404, "Resource not found: resource://nowhere"),
        ("gopher://x", 404, "Resource not found: gopher://x"),
        ("broken/said", 500, "The disk is full"),
        ("broken/missing", 404, "No such document"),
        ("broken/crash", 500, "Internal error: secret"),
        ("tree://a/%2E%2E/%2E%2E/etc/passwd", 404, "Resource not found"),
        ("tree?path=../../etc/passwd", 404, "Resource not found"),
        ("sums://1/x", 422, "Invalid parameters in sums://1/x: b: "),
        ("sum?a=1", 422, "sum needs b in the query"),
    ],
)
def test_what_cannot_be_read_is_said(
    client: httpx2.Client, path: str, status: int, text: str
) -> None:
    """404 for what is not there or leads elsewhere, 422 for values that do not fit."""
    answer = client.get(f"/resources/{path}")

    assert answer.status_code == status
    assert message(answer).startswith(text)
    if status == 422:
        assert [each["path"] for each in answer.json()["error"]["details"]] == [["b"]]


def test_head_has_the_headers_and_an_etag_saves_the_body(client: httpx2.Client) -> None:
    """A resource that did not change is not sent again."""
    got = client.get("/resources/docs/api")
    head = client.head("/resources/docs/api")
    again = client.get(
        "/resources/docs/api", headers={"if-none-match": f'"x", W/{got.headers["etag"]}'}
    )
    other = client.get("/resources/docs/api", headers={"if-none-match": '"x"'})

    same = ("content-length", "content-type", "etag", "cache-control")
    assert [head.headers[name] for name in same] == [got.headers[name] for name in same]
    assert (head.status_code, head.content) == (200, b"")
    assert got.headers["cache-control"] == "private, no-cache"
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == got.headers["etag"]
    assert (other.status_code, other.content) == (200, got.content)


def test_a_large_resource_arrives_whole() -> None:
    """A megabyte of text, and of bytes."""
    mcp = FastMCP("x")
    mcp.resource("text", name="t")(lambda: "ü" * 500_000)
    mcp.resource("bytes", name="b")(lambda: b"\x00" * 1_000_000)

    with rest(mcp) as client:
        assert client.get("/resources/text").text == "ü" * 500_000
        assert client.get("/resources/bytes").content == b"\x00" * 1_000_000


def test_a_number_that_looks_like_json_is_text() -> None:
    """Only objects and arrays are documents."""
    mcp = FastMCP("x")
    mcp.resource("version", name="v")(lambda: "1.10")
    mcp.resource("list", name="l")(lambda: json.dumps([1]))

    with rest(mcp) as client:
        assert client.get("/resources/version").headers["content-type"].startswith("text/plain")
        assert client.get("/resources/list").headers["content-type"] == "application/json"
