"""How values become results, case by case: what is written how, and what cannot be sent."""

from __future__ import annotations

import array
import asyncio
import collections
import enum
import sys
import types
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from dataclasses import dataclass, is_dataclass
from typing import Annotated, Any, Literal, NamedTuple, NewType, Optional

import msgspec
import pytest
from apps import call
from conversation import ask
from pydantic import BaseModel, ConfigDict, Field

from fastmcp import Client, FastMCP
from fastmcp.exceptions import ConfigurationError, InvalidSignature, ToolError
from fastmcp.tools import ToolResult
from fastmcp.utilities.types import Image
from fastmcp.wire import CallToolResult, InputRequiredResult, TextContent

OBJECT = {"type": "object", "properties": {"a": {"type": "integer"}}}
PIXEL = {"type": "image", "data": "eA==", "mimeType": "image/png"}

UserId = NewType("UserId", str)


def pixel() -> Image:
    return Image(data=b"x", format="png")


def result_of(function: Callable[..., Any], **options: Any) -> dict[str, Any]:
    """The result of calling a tool without arguments, as it stands on the wire."""
    mcp = FastMCP("x")
    mcp.tool(function, name="f", **options)
    return ask(mcp, call("f"))["result"]


def data_of(function: Callable[..., Any], **options: Any) -> Any:
    """What the client makes of the result, with dicts and lists for objects and tuples."""
    mcp = FastMCP("x")
    mcp.tool(function, name="f", **options)

    async def main() -> Any:
        async with Client(mcp) as client:
            return (await client.call_tool("f")).data

    return without_types(asyncio.run(main()))


def without_types(value: Any) -> Any:
    """An object as the dict of its members, by their names in JSON; a tuple as a list."""
    if is_dataclass(value):
        rebuilt: Any = value
        return {name: without_types(rebuilt[name]) for name in rebuilt}
    return [without_types(each) for each in value] if isinstance(value, (list, tuple)) else value


def sent_by(function: Callable[..., Any], **options: Any) -> Any:
    """The data that stands on the wire, and the text of a tool that sends only text."""
    result = result_of(function, **options)
    if "structuredContent" not in result:
        return "".join(block["text"] for block in result["content"])
    data = result["structuredContent"]
    is_wrapped = result.get("_meta", {}).get("fastmcp", {}).get("wrap_result", False)
    return data["result"] if is_wrapped else data


def schema_of(function: Callable[..., Any], **options: Any) -> Any:
    """The output schema that clients see."""
    mcp = FastMCP("x")
    mcp.tool(function, name="f", **options)

    async def main() -> Any:
        async with Client(mcp) as client:
            return (await client.list_tools())[0].output_schema

    return asyncio.run(main())


class Pair(NamedTuple):
    left: int
    right: str


class Aliased(BaseModel):
    first_name: str = Field(alias="firstName")


class Spelt(BaseModel):
    model_config = ConfigDict(serialize_by_alias=False)

    first_name: str = Field(alias="firstName")


class Animal(BaseModel):
    name: str = "Rex"


class Dog(Animal):
    breed: str = "Collie"


class Box(msgspec.Struct):
    size: int


@dataclass
class Point:
    x: int


class Text(str):
    pass


class Level(enum.StrEnum):
    LOW = "low"


class Scalar:
    """What numbers of array libraries look like."""

    def __init__(self, value: float) -> None:
        self.value = value

    def item(self) -> float:
        return self.value


def pair() -> Pair:
    return Pair(1, "a")


def literal() -> Literal["a", "b"]:
    return "a"


def aliased() -> Aliased:
    return Aliased(firstName="Ada")


def aliased_in_a_list() -> list[Aliased]:
    return [Aliased(firstName="Ada")]


def spelt() -> Spelt:
    return Spelt(firstName="Ada")


def spelt_and_not_annotated():
    return Spelt(firstName="Ada")


def subclass() -> Animal:
    return Dog()


def subclasses() -> list[Animal]:
    return [Dog()]


def struct() -> Box:
    return Box(3)


