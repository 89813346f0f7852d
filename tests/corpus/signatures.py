"""Signatures of every kind that tools have. Nothing but pydantic is needed to import them, so that
another FastMCP can be asked about them, too.
"""
# ruff: noqa: B006, B008, PIE790, RUF013, UP006, UP017, UP035 - authors write all of these

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from enum import Enum, IntEnum, StrEnum
from pathlib import Path
from typing import (
    Annotated,
    Any,
    Dict,
    Generic,
    List,
    Literal,
    NamedTuple,
    NewType,
    NotRequired,
    Optional,
    TypeVar,
    Union,
)
from uuid import UUID

from pydantic import (
    AnyUrl,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PositiveInt,
    RootModel,
    SecretStr,
)
from typing_extensions import TypeAliasType, TypedDict

Function = Callable[..., Any]
T = TypeVar("T")

CORPUS: dict[str, Function] = {}


def case(function: Function) -> Function:
    CORPUS[function.__name__] = function
    return function


class Color(Enum):
    """What colour it has."""

    RED = "red"
    BLUE = "blue"


class Level(IntEnum):
    LOW = 1
    HIGH = 2


class Mode(StrEnum):
    FAST = "fast"
    SAFE = "safe"


class Mixed(Enum):
    ONE = 1
    TWO = "two"


class Address(BaseModel):
    """Where somebody lives."""

    street: str
    number: int = Field(1, ge=1, description="House number")


class Person(BaseModel):
    name: str
    address: Address
    others: list[Address] = []
    born: date | None = None


class Team(BaseModel):
    lead: Person
    members: dict[str, Person] = Field(default_factory=dict)


class Node(BaseModel):
    value: int
    children: list["Node"] = []


class Forest(BaseModel):
    trees: list[Node]


class Ping(BaseModel):
    pong: Optional["Pong"] = None


class Pong(BaseModel):
    ping: Ping | None = None


class Cat(BaseModel):
    kind: Literal["cat"]
    lives: int = 9


class Dog(BaseModel):
    kind: Literal["dog"] = "dog"
    tricks: list[str] = []


Pet = Annotated[Union[Cat, Dog], Field(discriminator="kind")]


class Aliased(BaseModel):
    user_id: int = Field(alias="userId")


class ByName(BaseModel):
    model_config = ConfigDict(serialize_by_alias=False, validate_by_name=True)

    user_id: int = Field(alias="userId")


class Closed(BaseModel):
    model_config = ConfigDict(extra="forbid", title="Nothing else")

    x: Annotated[float, Field(gt=0, title="Abscissa")]


class Open(BaseModel):
    model_config = ConfigDict(extra="allow")

    x: int


class Page(BaseModel, Generic[T]):
    items: list[T]
    following: str | None = None


class Tags(RootModel[list[str]]):
    pass


@dataclass
class Point:
    x: int
    y: int = 0


@dataclass
class Line:
    """From here to there."""

    start: Point
    end: Point
    labels: list[str] = field(default_factory=list)


@dataclass
class Box(Generic[T]):
    content: T


class Movie(TypedDict):
    title: str
    year: NotRequired[int]


class Query(TypedDict, total=False):
    text: Annotated[str, Field(description="What to look for")]
    limit: int
    movie: Movie


class Pair(NamedTuple):
    left: int
    right: str = "r"


UserId = NewType("UserId", int)
Percent = Annotated[float, Field(ge=0, le=100)]
Numbers = TypeAliasType("Numbers", list[int])
Tree = TypeAliasType("Tree", "dict[str, Tree] | int")


# Scalars and what is said of them


@case
def nothing() -> None: ...


@case
def unannotated(a, b=1): ...


@case
def scalars(a: int, b: float, c: str, d: bool) -> int: ...


@case
def anything(a: Any, b: object) -> Any: ...


@case
def defaults(a: int = 1, b: float = 0.5, c: str = "c", d: bool = False) -> float: ...


@case
def described(a: Annotated[int, "How many"], b: Annotated[str | None, "Why"] = None) -> bool: ...


@case
def documented(city: str, days: int = 3) -> str:
    """Tell the weather.

    Args:
        city: Where it is asked for.
        days: How many days ahead.

    Returns:
        What to expect.
    """
    ...


@case
def documented_twice(city: Annotated[str, Field(description="By annotation")]) -> str:
    """Tell the weather.

    Args:
        city: By docstring.
    """
    ...


@case
def optional(a: Optional[str], b: Optional[int] = None, c: float | None = 1.5) -> str | None: ...


@case
def implicitly_optional(a: str = None, b: dict = None) -> str: ...


@case
def unions(a: int | str, b: Union[int, float, None], c: int | list[int] = 1) -> int | str: ...


@case
def literals(
    a: Literal["x", "y"], b: Literal[1, 2] = 1, c: Literal["z"] = "z", d: Literal[1, "a"] = 1
) -> Literal["done", "failed"]: ...


@case
def optional_literal(a: Literal["x", "y"] | None = None) -> None: ...


# Constraints and fields


@case
def constrained(
    a: Annotated[int, Field(ge=1, le=10)],
    b: Annotated[float, Field(gt=0, lt=1)],
    c: Annotated[str, Field(min_length=1, max_length=5, pattern="^[a-z]+$")],
    d: Annotated[list[int], Field(min_length=1, max_length=3)],
    e: Annotated[int, Field(multiple_of=5)] = 5,
) -> Percent: ...


@case
def constrained_optional(a: Annotated[int | None, Field(ge=1)] = None) -> list[Percent]: ...


@case
def positive(a: PositiveInt, b: Percent = 50.0) -> PositiveInt: ...


@case
def fields_as_defaults(
    a: int = Field(..., ge=1, description="Required"),
    b: int = Field(5, le=9),
    c: list[str] = Field(default_factory=list),
) -> None: ...


