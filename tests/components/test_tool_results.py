"""What tools return: content for the model, structured content for programs, and its schema."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum
from pathlib import Path
from typing import Any, Optional, TypedDict
from uuid import UUID

import jsonschema
import mcp_types as official
import pytest
from apps import call, request
from conversation import REVISIONS, ask
from pydantic import BaseModel

from fastmcp import Client, FastMCP
from fastmcp.exceptions import ToolError
from fastmcp.tools import Tool, ToolResult
from fastmcp.utilities.types import Audio, File, Image
from fastmcp.wire import (
    CallToolResult,
    EmbeddedResource,
    ImageContent,
    ResourceLink,
    TextContent,
    TextResourceContents,
)

PIXEL = b"\x89PNG\r\n"
NOON = "2026-07-28T12:00:00Z"
PIXEL_64 = base64.b64encode(PIXEL).decode()


class City(TypedDict):
    name: str
    people: int


@dataclass
class Point:
    x: int
    y: float


class Person(BaseModel):
    name: str
    born: date
    home: Point | None = None


class Color(Enum):
    RED = "red"


class Having:
    """Equal to an object that has these attributes, and no others."""

    def __init__(self, **attributes: Any) -> None:
        vars(self).update(attributes)

    def __eq__(self, other: object) -> bool:
        return hasattr(other, "__dict__") and vars(self) == vars(other)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"Having({vars(self)})"


def text() -> str:
    return "Zürich 🚀"


def whole() -> int:
    return 3


def real() -> float:
    return 2.5


def truth() -> bool:
    return True


def nothing() -> None:
    return None


def maybe() -> Optional[int]:
    return None


def untyped():
    return {"a": [1, None]}


def untyped_number():
    return 3


def mapping() -> dict[str, int]:
    return {"a": 1}


def loose() -> dict[str, Any]:
    return {"a": {"b": [1, "x"]}}


def numbers() -> list[int]:
    return [1, 2]


def records() -> list[dict[str, Any]]:
    return [{"a": 1}]


def bare_list() -> list:  # type: ignore[type-arg]
    return [1, "a"]


def point() -> Point:
    return Point(1, 2)


def city() -> City:
    return {"name": "Bern", "people": 144_000}


def person() -> Person:
    return Person(name="Ada", born=date(1815, 12, 10), home=Point(1, 2.5))


def people() -> list[Person]:
    return [Person(name="Ada", born=date(1815, 12, 10))]


def union() -> int | Person:
    return 3


def pair() -> tuple[int, str]:
    return (1, "a")


def moment() -> datetime:
    return datetime(2026, 7, 28, 12, tzinfo=UTC)


def money() -> Decimal:
    return Decimal("1.50")


def identifier() -> UUID:
    return UUID(int=5)


def color() -> Color:
    return Color.RED


def path() -> Path:
    return Path("a/b")


def unique() -> set[int]:
    return {4}


def raw() -> bytes:
    return b"plain"


def generated() -> Iterator[int]:
    yield 1
    yield 2


async def awaited() -> dict[str, int]:
    return {"a": 1}


async def streamed() -> AsyncIterator[str]:
    yield "a"
    yield "b"


PERSON = {"name": "Ada", "born": "1815-12-10", "home": {"x": 1, "y": 2.5}}

# The function, the texts of its content, its structured content, what Client.call_tool().data is.
KINDS: list[tuple[Callable[..., Any], list[str], Any, Any]] = [
    (text, ["Zürich 🚀"], None, "Zürich 🚀"),
    (whole, ["3"], {"result": 3}, 3),
    (real, ["2.5"], {"result": 2.5}, 2.5),
    (truth, ["true"], {"result": True}, True),
    (nothing, [], None, None),
    (maybe, [], {"result": None}, None),
    (untyped, ['{"a":[1,null]}'], {"a": [1, None]}, {"a": [1, None]}),
    (untyped_number, ["3"], None, "3"),
    (mapping, ['{"a":1}'], {"a": 1}, {"a": 1}),
    (loose, ['{"a":{"b":[1,"x"]}}'], {"a": {"b": [1, "x"]}}, {"a": {"b": [1, "x"]}}),
    (numbers, ["[1,2]"], {"result": [1, 2]}, [1, 2]),
    (records, ['[{"a":1}]'], {"result": [{"a": 1}]}, [{"a": 1}]),
    (bare_list, ['[1,"a"]'], {"result": [1, "a"]}, [1, "a"]),
    (point, ['{"x":1,"y":2.0}'], {"x": 1, "y": 2.0}, Having(x=1, y=2.0)),
    (
        city,
        ['{"name":"Bern","people":144000}'],
        {"name": "Bern", "people": 144_000},
        Having(name="Bern", people=144_000),
    ),
    (
        person,
        ['{"name":"Ada","born":"1815-12-10","home":{"x":1,"y":2.5}}'],
        PERSON,
        Having(name="Ada", born=date(1815, 12, 10), home=Having(x=1, y=2.5)),
    ),
    (
        people,
        ['[{"name":"Ada","born":"1815-12-10","home":null}]'],
        {"result": [{**PERSON, "home": None}]},
        [Having(name="Ada", born=date(1815, 12, 10), home=None)],
    ),
    (union, ["3"], {"result": 3}, 3),
    (pair, ['[1,"a"]'], {"result": [1, "a"]}, (1, "a")),
    (moment, [f'"{NOON}"'], {"result": NOON}, datetime(2026, 7, 28, 12, tzinfo=UTC)),
    (money, ['"1.50"'], {"result": "1.50"}, "1.50"),
    (identifier, [f'"{UUID(int=5)}"'], {"result": str(UUID(int=5))}, UUID(int=5)),
    (color, ['"red"'], {"result": "red"}, "red"),
    (path, ['"a/b"'], {"result": "a/b"}, "a/b"),
    (unique, ["[4]"], {"result": [4]}, {4}),
    (raw, ["plain"], None, "plain"),
    (generated, ["[1,2]"], {"result": [1, 2]}, [1, 2]),
    (awaited, ['{"a":1}'], {"a": 1}, {"a": 1}),
    (streamed, ['["a","b"]'], {"result": ["a", "b"]}, ["a", "b"]),
]


async def listed_and_called(function: Any, **options: Any) -> tuple[Any, Any]:
    mcp = FastMCP("x")
    mcp.tool(function, name="f", **options)
    async with Client(mcp) as client:
        return (await client.list_tools())[0], await client.call_tool("f")


def result_of(function: Any, **options: Any) -> Any:
    return asyncio.run(listed_and_called(function, **options))[1]


def content_of(function: Any) -> list[dict[str, Any]]:
    """The content as it stands on the wire."""
    mcp = FastMCP("x")
    mcp.tool(function, name="f")
    return ask(mcp, call("f"))["result"]["content"]


@pytest.mark.parametrize(
    ("function", "texts", "structured", "data"), KINDS, ids=lambda v: getattr(v, "__name__", "")
)
def test_a_value_becomes_content_and_structured_content(
    function: Any, texts: list[str], structured: Any, data: Any
) -> None:
    """Each kind of value as text for the model, as data for programs, and as it is handed over."""
    result = result_of(function)

    assert [block.text for block in result.content] == texts
    assert result.structured_content == structured
    assert result.data == data
    assert result.is_error is False


@pytest.mark.parametrize("function", [kind[0] for kind in KINDS], ids=lambda f: f.__name__)
def test_structured_content_conforms_to_the_output_schema(function: Any) -> None:
    """A tool with an output schema always gives structured content that it admits."""
    tool, result = asyncio.run(listed_and_called(function))

    schema = tool.output_schema
    if schema is None:
        return
    assert schema["type"] == "object"
    jsonschema.Draft202012Validator.check_schema(schema)
    assert result.structured_content is not None
    jsonschema.validate(result.structured_content, schema)


@pytest.mark.parametrize(
    "function",
    [whole, mapping, point, city, person, people, union, maybe, awaited],
    ids=lambda f: f.__name__,
)
def test_a_typed_tool_has_an_output_schema(function: Any) -> None:
    """An annotation that says what the data is becomes a schema that refuses other data."""
    tool, _ = asyncio.run(listed_and_called(function))

    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"result": {"x": "y"}, "a": "b"}, tool.output_schema)


@pytest.mark.parametrize("revision", REVISIONS)
def test_structured_output_exists_since_2025_06_18(revision: str) -> None:
    """Before it a client sees neither outputSchema nor structuredContent, just the text."""
    mcp = FastMCP("x")
    mcp.tool(mapping)

    tool = ask(mcp, request("tools/list"), revision)["result"]["tools"][0]
    result = ask(mcp, call("mapping"), revision)["result"]

    known = revision >= "2025-06-18"
    assert ("outputSchema" in tool) is known
    assert ("structuredContent" in result) is known
    assert result["content"] == [{"type": "text", "text": '{"a":1}'}]


def test_a_value_is_made_to_fit_its_annotation() -> None:
    """What pydantic can convert is converted, so that the result keeps to the schema."""

    def f() -> Person:
        return {"name": "Ada", "born": "1815-12-10"}  # type: ignore[return-value]

    assert result_of(f).structured_content == {**PERSON, "home": None}


def test_a_value_that_breaks_its_annotation_is_a_tool_error() -> None:
    """The schema is a promise to the client: a result that breaks it is not sent."""

    def f() -> int:
        return "many"  # type: ignore[return-value]

    with pytest.raises(ToolError, match="annotation"):
        result_of(f)


def our_text() -> TextContent:
    return TextContent(text="ours")


def our_image():
    return ImageContent(data="AAAA", mime_type="image/png")


def official_text() -> official.TextContent:
    return official.TextContent(type="text", text="theirs")


def official_image():
    return official.ImageContent(type="image", data="AAAA", mime_type="image/png")


def image() -> Image:
    return Image(data=PIXEL, format="png")


def audio() -> Audio:
    return Audio(data=PIXEL, format="wav")


def text_file() -> File:
    return File(data=b"hello", format="plain", name="note")


def binary_file() -> File:
    return File(data=PIXEL, format="pdf", name="doc")


def embedded() -> EmbeddedResource:
    return EmbeddedResource(resource=TextResourceContents(uri="data://a", text="a"))


def link() -> ResourceLink:
    return ResourceLink(uri="data://a", name="a")


def mixed() -> list[Any]:
    return ["words", Image(data=PIXEL, format="png"), our_text(), official_text(), {"a": 1}, 3]


@pytest.mark.parametrize(
    ("function", "content"),
    [
        (our_text, [{"type": "text", "text": "ours"}]),
        (our_image, [{"type": "image", "data": "AAAA", "mimeType": "image/png"}]),
        (official_text, [{"type": "text", "text": "theirs"}]),
        (official_image, [{"type": "image", "data": "AAAA", "mimeType": "image/png"}]),
        (image, [{"type": "image", "data": PIXEL_64, "mimeType": "image/png"}]),
        (audio, [{"type": "audio", "data": PIXEL_64, "mimeType": "audio/wav"}]),
        (
            text_file,
            [
                {
                    "type": "resource",
                    "resource": {
                        "uri": "file:///note.plain",
                        "mimeType": "text/plain",
                        "text": "hello",
                    },
                }
            ],
        ),
        (
            binary_file,
            [
                {
                    "type": "resource",
                    "resource": {
                        "uri": "file:///doc.pdf",
                        "mimeType": "application/pdf",
                        "blob": PIXEL_64,
                    },
                }
            ],
        ),
        (embedded, [{"type": "resource", "resource": {"uri": "data://a", "text": "a"}}]),
        (link, [{"type": "resource_link", "uri": "data://a", "name": "a"}]),
        (
            mixed,
            [
                {"type": "text", "text": "words"},
                {"type": "image", "data": PIXEL_64, "mimeType": "image/png"},
                {"type": "text", "text": "ours"},
                {"type": "text", "text": "theirs"},
                {"type": "text", "text": '{"a":1}'},
                {"type": "text", "text": "3"},
            ],
        ),
    ],
    ids=lambda v: getattr(v, "__name__", ""),
)
def test_content_blocks_go_out_as_they_are(function: Any, content: list[Any]) -> None:
    """Blocks of ours and of the official package, media objects, and lists that mix them."""
    assert content_of(function) == content


@pytest.mark.parametrize(
    "function", [our_text, official_text, image, audio, text_file, embedded, link, mixed]
)
def test_a_tool_that_returns_blocks_promises_no_data(function: Any) -> None:
    """There is no output schema, and no structured content beside the blocks."""
    tool, result = asyncio.run(listed_and_called(function))

    assert tool.output_schema is None
    assert result.structured_content is None


def test_a_dict_that_looks_like_a_block_stays_data() -> None:
    """Only objects are blocks: a dict with a "type" is the tool's own data."""

    def f() -> dict[str, Any]:
        return {"type": "text", "text": "data"}

    result = result_of(f)

    assert result.structured_content == {"type": "text", "text": "data"}
    assert result.content[0].text == '{"type":"text","text":"data"}'