def large() -> int:
    return 2**80


def infinite() -> dict[str, Any]:
    return {"a": float("inf"), "b": float("nan")}


def typed_array() -> list[int]:
    return array.array("i", [1, 2])  # type: ignore[return-value]


def typed_scalar() -> int:
    return Scalar(4)  # type: ignore[return-value]


def scalars_in_a_dict() -> dict[str, float]:
    return {"a": Scalar(0.5)}  # type: ignore[dict-item]


def dataclass_as_dict() -> dict[str, Any]:
    return Point(1)  # type: ignore[return-value]


def number_keys() -> dict[str, int]:
    return {1: 2}  # type: ignore[dict-item]


def containers() -> dict[str, Any]:
    return {
        "array": array.array("i", [1]),
        "box": Box(1),
        "deque": collections.deque([1]),
        "keys": {"k": 1}.keys(),
        "mapping": types.MappingProxyType({"k": 1}),
        "range": range(2),
        "scalar": Scalar(4),
        "tuple": (1, (2,)),
    }


CONTAINERS = {
    "array": [1],
    "box": {"size": 1},
    "deque": [1],
    "keys": ["k"],
    "mapping": {"k": 1},
    "range": [0, 1],
    "scalar": 4,
    "tuple": [1, [2]],
}


def empty_list() -> list:  # type: ignore[type-arg]
    return []


def anything_in_a_tuple() -> tuple[Any, ...]:
    return (1, "a")


def items() -> Iterator[int]:
    yield 1
    yield 2


async def awaited_items() -> AsyncIterator[int]:
    yield 1


def iterable() -> Iterable[int]:
    return (number for number in (1, 2))


def nested_value() -> Annotated[list[int], "the numbers"]:
    return [1]


