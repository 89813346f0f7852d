"""Resources that need no function: texts, bytes, files, directories and what HTTP answers."""

from __future__ import annotations

import asyncio
import base64
import os
from pathlib import Path
from typing import Any

import pytest
from apps import MODERN, request, served
from conversation import ask
from pydantic import AnyUrl
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from fastmcp import FastMCP
from fastmcp.exceptions import ConfigurationError, ResourceError
from fastmcp.resources import (
    BinaryResource,
    DirectoryResource,
    FileResource,
    HttpResource,
    Resource,
    ResourceContent,
    ResourceResult,
    TextResource,
)
from fastmcp.resources import types as by_type


def on_the_wire(resource: Resource) -> tuple[dict[str, Any], dict[str, Any]]:
    """A resource's entry in the list, and the only content of reading it."""
    mcp = FastMCP("x")
    mcp.add_resource(resource)
    [entry] = ask(mcp, request("resources/list"), MODERN)["result"]["resources"]
    answer = ask(mcp, request("resources/read", uri=resource.uri), MODERN)
    [content] = answer["result"]["contents"]
    return entry, content


def failure(resource: Resource) -> str:
    """What a client is told when reading fails."""
    with pytest.raises(ResourceError) as caught:
        asyncio.run(resource.read())
    return str(caught.value)


def test_a_text_is_listed_with_its_size() -> None:
    """In bytes, under its URI as name, as plain text."""
    entry, content = on_the_wire(TextResource(uri="note://a", text="Zürich"))

    assert entry == {"uri": "note://a", "name": "note://a", "mimeType": "text/plain", "size": 7}
    assert content == {"uri": "note://a", "mimeType": "text/plain", "text": "Zürich"}


def test_bytes_are_a_blob() -> None:
    """Without a type they are just bytes."""
    entry, content = on_the_wire(BinaryResource(uri="blob://a", data=b"\0\xff", name="b"))

    assert (entry["name"], entry["mimeType"], entry["size"]) == (
        "b",
        "application/octet-stream",
        2,
    )
    assert content["blob"] == base64.b64encode(b"\0\xff").decode()


@pytest.mark.parametrize(
    ("options", "entry"),
    [
        ({}, "text/html;profile=mcp-app"),
        ({"mime_type": "text/html"}, "text/html"),
        ({"mime_type": None}, "text/html;profile=mcp-app"),
    ],
)
def test_what_stands_under_ui_is_an_app(options: dict[str, Any], entry: str) -> None:
    """Unless its type is given."""
    assert TextResource(uri="ui://a", text="", **options).mime_type == entry


def test_the_resources_own_meta_goes_with_its_content() -> None:
    """MCP Apps read their policy there."""
    meta = {"ui": {"prefersBorder": True}}

    _, content = on_the_wire(TextResource(uri="ui://a", text="", meta=meta))

    assert content["_meta"] == meta


@pytest.mark.parametrize("uri", ["note://a", AnyUrl("note://a")])
def test_a_uri_may_be_an_object(uri: Any) -> None:
    """Such as pydantic's AnyUrl."""
    assert TextResource(uri=uri, text="").uri == "note://a"


def test_reading_gives_a_result() -> None:
    """With its contents, for code that reads resources itself."""
    result = asyncio.run(TextResource(uri="note://a", text="x", mime_type="text/x").read())

    assert [(each.content, each.mime_type) for each in result.contents] == [("x", "text/x")]


def test_contents_know_their_types_and_their_wire_form() -> None:
    """Text, bytes and data, under the URI that they are given."""
    result = ResourceResult([ResourceContent("a"), ResourceContent(b"b"), ResourceContent([1])])

    assert [each.mime_type for each in result.contents] == [
        "text/plain",
        "application/octet-stream",
        "application/json",
    ]
    assert result.to_mcp_result("x://y").contents[2].text == "[1]"
    assert result.contents[1].to_mcp_resource_contents("x://y").blob == "Yg=="


def test_a_file_is_read_when_it_is_asked_for(tmp_path: Path) -> None:
    """As it is then, line ends and all."""
    path = tmp_path / "a.txt"
    resource = FileResource(uri="file:///a.txt", path=str(path))
    path.write_bytes("Zürich\r\n".encode())

    _, content = on_the_wire(resource)

    assert content["text"] == "Zürich\r\n"
    assert content["mimeType"] == "text/plain"


@pytest.mark.parametrize(
    ("options", "mime_type", "content"),
    [
        ({}, "text/plain", {"text": "{}"}),
        ({"mime_type": "application/json"}, "application/json", {"text": "{}"}),
        ({"mime_type": "image/svg+xml"}, "image/svg+xml", {"text": "{}"}),
        ({"mime_type": "image/png"}, "image/png", {"blob": "e30="}),
        ({"is_binary": True}, "application/octet-stream", {"blob": "e30="}),
        ({"mime_type": "image/png", "is_binary": False}, "image/png", {"text": "{}"}),
        ({"encoding": "utf-16-le"}, "text/plain", {"text": "\u7d7b"}),
        ({"encoding": None}, "text/plain", {"text": "{}"}),
    ],
)
def test_a_file_is_text_or_bytes_by_its_type(
    tmp_path: Path, options: dict[str, Any], mime_type: str, content: dict[str, str]
) -> None:
    """Unless it is said which."""
    (tmp_path / "a").write_bytes(b"{}")

    _, found = on_the_wire(FileResource(uri="file:///a", path=tmp_path / "a", **options))

    assert found == {"uri": "file:///a", "mimeType": mime_type, **content}


