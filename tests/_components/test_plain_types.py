"""The schemas that are written out are those that pydantic makes."""

import inspect
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum, IntEnum, StrEnum
from pathlib import Path
from typing import (  # noqa: UP035
    Annotated,
    Any,
    Dict,
    FrozenSet,
    Generic,
    List,
    Literal,
    NewType,
    Optional,
    Set,
    Tuple,
    TypeVar,
    Union,
)
from uuid import UUID

import pytest
from annotated_types import Ge, Len
from processes import run_python
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    RootModel,
    TypeAdapter,
    computed_field,
    field_serializer,
    field_validator,
)
from pydantic_core import SchemaValidator
from typing_extensions import TypedDict

from fastmcp._components.schemas.annotated import Hint, NotPlain
from fastmcp._components.schemas.plain_types import Writer
from fastmcp._components.schemas.rich_types import rich_arguments, rich_value
from fastmcp._components.schemas.schema import plain_parameters, value_of

KEYWORD_ONLY = inspect.Parameter.KEYWORD_ONLY
EMPTY = inspect.Parameter.empty


T = TypeVar("T")


class Color(Enum):
    """What colour."""

    RED = "red"
    BLUE = "blue"


class Model(BaseModel):
    """A class that pydantic is asked of."""

    x: int
    y: Annotated[float, Field(gt=0)] = 1.5


class Tree(BaseModel):
    kids: list["Tree"] = []
    model: Model | None = None


class Ping(BaseModel):
    pong: Optional["Pong"] = None


class Pong(BaseModel):
    ping: Ping | None = None


class Titled(BaseModel):
    model_config = ConfigDict(title="What it is")

    x: int


class Rich(Model):
    """Everything that a field

    may say of itself.
    """

    a: Annotated[list[Color], Field(min_length=1, description="Which")]
    b: dict[str, Model] = Field(default_factory=dict)
    c: Optional["Rich"] = None
    d: str = Field("x", pattern="^x", title="The fourth", examples=["x"])
    e: Decimal = Decimal("1.5")
    f: date = date(2020, 1, 1)
    g: Color = Color.RED
    h: Titled | None = None
    i: Model = Model(x=1)
    _private: int = 1

    @field_validator("d")
    @classmethod
    def checked(cls, value: str) -> str:
        return value


