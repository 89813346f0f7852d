"""`typing.TypedDict` means the same on every Python."""

import asyncio
import typing
from typing import Annotated, Any, NotRequired, Required, TypedDict

import typing_extensions

from fastmcp import Client, FastMCP
from fastmcp._components.schemas.rich_types import rich_value


class Inner(TypedDict):
    x: int


class Outer(TypedDict, total=False):
    """What it is."""

    a: Required[int]
    b: NotRequired[str]
    many: list[Inner]
    maybe: Inner | None
    noted: Annotated[Inner, "noted"]
    by_name: dict[str, Inner]


class InnerTwin(typing_extensions.TypedDict):
    x: int


class OuterTwin(typing_extensions.TypedDict, total=False):
    """What it is."""

    a: Required[int]
    b: NotRequired[str]
    many: list[InnerTwin]
    maybe: InnerTwin | None
    noted: Annotated[InnerTwin, "noted"]
    by_name: dict[str, InnerTwin]


def test_both_kinds_of_typed_dict_have_one_schema() -> None:
    """Required members, nesting and the docstring are those of the class."""
    ours, theirs = rich_value(Outer)[2], rich_value(OuterTwin)[2]

    assert str(ours) == str(theirs).replace("Twin", "")
    assert ours["required"] == ["a"]
    assert ours["description"] == "What it is."


def test_a_tool_takes_and_returns_one() -> None:
    """As an argument it is checked, and as a result it has an output schema."""
    mcp = FastMCP("typed")

    @mcp.tool
    def same(value: Outer) -> Outer:
        return value

    async def main() -> tuple[Any, Any, str]:
        async with Client(mcp) as client:
            [tool] = await client.list_tools()
            result = await client.call_tool("same", {"value": {"a": 1, "many": [{"x": "2"}]}})
            wrong = await client.call_tool("same", {"value": {}}, raise_on_error=False)
            return tool.output_schema, result.structured_content, wrong.content[0].text

    schema, data, refusal = asyncio.run(main())

    assert schema["required"] == ["a"]
    assert data == {"a": 1, "many": [{"x": 2}]}
    assert "value.a" in refusal


def test_other_annotations_are_left_alone() -> None:
    """What holds no TypedDict is the very same object."""
    from fastmcp._components.schemas.typed_dicts import readable

    for annotation in (int, list[int], int | None, typing.Literal["a"], Annotated[int, "n"]):
        assert readable(annotation) is annotation