def test_media_are_read_from_a_path_with_its_type(tmp_path: Path) -> None:
    """The suffix tells the type of a file that is given by path."""
    picture = tmp_path / "p.jpg"
    picture.write_bytes(PIXEL)

    def f() -> list[Any]:
        return [Image(picture), File(picture)]

    first, second = content_of(f)

    assert (first["mimeType"], first["data"]) == ("image/jpeg", PIXEL_64)
    assert second["resource"]["uri"] == picture.as_uri()


def test_a_tool_result_is_sent_as_it_was_made() -> None:
    """Content, structured content, _meta and the error flag are the author's."""

    def f() -> ToolResult:
        return ToolResult(
            content=[TextContent(text="short")],
            structured_content={"a": 1},
            meta={"com.example/note": 1},
        )

    def g() -> ToolResult:
        return ToolResult(structured_content={"a": [1]})

    def h() -> ToolResult:
        return ToolResult("no", is_error=True)

    mcp = FastMCP("x")
    for function in (f, g, h):
        mcp.tool(function)

    first, second, third = (ask(mcp, call(name))["result"] for name in "fgh")

    assert first["content"] == [{"type": "text", "text": "short"}]
    assert (first["structuredContent"], first["_meta"]) == ({"a": 1}, {"com.example/note": 1})
    assert second["content"] == [{"type": "text", "text": '{"a":[1]}'}]
    assert (third["isError"], third["content"][0]["text"]) == (True, "no")


