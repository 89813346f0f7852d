"""A value goes to a tool as JSON, and comes back as it was, whatever its annotation."""

from __future__ import annotations

import asyncio
import string
from dataclasses import make_dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from enum import Enum, IntEnum
from functools import reduce
from itertools import count
from operator import or_
from typing import Any, Literal, NamedTuple, Optional
from uuid import UUID

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from pydantic import TypeAdapter, create_model
from pydantic_core import to_jsonable_python
from typing_extensions import TypedDict

from fastmcp import Client, FastMCP


class Color(Enum):
    RED = "red"
    BLUE = "blue"


class Level(IntEnum):
    LOW = 1
    HIGH = 2


class Kind(NamedTuple):
    """An annotation, and the values that it allows."""

    annotation: Any
    values: st.SearchStrategy[Any]


ZONES = [None, UTC, timezone(timedelta(hours=-3, minutes=-30))]
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
NAMES = st.lists(
    st.text(string.ascii_lowercase, min_size=1, max_size=5).map("f_{}".format),
    unique=True,
    min_size=1,
    max_size=4,
)
SCALARS = [
    Kind(int, st.integers()),
    Kind(float, st.floats(allow_nan=False, allow_infinity=False)),
    Kind(bool, st.booleans()),
    Kind(str, TEXT),
    Kind(bytes, TEXT.map(str.encode)),
    Kind(date, st.dates()),
    Kind(datetime, st.datetimes(timezones=st.sampled_from(ZONES))),
    Kind(time, st.times()),
    Kind(timedelta, st.timedeltas(timedelta(days=-999), timedelta(days=999))),
    Kind(UUID, st.uuids()),
    Kind(Decimal, st.decimals(allow_nan=False, allow_infinity=False, places=3)),
    Kind(Color, st.sampled_from(Color)),
    Kind(Level, st.sampled_from(Level)),
    Kind(Literal["a", 1, None], st.sampled_from(["a", 1, None])),
]
# Members of a union that no JSON value leaves in doubt.
DISTINCT = [
    Kind(int, st.integers()),
    Kind(str, TEXT),
    Kind(list[bool], st.lists(st.booleans())),
    Kind(dict[str, float], st.dictionaries(TEXT, st.integers().map(float), max_size=3)),
]
numbers = count()


def lists(kind: Kind) -> Kind:
    return Kind(list[kind.annotation], st.lists(kind.values, max_size=4))


def dicts(kind: Kind) -> Kind:
    return Kind(dict[str, kind.annotation], st.dictionaries(TEXT, kind.values, max_size=3))


def optionals(kind: Kind) -> Kind:
    return Kind(Optional[kind.annotation], st.none() | kind.values)


def tuples(kinds: list[Kind]) -> Kind:
    members = [kind.annotation for kind in kinds]
    return Kind(tuple[(*members,)], st.tuples(*(kind.values for kind in kinds)))


def variadic(kind: Kind) -> Kind:
    return Kind(tuple[kind.annotation, ...], st.lists(kind.values, max_size=4).map(tuple))


def sets(kind: Kind) -> Kind:
    return Kind(set[kind.annotation], st.sets(kind.values, max_size=4))


def unions(kinds: list[Kind]) -> Kind:
    return Kind(
        reduce(or_, (kind.annotation for kind in kinds)), st.one_of([k.values for k in kinds])
    )


def dataclasses(members: dict[str, Kind]) -> Kind:
    cls = make_dataclass(f"D{next(numbers)}", [(n, k.annotation) for n, k in members.items()])
    return Kind(cls, st.builds(cls, **{name: kind.values for name, kind in members.items()}))


def typed_dicts(members: dict[str, Kind]) -> Kind:
    cls = TypedDict(f"T{next(numbers)}", {n: k.annotation for n, k in members.items()})  # type: ignore[operator]
    return Kind(cls, st.fixed_dictionaries({n: k.values for n, k in members.items()}))


def models(members: dict[str, Kind]) -> Kind:
    cls = create_model(f"M{next(numbers)}", **{n: (k.annotation, ...) for n, k in members.items()})  # type: ignore[call-overload]
    return Kind(cls, st.builds(cls, **{name: kind.values for name, kind in members.items()}))


def composed(inner: st.SearchStrategy[Kind]) -> st.SearchStrategy[Kind]:
    members = st.builds(
        lambda names, kinds: dict(zip(names, kinds, strict=False)),
        NAMES,
        st.lists(inner, min_size=4, max_size=4),
    )
    return st.one_of(
        *(inner.map(make) for make in (lists, dicts, optionals, variadic)),
        *(members.map(make) for make in (dataclasses, typed_dicts, models)),
        st.lists(inner, min_size=1, max_size=3).map(tuples),
        st.lists(st.sampled_from(DISTINCT), min_size=2, unique_by=id).map(unions),
        st.sampled_from(SCALARS).map(sets),
    )


KINDS = st.recursive(st.sampled_from(SCALARS), composed, max_leaves=6)
CASES = KINDS.flatmap(lambda kind: st.tuples(st.just(kind.annotation), kind.values))


@settings(
    max_examples=200, deadline=None, database=None, suppress_health_check=[HealthCheck.too_slow]
)
@given(case=CASES, strict=st.booleans())
def test_a_value_comes_back_as_it_went(case: tuple[Any, Any], strict: bool) -> None:
    """The function receives what was sent, the client what was returned, and the schemas say so."""
    annotation, value = case
    adapter = TypeAdapter(annotation)
    sent = adapter.dump_python(value, mode="json")
    seen: list[Any] = []

    def same(given: Any) -> Any:
        seen.append(given)
        return given

    same.__annotations__ = {"given": annotation, "return": annotation}

    async def main() -> Any:
        mcp = FastMCP("mirror", strict_input_validation=strict)
        mcp.tool(same)
        async with Client(mcp) as client:
            return (await client.list_tools())[0], await client.call_tool("same", {"given": sent})

    tool, result = asyncio.run(main())
    structured = result.structured_content
    is_wrapped = tool.output_schema is not None and "x-fastmcp-wrap-result" in tool.output_schema
    data = structured["result"] if is_wrapped else structured
    if structured is None:
        data = result.data
    rebuilt = to_jsonable_python(result.data)

    Draft202012Validator(tool.input_schema).validate({"given": sent})
    if tool.output_schema is not None:
        Draft202012Validator(tool.output_schema).validate(structured)
    assert seen == [value]
    assert type(seen[0]) is type(value)
    assert adapter.validate_python(data) == adapter.validate_python(rebuilt) == value
    if "'type': 'set'" not in repr(adapter.core_schema):
        assert data == rebuilt == sent