class Forbidding(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Allowing(BaseModel):
    model_config = ConfigDict(extra="allow")

    x: int


class Aliased(BaseModel):
    x: int = Field(alias="theX")
    y: int = Field(1, serialization_alias="theY")


class Computing(BaseModel):
    x: int

    @computed_field
    def double(self) -> int:
        return 2 * self.x


class Serializing(BaseModel):
    x: int

    @field_serializer("x")
    def written(self, x: int) -> str:
        return str(x)


class Reading(BaseModel):
    x: int

    @field_validator("x", mode="plain")
    @classmethod
    def read(cls, value: Any) -> Any:
        return value


class Hooked(BaseModel):
    x: int

    @classmethod
    def __get_pydantic_json_schema__(cls, core: Any, handler: Any) -> Any:
        return {**handler.resolve_ref_schema(handler(core)), "hooked": True}


class Extra(BaseModel):
    model_config = ConfigDict(json_schema_extra={"examples": [{"x": 1}]})

    x: int


class Listing(BaseModel, Generic[T]):
    items: list[T]


class Root(RootModel[list[int]]):
    pass


@dataclass
class Point:
    x: int
    model: Model


class Options(TypedDict, total=False):
    name: str


class Level(IntEnum):
    LOW = 1
    HIGH = 2


class Mode(StrEnum):
    FAST = "fast"


class Mixed(Enum):
    ONE = 1
    TWO = "two"


UserId = NewType("UserId", int)

PLAIN = [
    str,
    int,
    float,
    bool,
    None,
    Any,
    object,
    list,
    dict,
    set,
    frozenset,
    tuple,
    bytes,
    date,
    datetime,
    time,
    timedelta,
    UUID,
    Decimal,
    Path,
    UserId,
    list[int],
    list[Any],
    list[list[float]],
    set[str],
    frozenset[int],
    tuple[int, ...],
    tuple[int, str, None],
    dict[str, Any],
    dict[str, int],
    dict[int, date],
    dict[Any, Any],
    dict[str, list[str]],
    List[int],  # noqa: UP006
    Set[int],  # noqa: UP006
    FrozenSet[int],  # noqa: UP006
    Tuple[int, str],  # noqa: UP006
    Dict[str, Any],  # noqa: UP006
    Optional[str],
    Optional[Any],
    Union[None, int],
    Union[int, Decimal, None],
    int | None,
    int | str,
    int | list[int] | None,
    list[int | float],
    dict | None,
    list[dict[str, Any]],
    list[str | None] | None,
    Literal["a", "b"],
    Literal["a"],
    Literal[1, 2],
    Literal[True],
    Literal[None],
    Literal[1, "a", None, True],
    Literal["a", "b"] | None,
    Color,
    Level,
    Mode,
    Mixed,
    list[Color],
    Color | Level | None,
    Model,
    Tree,
    Titled,
    tuple[Ping, Pong],
    Rich,
    Forbidding,
    Allowing,
    Aliased,
    Computing,
    Serializing,
    Reading,
    Hooked,
    Extra,
    Listing[int],
    Listing[Model],
    Root,
    list[Rich | Aliased],
    Point,
    Options,
    list[Model],
    dict[str, Model | Tree],
    Model | None,
    tuple[Point, Options],
    Annotated[int, Field(ge=1, le=100, description="How many")],
    Annotated[int, Ge(1)],
    Annotated[float, Field(gt=0, lt=1, multiple_of=0.5)],
    Annotated[str, Field(min_length=1, max_length=3, pattern="^a")],
    Annotated[str, Field(title="Name", examples=["a", "b"])],
    Annotated[str, Field(json_schema_extra={"x-mcp-header": "Region"})],
    Annotated[list[int], Field(min_length=1, max_length=3)],
    Annotated[int | None, Field(ge=1)],
    Annotated[Model, Field(description="Which")],
    list[Annotated[int, Field(ge=1, title="One")]],
    dict[str, Annotated[int, Field(ge=1, title="One")]],
    Annotated[str, Hint(format="textarea")],
]
RICH = [
    Annotated[int, "a", "b"],
    Annotated[int, Ge(1), "b"],
    Annotated[int, AfterValidator(abs)],
    Annotated[str, Len(1, 2)],
    Annotated[Decimal, Field(ge=1)],
    Annotated[int, Field(strict=True)],
    Annotated[int, Field(alias="b")],
    Annotated[int, Field(default=1)],
    dict[Color, str],
    tuple[()],
    Literal[Color.RED],
    "int",
    TypeAdapter,
]
HOSTILE = [
    *(None, True, 1, 1.5, 10**30, 50, "1", "x", "true", "a", "red", "abcd", b"x"),
    *([], [1], ["a", None], [1, "a", None], [1, 2, 3, 4], {}, {"a": 1}, [{}], {"1": "2020-01-01"}),
    *(
        {"x": 1},
        {"x": "1", "y": 0},
        {"theX": 1},
        {"items": [1]},
        {"x": 1, "a": ["red"]},
        *([{}, {"ping": {"pong": {"ping": None}}}], [{"pong": {"ping": {"pong": 1}}}, {}]),
        {"kids": [{"kids": []}]},
        {"name": 1},
    ),
    *(date(2020, 1, 1), "2020-01-01", "2020-01-01T00:00:00", "12:00", "P1D", Color.RED),
    *(Decimal("1.5"), "12345678-1234-5678-1234-567812345678", {1, 2}, (1, 2), Model(x=1)),
]


@pytest.mark.parametrize("annotation", PLAIN, ids=str)
def test_an_argument_has_the_schema_that_pydantic_gives_it(annotation: Any) -> None:
    """The JSON Schema of a parameter is equal to pydantic's own, definitions included."""
    for default in (EMPTY, None):
        parameter = inspect.Parameter("p", KEYWORD_ONLY, annotation=annotation, default=default)

        _, described = plain_parameters([parameter], strict=False)

        assert described == rich_arguments("f", [parameter], strict=False)[2]


@pytest.mark.parametrize("annotation", PLAIN, ids=str)
def test_a_result_has_the_schema_that_pydantic_gives_it(annotation: Any) -> None:
    """What a value looks like once written is what pydantic says of it."""
    assert value_of(annotation).schema == rich_value(annotation)[2]


@pytest.mark.parametrize("strict", [False, True])
@pytest.mark.parametrize("annotation", PLAIN, ids=str)
def test_arguments_are_checked_as_pydantic_would(annotation: Any, strict: bool) -> None:
    """The verdict on every value is equal."""
    parameter = inspect.Parameter("p", KEYWORD_ONLY, annotation=annotation)
    core, _ = plain_parameters([parameter], strict=strict)
    ours = SchemaValidator(core, {"strict": True} if strict else None)
    json, python, _ = rich_arguments("f", [parameter], strict=strict)

    for given in [{}, {"q": 1}, *({"p": value} for value in HOSTILE)]:
        assert _verdict(ours.validate_python, given) == _verdict(python, given), given
        try:
            raw = TypeAdapter(dict).dump_json(given)
        except ValueError:
            continue
        assert _verdict(ours.validate_json, raw) == _verdict(json, raw), raw


@pytest.mark.parametrize("annotation", PLAIN, ids=str)
def test_results_are_written_as_pydantic_would(annotation: Any) -> None:
    """Every value that fits has the same bytes."""
    ours = value_of(annotation)
    check, write, _ = rich_value(annotation)

    for given in HOSTILE:
        try:
            value = check(given)
            written = write(value, warnings="error")
        except ValueError:
            continue
        assert ours.write(ours.check(given), warnings="error") == written


@pytest.mark.parametrize("annotation", RICH, ids=str)
def test_any_other_annotation_is_left_to_pydantic(annotation: Any) -> None:
    """What is not in the table is not guessed."""
    with pytest.raises(NotPlain):
        Writer().write(annotation)


@pytest.mark.parametrize(
    ("annotation", "default"),
    [
        (int, 3),
        (int, Field(3, ge=1, description="How many")),
        (int, Field(..., ge=1, title="Count")),
        (int, Field(examples=[1])),
        (str | None, None),
        (str | None, Field(None)),
        (Annotated[str, "What it is"], EMPTY),
        (Annotated[Optional[str], "What it is"], None),
        (list[str], ["a"]),
        (dict[str, int], {"a": 1}),
        (set[int], {3, 1, 2}),
        (tuple[int, int], (1, 2)),
        (float, 1.5),
        (Any, None),
        (bool, True),
        (date, date(2020, 1, 2)),
        (timedelta, timedelta(days=1)),
        (Decimal, Decimal("1.50")),
        (UUID, UUID(int=1)),
        (bytes, b"abc"),
        (Color, Color.RED),
        (Mode, Mode.FAST),
        (Level, Level.LOW),
        (Model, Model(x=1)),
        (Point, Point(1, Model(x=2))),
        (list[Model], [Model(x=1)]),
        (Path, Path("/a")),
    ],
    ids=str,
)
def test_defaults_are_shown_and_used_as_pydantic_would(annotation: Any, default: Any) -> None:
    """A default is JSON in the schema and itself in the call."""
    parameter = inspect.Parameter("p", KEYWORD_ONLY, annotation=annotation, default=default)

    core, described = plain_parameters([parameter], strict=False)
    _, check, theirs = rich_arguments("f", [parameter], strict=False)

    assert described == theirs
    assert _verdict(SchemaValidator(core).validate_python, {}) == _verdict(check, {})


def _verdict(check: Any, given: Any) -> Any:
    try:
        return repr(check(given))
    except ValueError as error:
        return [(detail["type"], detail["loc"]) for detail in error.errors()]  # type: ignore[attr-defined]


def test_classes_of_one_name_are_told_apart() -> None:
    """Two of them in one signature are left to pydantic, which names them by their modules."""
    other = type("Model", (BaseModel,), {"__annotations__": {"z": str}, "__module__": "elsewhere"})
    parameters = [
        inspect.Parameter("a", KEYWORD_ONLY, annotation=Model),
        inspect.Parameter("b", KEYWORD_ONLY, annotation=list[other]),
    ]

    with pytest.raises(NotPlain):
        plain_parameters(parameters, strict=False)


def test_schemas_may_be_edited_without_touching_those_of_others() -> None:
    """No two annotations share a part of their JSON Schemas."""
    for annotation in (*PLAIN, dict[str, list]):
        parameter = inspect.Parameter("p", KEYWORD_ONLY, annotation=annotation)
        before = deepcopy(plain_parameters([parameter], strict=False)[1])
        _spoil(plain_parameters([parameter], strict=False)[1])

        assert plain_parameters([parameter], strict=False)[1] == before


def _spoil(schema: dict[str, Any]) -> None:
    for value in list(schema.values()):
        for inner in value if isinstance(value, list) else [value]:
            if isinstance(inner, dict):
                _spoil(inner)
    schema["description"] = "spoilt"


PROGRAM = """
    import sys
    from datetime import date, datetime, timedelta
    from decimal import Decimal
    from enum import Enum
    from typing import Annotated, Literal, NewType, Optional
    from uuid import UUID
    from fastmcp import FastMCP
    from fastmcp.types import Textarea

    class Color(Enum):
        RED = "red"

    UserId = NewType("UserId", int)
    mcp = FastMCP("plain")

    @mcp.tool
    def everything(
        a: int | str, b: Literal["x", 1], c: tuple[int, str], d: set[date], e: Color,
        f: Annotated[Optional[UUID], "Which"], g: UserId, h: Textarea, i: bytes,
        j: dict[int, Decimal | None], k: list[str] = ["a"], l: Color = Color.RED,
        m: timedelta = timedelta(1), n: dict = {"a": (1, 2)},
    ) -> dict[str, list[datetime]]: ...

    sys.exit("pydantic" in sys.modules)
"""


def test_a_server_of_plain_annotations_does_not_load_pydantic(script: Callable[..., Path]) -> None:
    """Scalars, dates, enums, unions, containers and defaults are read without it."""
    run = run_python(str(script(PROGRAM)))

    assert (run.returncode, run.stderr) == (0, "")