def test_a_result_of_the_protocol_passes_through() -> None:
    """Our CallToolResult and the official one are sent, not described."""

    def f() -> CallToolResult:
        return CallToolResult(content=[TextContent(text="a")], is_error=True)

    def g() -> official.CallToolResult:
        block = official.TextContent(type="text", text="a")
        return official.CallToolResult(content=[block], structured_content={"b": 1})

    mcp = FastMCP("x")
    mcp.tool(f)
    mcp.tool(g)

    first, second = (ask(mcp, call(name))["result"] for name in "fg")

    assert (first["isError"], first["content"][0]["text"]) == (True, "a")
    assert (second["structuredContent"], second["content"][0]["text"]) == ({"b": 1}, "a")


def test_the_output_schema_can_be_given_or_refused() -> None:
    """output_schema= replaces what the annotation says; None sends the content alone."""
    schema = {"type": "object", "properties": {"a": {"type": "integer"}}}

    given, result = asyncio.run(listed_and_called(loose, output_schema=schema))
    refused, without = asyncio.run(listed_and_called(whole, output_schema=None))

    assert given.output_schema == schema
    assert result.structured_content == {"a": {"b": [1, "x"]}}
    assert (refused.output_schema, without.structured_content) == (None, None)
    with pytest.raises(ValueError, match="object"):
        FastMCP("x").tool(whole, output_schema={"type": "integer"})


