"""From structured content to Python values, by the output schema."""

from __future__ import annotations

import copy
import dataclasses
import logging
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID

import pytest
from processes import run_python
from pydantic import AnyUrl

from fastmcp._hydration.hydrator import hydrator


def hydrated(schema: Any, value: Any) -> Any:
    """What the value of a schema becomes."""
    read = hydrator(schema)
    return value if read is None else read(value)


def of_text(format: str) -> dict[str, Any]:
    return {"type": "string", "format": format}


def of_object(required: list[str] | None = None, /, **properties: Any) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "object", "properties": properties}
    return schema if required is None else {**schema, "required": required}


PLAIN = [
    {"type": "object"},
    {"type": "object", "additionalProperties": {"type": "integer"}},
    {"type": "array", "items": {"type": "string"}},
    {"anyOf": [{"type": "integer", "minimum": 1}, {"type": "null"}]},
    {"enum": ["a", "b"]},
    {"const": 1},
    {"type": "string", "format": "email"},
    {"type": "string", "format": "byte"},
    {"type": "string", "pattern": "(a+)+$"},
    {"$ref": "https://example.com/schema.json"},
    {"$ref": "#/$defs/none"},
    {"$ref": "#"},
    {"not": {"type": "string"}},
    {"if": {}, "then": {}},
    {},
    None,
    True,
    "no schema",
    [],
    {"type": "object", "properties": None, "additionalProperties": 5},
    {"type": 7, "items": 7, "anyOf": 7, "enum": 7, "required": 7},
    {"properties": {}},
]


@pytest.mark.parametrize("schema", PLAIN, ids=str)
def test_what_is_plain_json_needs_no_reading(schema: Any) -> None:
    """None says so; also of what is not understood, or is no schema at all."""
    assert hydrator(schema) is None


def test_plain_schemas_do_not_load_pydantic() -> None:
    """Neither does reading objects and dates."""
    line = """
import sys
from fastmcp._hydration.hydrator import hydrator
assert hydrator({"type": "array", "items": {"type": "integer"}}) is None
when = {"type": "object", "properties": {"when": {"type": "string", "format": "date"}}}
assert hydrator(when)({"when": "2024-01-01"}).when.year == 2024
assert "pydantic" not in sys.modules
"""
    run = run_python("-c", line)
    assert run.returncode == 0, run.stderr


FORMATS = [
    ("date-time", "2024-02-29T12:30:00Z", datetime(2024, 2, 29, 12, 30, tzinfo=UTC)),
    ("date-time", "2024-02-29T12:30:00.5", datetime(2024, 2, 29, 12, 30, 0, 500000)),
    ("date-time", "2024-02-29 12:30:00", datetime(2024, 2, 29, 12, 30)),
    ("date", "2024-02-29", date(2024, 2, 29)),
    ("time", "23:59:59.25", time(23, 59, 59, 250000)),
    ("time", "23:59:59Z", time(23, 59, 59, tzinfo=UTC)),
    ("duration", "P1DT2H3M4.5S", timedelta(1, 4.5, minutes=3, hours=2)),
    ("duration", "-P1Y35DT1S", -timedelta(400, 1)),
    ("duration", "P2W", timedelta(14)),
    ("uuid", "00000000-0000-0000-0000-000000000005", UUID(int=5)),
    ("uri", "https://example.com/x", AnyUrl("https://example.com/x")),
    ("json", '{"a": [1]}', {"a": [1]}),
    ("email", "a@Example.com", "a@Example.com"),
    ("byte", "aGk=", "aGk="),
    ("of-somebody", "x", "x"),
]


@pytest.mark.parametrize(("format", "text", "value"), FORMATS)
def test_a_text_becomes_what_its_format_says(format: str, text: str, value: Any) -> None:
    """Formats that Python has no better type for stay text."""
    assert hydrated(of_text(format), text) == value
    assert type(hydrated(of_text(format), text)) is type(value)


WRONG = [
    ("date-time", "2024-02-29"),
    ("date-time", "soon"),
    ("date-time", 1709209800),
    ("date", "2024-02-30"),
    ("date", "20240229"),
    ("date", "2024-W09-4"),
    ("time", "12"),
    ("duration", "P"),
    ("duration", "PT"),
    ("duration", "P1.5D"),
    ("duration", "P99999999999D"),
    ("uuid", "5"),
    ("uri", "nowhere"),
    ("json", "{"),
    ("date", None),
]