@pytest.mark.parametrize(
    ("function", "data"),
    [
        (pair, [1, "a"]),
        (literal, "a"),
        (aliased, {"firstName": "Ada"}),
        (aliased_in_a_list, [{"firstName": "Ada"}]),
        (spelt, {"first_name": "Ada"}),
        (spelt_and_not_annotated, {"first_name": "Ada"}),
        (subclass, {"name": "Rex", "breed": "Collie"}),
        (subclasses, [{"name": "Rex", "breed": "Collie"}]),
        (struct, {"size": 3}),
        (large, 2**80),
        (infinite, {"a": None, "b": None}),
        (typed_array, [1, 2]),
        (typed_scalar, 4),
        (scalars_in_a_dict, {"a": 0.5}),
        (dataclass_as_dict, {"x": 1}),
        (number_keys, {"1": 2}),
        (containers, CONTAINERS),
        (empty_list, []),
        (anything_in_a_tuple, [1, "a"]),
        (items, [1, 2]),
        (awaited_items, [1]),
        (iterable, [1, 2]),
        (nested_value, [1]),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_data_reaches_the_client_as_its_json(function: Any, data: Any) -> None:
    """Whatever has the shape of JSON is written as what it means, and read back as that."""
    assert sent_by(function) == data
    assert data_of(function) == data


def named() -> UserId:
    return UserId("a")


def perhaps() -> Optional[str]:
    return "a"


def remarked() -> Annotated[str, "a letter"]:
    return "a"


def subclassed() -> str:
    return Text("a")


def level():
    return Level("low")


@pytest.mark.parametrize("function", [named, perhaps, remarked, subclassed, level])
def test_text_is_sent_once(function: Any) -> None:
    """There is no schema, and no second copy of the text as structured content."""
    text = "low" if function is level else "a"

    assert schema_of(function) is None
    assert result_of(function)["content"] == [{"type": "text", "text": text}]
    assert "structuredContent" not in result_of(function)
    assert data_of(function) == text


@pytest.mark.parametrize("function", [named, perhaps, remarked, subclassed])
def test_text_is_sent_twice_to_those_who_ask_for_it(function: Any) -> None:
    """With structured_text the schema promises it and the result has both forms, as in 3.x."""
    schema = schema_of(function, structured_text=True)
    result = result_of(function, structured_text=True)

    assert schema["x-fastmcp-wrap-result"] is True
    assert schema["required"] == ["result"]
    assert result["content"] == [{"type": "text", "text": "a"}]
    assert result["structuredContent"] == {"result": "a"}
    assert result["_meta"]["fastmcp"] == {"wrap_result": True}


def test_a_union_of_text_and_data_is_data() -> None:
    """A client can tell the number 3 from the text "3"."""

    def f() -> str | int:
        return 3

    assert data_of(f) == 3


def test_a_list_of_which_nothing_is_promised_is_data_all_the_same() -> None:
    """It has no schema, since it may hold blocks; without any it comes back as a list."""

    def f() -> list:  # type: ignore[type-arg]
        return [{"a": 1}]

    assert schema_of(f) is None
    assert result_of(f)["content"] == [{"type": "text", "text": '[{"a":1}]'}]
    assert result_of(f)["structuredContent"] == {"result": [{"a": 1}]}


def bare_blocks() -> list:  # type: ignore[type-arg]
    return [pixel()]


def typed_blocks() -> list[Image]:
    return [pixel()]


def tuple_of_blocks():
    return (pixel(),)


def generated_blocks() -> Iterator[Image]:
    yield pixel()


async def awaited_blocks() -> AsyncIterator[Image]:
    yield pixel()


def generator_of_blocks():
    return (pixel() for _ in range(1))


@pytest.mark.parametrize(
    "function",
    [
        bare_blocks,
        typed_blocks,
        tuple_of_blocks,
        generated_blocks,
        awaited_blocks,
        generator_of_blocks,
    ],
)
def test_blocks_in_lists_and_streams_are_content(function: Any) -> None:
    """Each item is a block of its own; nothing is promised and nothing structured is sent."""
    result = result_of(function)

    assert schema_of(function) is None
    assert result["content"] == [PIXEL]
    assert "structuredContent" not in result


def test_no_blocks_are_no_content() -> None:
    """An empty list of images says nothing, not even "[]"."""

    def f() -> list[Image]:
        return []

    assert result_of(f)["content"] == []


def test_bytes_are_text_or_else_base64() -> None:
    """UTF-8 is shown; other bytes are shown as what can be decoded again."""

    def f() -> bytes:
        return b"\xff\xfe"

    assert result_of(f)["content"] == [{"type": "text", "text": "//4="}]


def test_text_that_is_not_unicode_is_shown_escaped() -> None:
    """Names of files may hold half characters; the answer is sent all the same."""

    def f() -> str:
        return "é\udcff"

    assert result_of(f)["content"] == [{"type": "text", "text": "é\\udcff"}]


class Widget:
    pass


def bare_widget():
    return Widget()


def widget_in_a_dict() -> dict[str, Any]:
    return {"a": [Widget()]}


def widget_for_a_dict() -> dict[str, Any]:
    return Widget()  # type: ignore[return-value]


def widget_in_a_mixed_list() -> list[Any]:
    return [pixel(), Widget()]


@pytest.mark.parametrize(
    "function", [bare_widget, widget_in_a_dict, widget_for_a_dict, widget_in_a_mixed_list]
)
def test_a_value_without_json_is_an_error_that_names_its_type(function: Any) -> None:
    """The author learns which type it is, and what to return in its place."""
    with pytest.raises(ToolError, match=r"Widget cannot be written as JSON; return data \(dict"):
        data_of(function)


def test_an_exception_that_is_returned_is_no_value() -> None:
    """It has to be raised to be told."""
    with pytest.raises(ToolError, match="ValueError cannot be written"):
        data_of(lambda: ValueError("x"))


def test_an_image_inside_data_is_an_error() -> None:
    """Media are content: they stand alone or in a list."""
    with pytest.raises(ToolError, match="Image cannot be written"):
        data_of(lambda: {"picture": pixel()})


def test_bytes_inside_data_have_to_be_text() -> None:
    """The error says what to do with them."""
    with pytest.raises(ToolError, match=r"bytes that are not UTF-8.*File"):
        data_of(lambda: {"a": b"\xff"})


def test_a_model_with_a_type_is_not_taken_for_a_block() -> None:
    """A model of the author's own keeps all of its members."""

    class Message(BaseModel):
        type: Literal["text"] = "text"
        text: str
        media_url: str

    def f() -> list[Message]:
        return [Message(text="a", media_url="b")]

    assert data_of(f) == [{"type": "text", "text": "a", "media_url": "b"}]
    assert data_of(lambda: f()[0]) == {"type": "text", "text": "a", "media_url": "b"}


def test_objects_with_odd_types_are_data() -> None:
    """A `type` that is no text is nobody's business."""

    @dataclass
    class Odd:
        type: list[str]

    assert data_of(lambda: Odd(["text"])) == {"type": ["text"]}


def test_a_question_for_the_client_leaves_the_promise() -> None:
    """`Result | InputRequiredResult` promises the result."""

    def f() -> Point | InputRequiredResult:
        return Point(1)

    assert schema_of(f)["properties"] == {"x": {"type": "integer"}}
    assert data_of(f) == {"x": 1}


def test_a_serializer_writes_the_text_only() -> None:
    """Text stays as it is, data stays structured, and a serializer that fails is done without."""

    def broken(value: Any) -> str:
        raise ValueError(value)

    written = result_of(lambda: {"a": 1}, serializer=lambda value: f"a is {value['a']}")

    assert written["content"][0]["text"] == "a is 1"
    assert written["structuredContent"] == {"a": 1}
    assert result_of(lambda: "text", serializer=broken)["content"][0]["text"] == "text"
    assert result_of(lambda: {"a": 1}, serializer=broken)["content"][0]["text"] == '{"a":1}'


# Results that are whole already


@pytest.mark.parametrize("error", [False, True])
def test_a_result_of_a_client_is_handed_on(error: bool) -> None:
    """A tool that calls another server returns what it got, whatever its own annotation."""
    backend = FastMCP("backend")

    @backend.tool
    def answer() -> int:
        if error:
            raise ValueError("no")
        return 42

    front = FastMCP("front")

    @front.tool
    async def ask_backend() -> dict[str, Any]:
        async with Client(backend) as client:
            return await client.call_tool("answer", raise_on_error=False)  # type: ignore[return-value]

    async def main() -> Any:
        async with Client(front) as client:
            return await client.call_tool("ask_backend", raise_on_error=False)

    result = asyncio.run(main())

    assert (result.is_error, result.data) == (error, None if error else 42)


BLOCKS = [{"type": "text", "text": "a"}]


@pytest.mark.parametrize(
    "answer",
    [
        {"content": BLOCKS, "isError": True},
        {"content": BLOCKS, "isError": False, "structuredContent": {"a": 1}, "_meta": {"k": 1}},
        {"content": BLOCKS, "structuredContent": {"a": 1}},
        {"content": [], "isError": True},
        {"content": [TextContent(text="a")], "is_error": True, "structured_content": None},
    ],
)
def test_the_json_of_a_result_is_handed_on(answer: dict[str, Any]) -> None:
    """It is told by its members, whether they are spelt as on the wire or as in Python."""
    result = result_of(lambda: dict(answer))

    is_error = answer.get("isError", answer.get("is_error", False))
    assert result["content"] == ([] if answer["content"] == [] else BLOCKS)
    assert result.get("isError", False) is is_error
    assert result.get("structuredContent") == answer.get("structuredContent")


@pytest.mark.parametrize(
    "data",
    [
        {"content": BLOCKS},
        {"content": BLOCKS, "isError": True, "more": 1},
        {"content": "text", "isError": True},
        {"content": [{"type": "paragraph"}], "isError": True},
        {"content": [{"type": "text"}], "isError": True},
        {"content": [{"kind": "text"}], "isError": True},
        {"content": BLOCKS, "isError": "yes"},
    ],
)
def test_data_that_is_nearly_a_result_stays_data(data: dict[str, Any]) -> None:
    """A member too many, or one of another shape, and it is the tool's own."""
    result = result_of(lambda: data)

    assert result["structuredContent"] == data
    assert result.get("isError", False) is False


# Promises


@pytest.mark.parametrize("schema", [{"type": "integer"}, {}, {"$ref": "#/$defs/A"}, {"type": []}])
def test_a_schema_has_to_describe_an_object(schema: dict[str, Any]) -> None:
    """Clients of every revision read structured content as an object; the cure is told."""
    with pytest.raises(
        InvalidSignature, match=r"test_output.py:\d+: .*describe an object.*x-fastmcp-wrap"
    ):
        FastMCP("x").tool(lambda: 1, name="f", output_schema=schema)


def test_a_schema_has_to_be_json() -> None:
    """A model's class is not its schema."""
    with pytest.raises(InvalidSignature, match="model_json_schema"):
        FastMCP("x").tool(lambda: 1, name="f", output_schema=Animal)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "schema",
    [
        {"properties": {"a": {"type": "integer"}}},
        {"$ref": "#/$defs/A", "$defs": {"A": {"type": "object"}}},
    ],
)
def test_a_schema_of_an_object_may_say_so_in_other_ways(schema: dict[str, Any]) -> None:
    """The root that the protocol asks for is added."""
    assert schema_of(lambda: {"a": 1}, output_schema=schema)["type"] == "object"


def test_a_schema_may_ask_for_wrapping() -> None:
    """The value is the property `result`."""
    schema = {"type": "object", "properties": {"result": {}}, "x-fastmcp-wrap-result": True}

    assert data_of(lambda: [1], output_schema=schema) == [1]
    assert result_of(lambda: None, output_schema=schema)["structuredContent"] == {"result": None}


def test_what_is_promised_is_sent() -> None:
    """A value that is no object, or blocks alone, cannot keep the promise of one."""
    with pytest.raises(ToolError, match="promises an object and returned int"):
        data_of(lambda: 3, output_schema=OBJECT)
    with pytest.raises(ToolError, match="returned content blocks"):
        data_of(pixel, output_schema=OBJECT)


@pytest.mark.parametrize(
    ("value", "complaint"),
    [
        ({"a": "x"}, "a: 'x' is not of type 'integer'"),
        (ToolResult(structured_content={"a": "x"}), "a: 'x' is not"),
        (ToolResult("text"), "returned none"),
        (CallToolResult(content=[]), "returned none"),
    ],
)
def test_results_are_checked_where_that_is_asked_for(value: Any, complaint: str) -> None:
    """With validate_output a result that breaks the schema is an error for the model to read."""
    with pytest.raises(ToolError, match=complaint):
        data_of(lambda: value, output_schema=OBJECT, validate_output=True)


def test_a_result_that_keeps_its_promise_passes_the_check() -> None:
    """So does an error, which promises nothing."""
    checked: dict[str, Any] = {"output_schema": OBJECT, "validate_output": True}

    assert data_of(lambda: {"a": 1}, **checked) == {"a": 1}
    assert result_of(lambda: ToolResult("no", is_error=True), **checked)["isError"] is True


def test_checking_needs_a_schema_and_its_package(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is missing is told when the tool is registered."""
    with pytest.raises(InvalidSignature, match="not a JSON Schema"):
        FastMCP("x").tool(
            lambda: None,
            name="f",
            output_schema={"type": "object", "properties": 3},
            validate_output=True,
        )
    monkeypatch.setitem(sys.modules, "jsonschema", None)
    with pytest.raises(ConfigurationError, match="pip install jsonschema"):
        FastMCP("x").tool(lambda: None, name="f", output_schema=OBJECT, validate_output=True)


def test_nothing_is_fetched_to_check_a_result() -> None:
    """A reference to elsewhere is not followed."""
    schema = {"type": "object", "properties": {"a": {"$ref": "http://127.0.0.1:9/a.json"}}}

    with pytest.raises(ToolError, match=r"127\.0\.0\.1"):
        data_of(lambda: {"a": 1}, output_schema=schema, validate_output=True)
