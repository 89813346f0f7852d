"""Resources: data under URIs that a client can read."""

import json
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from apps import served
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route

from fastmcp import Client, FastMCP
from fastmcp.exceptions import InvalidSignature, McpError


async def test_a_function_is_a_resource() -> None:
    """It runs at every read; text is text, bytes are a blob, and all else is JSON."""
    # snippet: first
    from fastmcp import Client, FastMCP

    mcp = FastMCP("Library")

    @mcp.resource("library://hours")
    def hours() -> dict[str, str]:
        """When the library is open."""
        return {"monday": "9-17"}

    @mcp.resource("library://logo", mime_type="image/png")
    def logo() -> bytes:
        return b"\x89PNG\r\n"

    async with Client(mcp) as client:
        [content] = await client.read_resource("library://hours")

    assert content.text == '{"monday":"9-17"}'
    assert content.mime_type == "application/json"
    # end
    async with Client(mcp) as client:
        listed = await client.list_resources()
        [image] = await client.read_resource("library://logo")

    assert [str(each.uri) for each in listed] == ["library://hours", "library://logo"]
    assert (listed[0].name, listed[0].description) == ("hours", "When the library is open.")
    assert (image.mime_type, image.blob) == ("image/png", "iVBORw0K")


async def test_the_decorator_says_what_a_resource_is() -> None:
    """As for tools; annotations say for whom it is, and how much it matters."""
    mcp = FastMCP("Library")

    # snippet: described
    @mcp.resource(
        "library://rules",
        name="House rules",
        title="What not to do here",
        description="No food, no drinks, no noise.",
        mime_type="text/markdown",
        annotations={"audience": ["user"], "priority": 0.3},
        tags={"public"},
    )
    async def rules() -> str:
        return "# House rules"

    # end
    async with Client(mcp) as client:
        [listed] = await client.list_resources()

    assert (listed.name, listed.title) == ("House rules", "What not to do here")
    assert listed.annotations is not None and listed.annotations.audience == ["user"]


async def test_a_plain_name_will_do() -> None:
    """It is the short form of a URI, on the server and on the client."""
    # snippet: plain-name
    mcp = FastMCP("Settings")

    @mcp.resource("config/database")
    def database() -> str:
        return "postgres://localhost"

    async with Client(mcp) as client:
        [listed] = await client.list_resources()
        [content] = await client.read_resource("config/database")

    assert str(listed.uri) == "resource://config/database"
    assert content.text == "postgres://localhost"
    # end


async def test_one_read_may_give_several_contents() -> None:
    """Each of its own type; `meta` goes with a content, or with the whole."""
    mcp = FastMCP("Library")

    # snippet: several
    from fastmcp.resources import ResourceContent, ResourceResult

    @mcp.resource("library://catalogue")
    def catalogue() -> ResourceResult:
        return ResourceResult(
            [
                ResourceContent({"books": 2}, meta={"com.example/checked": True}),
                ResourceContent("title;author\n", mime_type="text/csv"),
            ],
            meta={"com.example/edition": 7},
        )

    # end
    async with Client(mcp) as client:
        result = await client.read_resource_mcp("library://catalogue")

    assert [each.mime_type for each in result.contents] == ["application/json", "text/csv"]
    assert result.contents[0].meta == {"com.example/checked": True}
    assert result.meta is not None and result.meta["com.example/edition"] == 7


@pytest.fixture
def _shelf_and_weather(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A directory with a file, and an HTTP server that answers with JSON."""

    async def weather(_: Any) -> JSONResponse:
        return JSONResponse({"celsius": 21})

    (tmp_path / "shelf").mkdir()
    (tmp_path / "shelf" / "a.txt").write_text("Zürich", "utf-8")
    monkeypatch.chdir(tmp_path)
    with served(Starlette(routes=[Route("/now", weather)])) as base:
        monkeypatch.setenv("WEATHER_URL", f"{base}/now")
        yield


@pytest.mark.usefixtures("_shelf_and_weather")
async def test_what_is_there_already_needs_no_function() -> None:
    """Texts, bytes, files, directories and what another server answers."""
    mcp = FastMCP("Library")

    # snippet: classes
    import os
    from pathlib import Path

    from fastmcp.resources import (
        BinaryResource,
        DirectoryResource,
        FileResource,
        HttpResource,
        TextResource,
    )

    shelf = Path("shelf").resolve()

    mcp.add_resource(TextResource(uri="library://motto", text="Read more."))
    mcp.add_resource(BinaryResource(uri="library://key", data=b"\x00\x01"))
    mcp.add_resource(FileResource(uri="library://a", path=shelf / "a.txt"))
    mcp.add_resource(DirectoryResource(uri="library://shelf", path=shelf, pattern="*.txt"))
    mcp.add_resource(HttpResource(uri="library://weather", url=os.environ["WEATHER_URL"]))
    # end
    async with Client(mcp) as client:
        names = ("motto", "a", "shelf", "weather")
        read = {n: (await client.read_resource(f"library://{n}"))[0].text for n in names}

    assert (read["motto"], read["a"]) == ("Read more.", "Zürich")
    assert json.loads(read["shelf"]) == {"files": ["a.txt"]}
    assert json.loads(read["weather"]) == {"celsius": 21}


async def test_a_query_fills_optional_parameters() -> None:
    """Of a resource with a fixed URI; without a query they have their defaults."""
    mcp = FastMCP("Library")

    # snippet: query
    @mcp.resource("library://news")
    def news(limit: int = 10) -> str:
        return f"{limit} news"

    async with Client(mcp) as client:
        [few] = await client.read_resource("library://news?limit=3")

    assert few.text == "3 news"
    # end
    async with Client(mcp) as client:
        [all_] = await client.read_resource("library://news")
    assert all_.text == "10 news"


async def test_a_failure_is_told_apart_from_absence() -> None:
    """The text of a ResourceError goes to the client."""
    mcp = FastMCP("Library")

    # snippet: failing
    from fastmcp.exceptions import ResourceError

    @mcp.resource("library://archive")
    def archive() -> str:
        raise ResourceError("The archive is closed on Mondays")

    # end
    async with Client(mcp) as client:
        with pytest.raises(McpError, match="closed on Mondays"):
            await client.read_resource("library://archive")
        with pytest.raises(McpError, match="Resource not found: library://nowhere"):
            await client.read_resource("library://nowhere")


async def test_a_class_can_be_a_resource() -> None:
    """With fields of its own."""
    mcp = FastMCP("Library")

    # snippet: own-class
    from fastmcp.resources import Resource

    class Shelf(Resource):
        books: list[str]

        async def read(self) -> list[str]:
            return sorted(self.books)

    mcp.add_resource(Shelf(uri="library://new", books=["Ulysses", "Emma"]))
    # end
    async with Client(mcp) as client:
        [content] = await client.read_resource("library://new")

    assert content.text == '["Emma","Ulysses"]'


async def test_what_surprises() -> None:
    """A URI is needed, nothing is kept, and JSON in a text is text."""
    mcp = FastMCP("Library")
    numbers = count()

    with pytest.raises(InvalidSignature, match="needs a URI before the function"):

        @mcp.resource  # type: ignore[arg-type]
        def wrong() -> str: ...

    @mcp.resource("library://next")
    def following() -> str:
        return json.dumps({"next": next(numbers)})

    async with Client(mcp) as client:
        [first] = await client.read_resource("library://next")
        [second] = await client.read_resource("library://next")

    assert (first.text, second.text) == ('{"next": 0}', '{"next": 1}')
    assert first.mime_type == "text/plain"