@pytest.mark.parametrize(("format", "value"), WRONG)
def test_what_is_not_of_its_format_stays(
    format: str, value: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """And a warning says so, without the value."""
    assert hydrated(of_text(format), value) == value
    [record] = caplog.records
    assert (record.name, record.levelno) == ("fastmcp.client", logging.WARNING)
    assert f"it should be a {format}" in record.getMessage()
    assert f"{value}" not in record.getMessage()


def test_an_object_becomes_a_dataclass() -> None:
    """Attributes, equality, a readable text, `asdict`, and items by the names of the JSON."""
    schema = of_object(["name"], name={"type": "string"}, born=of_text("date"))
    schema["title"] = "Person"
    value = {"name": "Ada", "born": "1815-12-10"}

    ada = hydrated(schema, value)

    assert (ada.name, ada.born.year, ada["name"]) == ("Ada", 1815, "Ada")
    assert repr(ada) == "Person(name='Ada', born=datetime.date(1815, 12, 10))"
    assert ada == hydrated(copy.deepcopy(schema), dict(value)) == copy.deepcopy(ada)
    assert ada != hydrated(schema, {"name": "Bob"})
    assert ada != value
    assert dataclasses.asdict(ada) == {"name": "Ada", "born": date(1815, 12, 10)}
    assert dataclasses.replace(ada, name="Bob").name == "Bob"
    assert value == {"name": "Ada", "born": "1815-12-10"}


def test_names_that_python_cannot_have_are_made_so_that_it_can() -> None:
    """As FastMCP makes them; items have the names of the JSON."""
    names = [
        "class",
        "home-town",
        "home_town",
        "1st",
        "größe",
        "a b",
        "",
        "__class__",
        "_x",
        "self",
    ]
    value = hydrated(of_object(**{name: {} for name in names}), {n: n for n in names})

    assert [value.class_, value.home_town, value.home_town_2] == names[:3]
    assert (value.field_1st, value.größe, value.a_b, value._x, value.self) == (
        "1st",
        "größe",
        "a b",
        "_x",
        "self",
    )
    assert [value[name] for name in names] == names == list(value)
    assert "home-town" in value and "home.town" not in value
    assert type(value).__name__ == "Root"


def test_what_is_missing_has_its_default_or_is_none() -> None:
    """Defaults are read as values are, each time anew; what has to be there cannot be missing."""
    schema = of_object(
        ["id"],
        id={"type": "integer"},
        note={"type": "string"},
        tags={"type": "array", "default": []},
        when={**of_text("date"), "default": "2024-01-01"},
        size={**of_object(w={"type": "integer"}, h={"type": "integer"}), "default": {"w": 1}},
        odd={**of_text("date"), "default": "never"},
        none={**of_text("date"), "default": None},
    )

    first, second = hydrated(schema, {"id": 1}), hydrated(schema, {"id": 1})

    assert (first.note, first.tags, first.when) == (None, [], date(2024, 1, 1))
    assert (first.size.w, first.size.h, first.odd, first.none) == (1, None, "never", None)
    assert hydrated(schema, {"id": 1, "size": {"h": 2}}).size == hydrated(
        schema["properties"]["size"], {"w": 1, "h": 2}
    )
    first.tags.append("x")
    assert second.tags == []
    assert hydrated(schema, {"note": "no id"}) == {"note": "no id"}


def test_what_the_schema_does_not_name_is_there_all_the_same() -> None:
    """As an attribute and as an item, and of the type that others are said to be."""
    value = {"a": 1, "b": "2024-01-01", "c-d": 2}

    loose = hydrated(of_object(a={}), value)
    closed = hydrated({**of_object(a={}), "additionalProperties": False}, value)
    typed = hydrated({**of_object(a={}), "additionalProperties": of_text("date")}, value)

    assert (loose.b, loose["c-d"], closed.b) == ("2024-01-01", 2, "2024-01-01")
    assert repr(loose) == "Root(a=1, b='2024-01-01', c-d=2)"
    assert loose != hydrated(of_object(a={}), {"a": 1})
    assert (typed.b, typed["c-d"]) == (date(2024, 1, 1), 2)


CONTAINERS = [
    ({"type": "array", "items": of_text("date")}, ["2024-01-01"], [date(2024, 1, 1)]),
    ({"type": "object", "additionalProperties": of_text("date")}, {"a": "2024-01-01"}, {}),
    ({"type": "array", "uniqueItems": True, "items": {"type": "integer"}}, [2, 1], {1, 2}),
    ({"type": "array", "uniqueItems": True}, [[1], [2]], [[1], [2]]),
    ({"type": "array", "uniqueItems": True}, [1, True], [1, True]),
    (
        {"type": "array", "prefixItems": [{}, of_text("date")], "minItems": 2, "maxItems": 2},
        [1, "2024-01-01"],
        (1, date(2024, 1, 1)),
    ),
    (
        {"type": "array", "prefixItems": [of_text("date")], "minItems": 1, "items": False},
        ["2024-01-01"],
        (date(2024, 1, 1),),
    ),
    ({"type": "array", "prefixItems": [of_text("date")]}, ["2024-01-01", 2], [date(2024, 1, 1), 2]),
    ({"type": "array", "items": [of_text("date")]}, ["2024-01-01", 2], [date(2024, 1, 1), 2]),
]


@pytest.mark.parametrize(("schema", "value", "expected"), CONTAINERS)
def test_containers_become_what_they_hold(schema: Any, value: Any, expected: Any) -> None:
    """Lists, maps, sets where nothing is lost by it, tuples where each position is described."""
    expected = expected or {"a": date(2024, 1, 1)}
    assert hydrated(schema, value) == expected
    assert type(hydrated(schema, value)) is type(expected)


CAT = of_object(["kind"], kind={"const": "cat"}, lives={"type": "integer", "default": 9})
DOG = of_object(["kind", "born"], kind={"const": "dog"}, born=of_text("date"))


@pytest.mark.parametrize("keyword", ["anyOf", "oneOf"])
def test_the_alternative_is_chosen_that_the_value_is(keyword: str) -> None:
    """By constants, by types, by what else has to be there."""
    pets = {"type": "array", "items": {keyword: [CAT, DOG, of_text("date-time"), {"type": "null"}]}}
    values = [
        {"kind": "dog", "born": "2024-01-01"},
        {"kind": "cat"},
        "2024-01-01T00:00:00Z",
        None,
        {"kind": "cow"},
    ]

    dog, cat, when, nothing, cow = hydrated(pets, values)

    assert (dog.born, cat.lives, nothing) == (date(2024, 1, 1), 9, None)
    assert when == datetime(2024, 1, 1, tzinfo=UTC)
    assert cow == {"kind": "cow"}


def test_of_two_objects_that_fit_the_one_is_chosen_that_knows_more() -> None:
    """What the value has decides, not the order."""
    small, large = of_object(a={}), of_object(a={}, b=of_text("date"))

    both = hydrated({"anyOf": [small, large]}, {"a": 1, "b": "2024-01-01"})

    assert both.b == date(2024, 1, 1)
    assert hydrated({"anyOf": [small, large]}, {"a": 1}) == hydrated(small, {"a": 1})


def test_a_value_that_fits_as_it_is_stays_so() -> None:
    """As pydantic chooses, too: a text in `date | str` is a text."""
    assert hydrated({"anyOf": [of_text("date"), {"type": "string"}]}, "2024-01-01") == "2024-01-01"
    assert hydrated({"anyOf": [CAT, {"type": "object"}]}, {"kind": "cat"}) == {"kind": "cat"}
    days = [{"type": "array", "items": of_text("date")}, {"type": "array", "items": {"const": 1}}]
    assert hydrated({"anyOf": days}, [1]) == [1]
    assert hydrated({"anyOf": days}, ["2024-01-01"]) == [date(2024, 1, 1)]


NULLABLE = [
    {"anyOf": [of_text("date"), {"type": "null"}]},
    {"type": ["string", "null"], "format": "date"},
    {**of_text("date"), "nullable": True},
    {"oneOf": [{"type": "null"}, of_text("date")]},
]


@pytest.mark.parametrize("schema", NULLABLE, ids=str)
def test_null_is_welcome_where_it_says_so(schema: Any, caplog: pytest.LogCaptureFixture) -> None:
    """In each of the ways that it is said."""
    assert hydrated(schema, None) is None
    assert hydrated(schema, "2024-01-01") == date(2024, 1, 1)
    assert caplog.records == []


def test_all_of_says_everything_at_once() -> None:
    """Properties, requirements and references of all parts are those of one object."""
    schema = {
        "$defs": {"Base": {"title": "Base", **of_object(["id"], id={"type": "integer"})}},
        "allOf": [{"$ref": "#/$defs/Base"}, of_object(when=of_text("date"))],
        "properties": {"when": {"description": "When it was"}},
        "title": "Event",
    }

    event = hydrated(schema, {"id": 1, "when": "2024-01-01"})

    assert repr(event) == "Event(id=1, when=datetime.date(2024, 1, 1))"
    assert hydrated(schema, {"when": "2024-01-01"}) == {"when": "2024-01-01"}
    assert hydrated({"allOf": [of_text("date")], "default": 1}, "2024-01-01").year == 2024


def test_alternatives_have_what_stands_beside_them() -> None:
    """A common part is part of each."""
    schema = {**of_object(at=of_text("date")), "anyOf": [{"required": ["a"]}, {"required": ["b"]}]}

    assert hydrated(schema, {"b": 1, "at": "2024-01-01"}).at == date(2024, 1, 1)
    assert hydrated(schema, {"at": "2024-01-01"}) == {"at": "2024-01-01"}


def test_references_are_followed_and_may_come_back() -> None:
    """A tree of nodes is a tree of objects, named as they are defined."""
    schema = {
        "$defs": {
            "No~de/1": of_object(
                ["at"],
                at=of_text("date"),
                kids={"type": "array", "items": {"$ref": "#/$defs/No~0de~11"}, "default": []},
            )
        },
        "$ref": "#/$defs/No~0de~11",
    }

    tree = hydrated(schema, {"at": "2024-01-01", "kids": [{"at": "2024-01-02"}]})

    assert tree.kids[0].at.day == 2
    assert tree.kids[0].kids == []
    whole = hydrated(
        {**of_object(at=of_text("date"), on={"$ref": "#"})}, {"on": {"at": "2024-01-01"}}
    )
    assert whole.on.at.day == 1


def test_one_wrong_part_does_not_spoil_the_others(caplog: pytest.LogCaptureFixture) -> None:
    """It stays as it came, and one warning names what is wrong, up to a few."""
    schema = of_object(
        days={"type": "array", "items": of_text("date")},
        who=of_object(["id"], id={}),
        when={"anyOf": [of_text("date"), {"type": "null"}]},
    )
    value = {"days": ["2024-01-01", "soon", 5], "who": {}, "when": "later"}

    read = hydrator(schema, "tool 'plan'")
    assert read is not None
    found = read(value)

    assert (found.days, found.who, found.when) == ([date(2024, 1, 1), "soon", 5], {}, "later")
    [record] = caplog.records
    text = record.getMessage()
    assert "tool 'plan'" in text
    assert "'an item' should be a date" in text
    assert "'who' should be an object with id" in text
    assert "'when' should be a date" in text
    assert "soon" not in text and "later" not in text


def test_a_wrapped_value_is_unwrapped() -> None:
    """Where the schema says so, also when there is nothing else to do."""
    wrapped = {**of_object(["result"], result=of_text("date")), "x-fastmcp-wrap-result": True}
    number = {**of_object(["result"], result={"type": "integer"}), "x-fastmcp-wrap-result": True}

    assert hydrated(wrapped, {"result": "2024-01-01"}) == date(2024, 1, 1)
    assert hydrated(number, {"result": 5}) == 5
    assert hydrated(number, {"other": 5}) == {"other": 5}
    assert hydrated({**number, "properties": 5}, {"result": 5}) == 5


def test_an_object_of_very_many_properties_stays_a_dict() -> None:
    """It is a table, rather."""
    schema = of_object(**{f"p{number}": of_text("date") for number in range(1000)})

    assert hydrated(schema, {"p1": "2024-01-01"}) == {"p1": "2024-01-01"}


def test_objects_of_one_schema_are_of_one_class() -> None:
    """However often it was read."""
    schema = of_object(a={})

    assert type(hydrated(schema, {})) is type(hydrated(copy.deepcopy(schema), {}))
