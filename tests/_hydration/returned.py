"""What a client makes of what tools return; run as a program by another FastMCP's Python."""

import asyncio
import dataclasses
import json
import logging
import warnings
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any, Literal, NamedTuple, Optional, Union
from uuid import UUID

from pydantic import AnyUrl, BaseModel, ConfigDict, Field
from typing_extensions import TypedDict

from fastmcp import Client, FastMCP

DAY = date(2024, 2, 29)
NOON = datetime(2024, 2, 29, 12, 30, tzinfo=timezone.utc)  # noqa: UP017


class Color(Enum):
    RED = "red"


class Address(BaseModel):
    street: str
    number: int = 1


class Person(BaseModel):
    name: str
    home: Address
    others: list[Address] = []
    born: date | None = None


class Cat(BaseModel):
    kind: Literal["cat"] = "cat"
    lives: int = 9


class Dog(BaseModel):
    kind: Literal["dog"] = "dog"
    tricks: list[str] = []


class Loose(BaseModel):
    model_config = ConfigDict(extra="allow")

    x: int


class Node(BaseModel):
    value: int
    children: list["Node"] = []


class Aliased(BaseModel):
    user_id: int = Field(alias="user-id")
    kind: str = Field(alias="class")


class Event(BaseModel):
    at: datetime
    by: Union[int, str]
    link: Optional[AnyUrl] = None
    tags: set[str] = set()


@dataclass
class Point:
    x: int
    y: float = 0.5


class Movie(TypedDict):
    title: str
    year: int


class Pair(NamedTuple):
    left: int
    right: str


Pet = Annotated[Union[Cat, Dog], Field(discriminator="kind")]
ADDRESS = Address(street="Rain")
PERSON = Person(name="Ada", home=ADDRESS, others=[ADDRESS], born=DAY)

RETURNED: dict[str, tuple[Any, Any]] = {
    "integer": (int, 5),
    "number": (float, 1.5),
    "whole number": (float, 5.0),
    "boolean": (bool, True),
    "nothing": (Optional[int], None),
    "text": (str, "x"),
    "bytes": (bytes, b"x"),
    "enumeration": (Color, Color.RED),
    "literal": (Literal["a", 1], 1),
    "date and time": (datetime, NOON),
    "naive date and time": (datetime, NOON.replace(tzinfo=None)),
    "date": (date, DAY),
    "time": (time, time(12, 30)),
    "duration": (timedelta, timedelta(400, 1.5)),
    "uuid": (UUID, UUID(int=5)),
    "uri": (AnyUrl, AnyUrl("https://example.com/x")),
    "decimal": (Decimal, Decimal("1.50")),
    "list": (list[int], [1, 2]),
    "list of texts": (list[str], ["a"]),
    "list of dates and times": (list[datetime], [NOON]),
    "empty list": (list[int], []),
    "map": (dict[str, int], {"a": 1}),
    "map of dates": (dict[str, date], {"a": DAY}),
    "any dict": (dict, {"a": {"b": 1}}),
    "set": (set[int], {1, 2}),
    "tuple": (tuple[int, date], (1, DAY)),
    "long tuple": (tuple[int, ...], (1, 2)),
    "named tuple": (Pair, Pair(1, "a")),
    "model": (Address, ADDRESS),
    "nested model": (Person, PERSON),
    "list of models": (list[Person], [PERSON]),
    "map of models": (dict[str, Address], {"a": ADDRESS}),
    "optional model": (Optional[Address], ADDRESS),
    "optional model that is none": (Optional[Address], None),
    "dataclass": (Point, Point(1)),
    "typed dict": (Movie, {"title": "M", "year": 1931}),
    "aliased model": (Aliased, Aliased.model_validate({"user-id": 1, "class": "x"})),
    "open model": (Loose, Loose.model_validate({"x": 1, "y": 2})),
    "event": (Event, Event(at=NOON, by="me", link=AnyUrl("https://example.com/"), tags={"a"})),
    "union of models": (Union[Cat, Dog], Dog(tricks=["sit"])),
    "discriminated union": (Pet, Dog(tricks=["sit"])),
    "list of a discriminated union": (list[Pet], [Cat(), Dog()]),
    "union of scalars": (Union[int, str], "5"),
    "union of dates": (Union[date, datetime], DAY),
    "date or text": (Union[date, str], "2024-02-29"),
    "recursive model": (Node, Node(value=1, children=[Node(value=2)])),
    "annotated": (Annotated[int, Field(ge=0, description="How many")], 5),
}


def described(value: Any) -> Any:
    """A value as JSON, with its types."""
    if isinstance(value, (list, tuple, set)):
        items = sorted(value) if isinstance(value, set) else value
        return [type(value).__name__, *map(described, items)]
    if isinstance(value, dict):
        return {name: described(each) for name, each in value.items()}
    members = None
    if dataclasses.is_dataclass(value) or isinstance(value, BaseModel):
        members = {**vars(value), **(getattr(value, "model_extra", None) or {})}
    if members is not None:
        return ["object", {name: described(each) for name, each in sorted(members.items())}]
    return [type(value).__name__, str(value)]


def data_of() -> dict[str, Any]:
    """What `.data` is, for each that is returned."""

    async def main() -> dict[str, Any]:
        mcp = FastMCP("returned")
        names = {name: f"tool_{number}" for number, name in enumerate(RETURNED)}
        for name, (annotation, value) in RETURNED.items():
            mcp.tool(_returning(annotation, value), name=names[name])
        async with Client(mcp) as client:
            return {
                name: described((await client.call_tool(tool)).data) for name, tool in names.items()
            }

    return asyncio.run(main())


def _returning(annotation: Any, value: Any) -> Any:
    def tool() -> Any:
        return value

    tool.__annotations__["return"] = annotation
    return tool


if __name__ == "__main__":
    logging.disable()
    warnings.simplefilter("ignore")
    print(json.dumps(data_of()))