def test_a_subclass_of_tool_is_a_tool() -> None:
    """`run` of a user's own class does the work, and its fields describe it."""

    class Doubler(Tool):
        factor: int = 2

        async def run(self, arguments: dict[str, Any]) -> ToolResult:
            return ToolResult(structured_content={"value": arguments["value"] * self.factor})

    mcp = FastMCP("x", tools=[Doubler(name="double", description="Twice")])

    async def main() -> Any:
        async with Client(mcp) as client:
            tool = (await client.list_tools())[0]
            return tool.description, (await client.call_tool("double", {"value": 4})).data

    assert asyncio.run(main()) == ("Twice", {"value": 8})


def test_descriptions_annotations_and_meta_reach_the_client() -> None:
    """What the decorator is told stands in tools/list, and the docstring where it says nothing."""
    mcp = FastMCP("x")

    @mcp.tool(
        name="named",
        title="Titled",
        annotations={"readOnlyHint": True, "title": "hint"},
        tags={"b", "a"},
        meta={"com.example/cost": 3},
        version=2,
        icons=[{"src": "https://e.com/i.png"}],
    )
    def f() -> str:
        """Says nothing.

        At length.
        """
        return ""

    tool = ask(mcp, request("tools/list"))["result"]["tools"][0]

    assert (tool["name"], tool["title"]) == ("named", "Titled")
    assert tool["description"] == "Says nothing.\n\nAt length."
    assert tool["annotations"] == {"readOnlyHint": True, "title": "hint"}
    assert tool["icons"] == [{"src": "https://e.com/i.png"}]
    assert tool["_meta"] == {
        "com.example/cost": 3,
        "fastmcp": {"tags": ["a", "b"], "version": "2", "versions": ["2"]},
    }