def test_a_file_that_cannot_be_read_says_why_and_not_where(tmp_path: Path) -> None:
    """The server's paths are no business of clients."""
    (tmp_path / "latin").write_bytes(b"\xfc")

    missing = failure(FileResource(uri="file:///a", path=tmp_path / "none"))
    latin = failure(FileResource(uri="file:///b", path=tmp_path / "latin"))

    assert missing == "Cannot read file:///a: No such file or directory"
    assert latin == "file:///b is not text in utf-8"


@pytest.mark.parametrize("made", [FileResource, DirectoryResource])
def test_a_relative_path_is_refused(made: Any) -> None:
    """A server may be started anywhere; the text says what to write."""
    with pytest.raises(ConfigurationError, match=r"'a/b'.*relative.*Path\(__file__\)"):
        made(uri="file:///a", path="a/b")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two files, one of them in a folder, and links: one inside, two that lead out."""
    (tmp_path / "secret").write_text("s")
    root = tmp_path / "root"
    (root / "inner").mkdir(parents=True)
    (root / "b.txt").write_text("b")
    (root / "inner" / "a.md").write_text("a")
    os.symlink(root / "b.txt", root / "link.txt")
    os.symlink(tmp_path / "secret", root / "out.txt")
    os.symlink(tmp_path, root / "inner" / "up")
    return root


@pytest.mark.parametrize(
    ("options", "files"),
    [
        ({}, ["b.txt", "link.txt"]),
        ({"recursive": True}, ["b.txt", "inner/a.md", "link.txt"]),
        ({"recursive": True, "pattern": "*.md"}, ["inner/a.md"]),
        ({"pattern": "../*"}, []),
        ({"pattern": "inner/up/*"}, []),
    ],
)
def test_a_directory_lists_the_files_in_it(
    folder: Path, options: dict[str, Any], files: list[str]
) -> None:
    """As JSON, sorted; neither links nor patterns lead out of it."""
    listing = DirectoryResource(uri="file:///dir", path=folder, **options)

    entry, content = on_the_wire(listing)

    assert entry["mimeType"] == content["mimeType"] == "application/json"
    assert content["text"] == '{"files":[' + ",".join(f'"{name}"' for name in files) + "]}"
    assert asyncio.run(listing.list_files()) == [folder / name for name in files]


def test_a_directory_that_is_none_says_so(folder: Path) -> None:
    """Missing, or a file; an absolute pattern is refused at once."""
    missing = DirectoryResource(uri="file:///a", path=folder / "none")
    file = DirectoryResource(uri="file:///b", path=folder / "b.txt")

    assert failure(missing) == "Cannot read file:///a: No such directory"
    assert failure(file) == "Cannot read file:///b: Not a directory"
    with pytest.raises(ConfigurationError, match=r"relative to path="):
        DirectoryResource(uri="file:///c", path=folder, pattern="/etc/*")


async def source(request: Request) -> Response:
    kind = request.path_params["kind"]
    if kind == "moved":
        return RedirectResponse("/json")
    status = 200 if kind in ("json", "bytes") else 404
    return Response(b"\x89PNG" if kind == "bytes" else b'{"a":1}', status)


def test_what_http_answers_is_read() -> None:
    """Text or bytes by the resource's type; any other status is an error."""
    with served(Starlette(routes=[Route("/{kind}", source)])) as base:
        text = HttpResource(uri="web://a", url=f"{base}/json")
        data = HttpResource(uri="web://b", url=f"{base}/bytes", mime_type="image/png")

        assert on_the_wire(text)[1] == {
            "uri": "web://a",
            "mimeType": "application/json",
            "text": '{"a":1}',
        }
        assert on_the_wire(data)[1]["blob"] == "iVBORw=="
        missing, moved = (
            failure(HttpResource(uri="web://c", url=f"{base}/{kind}")) for kind in ("none", "moved")
        )

    assert missing == "Cannot read web://c: its source answered 404"
    assert moved == "Cannot read web://c: its source answered 307"
    assert "cannot be reached" in failure(HttpResource(uri="web://d", url=f"{base}/json"))


def test_the_classes_have_two_homes() -> None:
    """`fastmcp.resources` and `fastmcp.resources.types`."""
    assert by_type.TextResource is TextResource
    assert by_type.DirectoryResource is DirectoryResource


def test_a_subclass_may_have_its_own_fields_and_type() -> None:
    """Annotated fields are keywords; what `read` returns is converted."""

    class Counter(Resource, kw_only=True):
        start: int

        async def read(self) -> Any:
            return {"next": self.start + 1}

    entry, content = on_the_wire(Counter(uri="count://a", start=1, mime_type="application/x"))

    assert entry["mimeType"] == "application/x"
    assert (content["mimeType"], content["text"]) == ("application/x", '{"next":2}')
