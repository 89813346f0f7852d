"""Arguments: what a tool asks for, and what becomes of that which does not fit."""

from typing import Any

import pytest

from fastmcp import Client, FastMCP
from fastmcp.exceptions import ToolError


def properties(tool: Any) -> dict[str, Any]:
    return tool.input_schema["properties"]


async def test_annotations_are_the_schema() -> None:
    """Any type that pydantic knows; a default makes an argument optional."""
    # snippet: first
    from datetime import date
    from typing import Literal

    from fastmcp import Client, FastMCP

    mcp = FastMCP("Travel")

    @mcp.tool
    def find_trains(
        start: str,
        end: str,
        day: date,
        seat: Literal["first", "second"] = "second",
        via: list[str] | None = None,
    ) -> str:
        return f"{start} to {end} on {day:%A}, {seat} class"

    async with Client(mcp) as client:
        result = await client.call_tool(
            "find_trains", {"start": "Bern", "end": "Rome", "day": "2026-07-28"}
        )

    assert result.data == "Bern to Rome on Tuesday, second class"
    # end
    async with Client(mcp) as client:
        [tool] = await client.list_tools()
    assert tool.input_schema["required"] == ["start", "end", "day"]
    assert tool.input_schema["additionalProperties"] is False
    assert properties(tool)["day"] == {"type": "string", "format": "date"}
    assert properties(tool)["seat"] == {
        "type": "string",
        "enum": ["first", "second"],
        "default": "second",
    }


async def test_arguments_are_described_and_limited() -> None:
    """In the docstring, by a text in the annotation, or by a Field that can say more."""
    # snippet: described
    from typing import Annotated

    from pydantic import Field

    mcp = FastMCP("Travel")

    @mcp.tool
    def book_seat(
        train: str,
        seats: Annotated[int, Field(ge=1, le=9, description="How many seats")] = 1,
        name: Annotated[str, "On whose name"] = "",
    ) -> None:
        """Book seats in a train.

        Args:
            train: The train's number, such as EC 59
        """

    async with Client(mcp) as client:
        [tool] = await client.list_tools()

    assert tool.description == "Book seats in a train."
    assert tool.input_schema["properties"] == {
        "train": {"type": "string", "description": "The train's number, such as EC 59"},
        "seats": {
            "type": "integer",
            "minimum": 1,
            "maximum": 9,
            "default": 1,
            "description": "How many seats",
        },
        "name": {"type": "string", "default": "", "description": "On whose name"},
    }
    # end


async def test_models_arrive_as_models() -> None:
    """Classes of pydantic, dataclasses and TypedDicts, one within the other."""
    mcp = FastMCP("Travel")

    # snippet: models
    from dataclasses import dataclass

    from pydantic import BaseModel

    @dataclass
    class Passenger:
        name: str
        age: int = 30

    class Order(BaseModel):
        train: str
        passengers: list[Passenger]

    @mcp.tool
    def order(order: Order) -> int:
        return sum(passenger.age for passenger in order.passengers)

    # end
    sent = {"train": "EC 59", "passengers": [{"name": "Ada"}, {"name": "Bo", "age": 5}]}
    async with Client(mcp) as client:
        [tool] = await client.list_tools()
        result = await client.call_tool("order", {"order": sent})

    assert result.data == 35
    inlined = properties(tool)["order"]["properties"]["passengers"]["items"]
    assert inlined["required"] == ["name"]
    assert "$ref" not in str(tool.input_schema)


async def test_references_stay_where_they_are_wanted() -> None:
    """Most clients read schemas better without them."""
    # snippet: references
    referring = FastMCP("Travel", dereference_schemas=False)
    # end
    from dataclasses import dataclass

    @dataclass
    class Place:
        name: str

    @referring.tool
    def visit(place: Place) -> None: ...

    async with Client(referring) as client:
        [tool] = await client.list_tools()
    assert "$defs" in tool.input_schema