@case
def titled(a: Annotated[int, Field(title="The count")], b: int = Field(1, title="B")) -> None: ...


@case
def exemplary(
    a: Annotated[str, Field(examples=["x", "y"])],
    b: Annotated[str, Field(json_schema_extra={"format": "textarea"})] = "",
    c: Annotated[str, Field(json_schema_extra={"x-mcp-header": "Region"})] = "eu",
    d: Annotated[int, Field(deprecated=True)] = 1,
) -> None: ...


@case
def aliased(
    user_id: Annotated[int, Field(alias="userId")], b: int = Field(1, alias="B")
) -> None: ...


@case
def validated(a: Annotated[int, BeforeValidator(int)]) -> None: ...


# Containers


@case
def lists(a: list[int], b: list, c: List[str], d: list[list[float]] = []) -> list[int]: ...


@case
def dicts(
    a: dict[str, int],
    b: dict,
    c: Dict[str, Any],
    d: dict[int, str] = {},
) -> dict[str, int]: ...


@case
def enum_keys(a: dict[Color, int]) -> dict[Color, int]: ...


@case
def tuples(a: tuple[int, str], b: tuple[int, ...], c: tuple = ()) -> tuple[int, str]: ...


@case
def sets(a: set[int], b: frozenset[str], c: set = set()) -> set[int]: ...


@case
def abstract(a: Sequence[int], b: Mapping[str, float]) -> Sequence[str]: ...


@case
def default_containers(
    a: list[int] = [1, 2],
    b: dict[str, list[int]] = {"a": [1]},
    c: tuple[int, int] = (1, 2),
    d: set[int] = {3, 1, 2},
) -> None: ...


@case
def bare_list() -> list: ...


@case
def list_of_dicts() -> list[dict]: ...


@case
def list_of_any() -> list[Any]: ...


# Values that are not JSON


@case
def dates(a: date, b: datetime, c: time, d: timedelta) -> date: ...


@case
def default_dates(
    a: date = date(2026, 7, 28),
    b: datetime = datetime(2026, 7, 28, tzinfo=timezone.utc),
    c: timedelta = timedelta(hours=1),
) -> datetime: ...


@case
def identifiers(a: UUID, b: Path, c: AnyUrl) -> UUID: ...


@case
def money(a: Decimal, b: Decimal = Decimal("1.50")) -> Decimal: ...


@case
def binary(a: bytes, b: bytes = b"x") -> bytes: ...


@case
def paths(a: Path = Path("/tmp")) -> Path: ...


@case
def secret(a: SecretStr) -> None: ...


@case
def enums(a: Color, b: Level, c: Mode, d: Mixed = Mixed.ONE) -> Color: ...


@case
def default_enums(
    a: Color = Color.RED, b: Level = Level.HIGH, c: Mode = Mode.SAFE, d: Color | None = None
) -> list[Mode]: ...


# Models


@case
def model(address: Address) -> Address: ...


@case
def nested_models(person: Person, team: Team | None = None) -> Team: ...


@case
def models_in_containers(
    a: list[Address], b: dict[str, Person], c: Address | None
) -> list[Person]: ...


@case
def default_model(a: Address = Address(street="Rain")) -> None: ...


@case
def described_model(a: Annotated[Address, Field(description="The sender's")]) -> None: ...


@case
def recursive_model(node: Node) -> Node: ...


@case
def recursive_inside(forest: Forest) -> Forest: ...


@case
def mutually_recursive(ping: Ping, pong: Pong) -> Ping: ...


@case
def discriminated(pet: Pet) -> Pet: ...


@case
def discriminated_list(pets: list[Pet]) -> list[Pet]: ...


@case
def undiscriminated(pet: Cat | Dog) -> Cat | Dog: ...


@case
def aliased_model(a: Aliased) -> Aliased: ...


@case
def model_by_name(a: ByName) -> ByName: ...


@case
def configured_models(a: Closed, b: Open) -> Closed: ...


@case
def generic_model(a: Page[int], b: Page[Address]) -> Page[Person]: ...


@case
def root_model(a: Tags) -> Tags: ...


# Dataclasses, TypedDicts, tuples with names


@case
def data(point: Point) -> Point: ...


@case
def nested_data(line: Line, points: list[Point] = []) -> Line: ...


@case
def default_data(point: Point = Point(1)) -> None: ...


@case
def generic_data(a: Box[int], b: Box[Point]) -> Box[str]: ...


@case
def typed_dict(movie: Movie) -> Movie: ...


@case
def partial_typed_dict(query: Query) -> Query: ...


@case
def named_tuple(pair: Pair) -> Pair: ...


# Names for types


@case
def new_type(a: UserId, b: list[UserId]) -> UserId: ...


@case
def alias_type(a: Numbers, b: Numbers | None = None) -> Numbers: ...


@case
def recursive_alias(a: Tree) -> Tree: ...


# Results


@case
def text_result() -> str: ...


@case
def annotated_result() -> Annotated[int, Field(ge=0, description="How many")]: ...


@case
def annotated_text_result() -> Annotated[str, "What was found"]: ...


@case
def dict_result() -> dict: ...


@case
def dict_of_any_result() -> dict[str, Any]: ...


@case
def optional_model_result() -> Address | None: ...


@case
def optional_text_result() -> str | None: ...


@case
async def asynchronous(a: int) -> list[str]: ...


if sys.version_info >= (3, 12):
    exec(  # the statement does not compile before
        """
type Matrix = list[list[float]]
type Nested = list[Nested] | int

@case
def statement_alias(a: Matrix, b: Nested) -> Matrix: ...

@case
def generic_function[V: int](a: V, b: list[V]) -> V: ...
"""
    )