async def test_what_is_meant_is_accepted() -> None:
    """Numbers in texts, JSON in texts, and None where it is the default."""
    mcp = FastMCP("Travel")

    # snippet: lax
    @mcp.tool
    def plan(days: int, cities: list[str], budget: float | None = None) -> str:
        return f"{days} days, {len(cities)} cities, {budget}"

    async with Client(mcp) as client:
        result = await client.call_tool(
            "plan", {"days": "3", "cities": '["Bern", "Rome"]', "budget": None}
        )

    assert result.data == "3 days, 2 cities, None"
    # end

    @mcp.tool
    def spend(budget: float = None) -> bool:  # type: ignore[assignment]  # noqa: RUF013
        return budget is None

    async with Client(mcp) as client:
        assert (await client.call_tool("spend", {"budget": None})).data is True


async def test_a_refusal_says_what_to_send_again() -> None:
    """Which arguments, what is wrong with each, and what an unknown one may have meant."""
    mcp = FastMCP("Travel")

    @mcp.tool
    def book_seat(train: str, seats: int = 1) -> None: ...

    # snippet: refused
    async with Client(mcp) as client:
        refused = await client.call_tool(
            "book_seat", {"train": "EC 59", "seat": 2}, raise_on_error=False
        )

    assert refused.text() == (
        "Invalid arguments for tool 'book_seat': seat: is not a parameter "
        "(the nearest is seats). Call again with 'seat' renamed to 'seats'."
    )
    # end


async def test_a_server_can_be_strict() -> None:
    """Then only the right types will do; a tool can be strict alone."""
    # snippet: strict
    mcp = FastMCP("Travel", strict_input_validation=True)

    @mcp.tool
    def wait(minutes: int) -> int:
        return minutes

    @mcp.tool(strict=False)
    def ring(times: int) -> int:
        return times

    # end
    async with Client(mcp) as client:
        with pytest.raises(ToolError, match="minutes: Input should be a valid integer"):
            await client.call_tool("wait", {"minutes": "3"})
        assert (await client.call_tool("ring", {"times": "3"})).data == 3


async def test_text_of_several_lines_is_asked_for() -> None:
    """For clients that show forms."""
    mcp = FastMCP("Travel")

    # snippet: textarea
    from fastmcp.types import Textarea

    @mcp.tool
    def complain(text: Textarea) -> None: ...

    # end
    async with Client(mcp) as client:
        [tool] = await client.list_tools()
    assert properties(tool)["text"] == {"type": "string", "format": "textarea"}


def test_a_mistake_is_told_when_the_program_starts() -> None:
    """With the line, the mistake and the cure."""
    mcp = FastMCP("Travel")

    # snippet: mistakes
    import pytest

    from fastmcp.exceptions import InvalidSignature

    def travel(*cities: str) -> None: ...

    with pytest.raises(InvalidSignature) as caught:
        mcp.tool(travel)

    assert str(caught.value).endswith(
        "travel() takes *cities, which no client can fill; name each parameter"
    )
    # end
    assert f"{__file__}:" in str(caught.value)


async def test_descriptions_stand_in_many_places() -> None:
    """Docstrings of other styles, and a Field as the default."""
    mcp = FastMCP("Travel")

    from pydantic import Field

    @mcp.tool
    def numpy_style(train: str) -> None:
        """Stop.

        Parameters
        ----------
        train : str
            Its number
        """

    @mcp.tool
    def sphinx_style(train: str) -> None:
        """Stop.

        :param train: Its number
        """

    @mcp.tool
    def field(train: str = Field(description="Its number")) -> None:
        """Stop."""

    async with Client(mcp) as client:
        for tool in await client.list_tools():
            assert tool.description == "Stop."
            assert properties(tool)["train"]["description"] == "Its number"
            assert tool.input_schema["required"] == ["train"]


async def test_what_surprises() -> None:
    """True is an int, a number is no text, and what is not said may be anything."""
    mcp = FastMCP("Travel")

    @mcp.tool
    def count(number: int) -> int:
        return number

    @mcp.tool
    def echo(text: str) -> str:
        return text

    @mcp.tool
    def take(anything) -> str:  # type: ignore[no-untyped-def]
        return type(anything).__name__

    async with Client(mcp) as client:
        assert (await client.call_tool("count", {"number": True})).data == 1
        with pytest.raises(ToolError, match="text: Input should be a valid string"):
            await client.call_tool("echo", {"text": 5})
        assert (await client.call_tool("take", {"anything": [1]})).data == "list"
