"""`json_schema_to_type`: types that pydantic validates."""

from __future__ import annotations

import dataclasses
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Literal, get_args
from uuid import UUID

import pytest
from processes import run_python
from pydantic import AnyUrl, BaseModel, TypeAdapter, ValidationError

from fastmcp.utilities.json_schema_type import (
    JSONSchema,
    json_schema_to_type,
    json_schema_to_type_adapter,
)


def valid(schema: Any, value: Any) -> Any:
    """What pydantic makes of a value by the type of a schema."""
    return TypeAdapter(json_schema_to_type(schema)).validate_python(value)


PERSON: JSONSchema = {
    "type": "object",
    "title": "Person",
    "description": "Somebody",
    "properties": {
        "name": {"type": "string", "minLength": 1},
        "age": {"type": "integer", "minimum": 0},
        "home-town": {"type": "string"},
        "email": {"type": "string", "format": "email"},
    },
    "required": ["name", "age"],
}


def test_an_object_is_a_dataclass_to_make_and_to_validate() -> None:
    """With real annotations, keywords only, None for what may be missing, and a name."""
    person = json_schema_to_type(PERSON)

    assert (person.__name__, person.__doc__) == ("Person", "Somebody")
    assert json_schema_to_type(PERSON, name="Friend").__name__ == "Friend"
    assert person(name="Ada", age=3) == valid(PERSON, {"name": "Ada", "age": 3})
    assert valid(PERSON, {"name": "Ada", "age": 3, "home-town": "Rome"}).home_town == "Rome"
    assert [field.name for field in dataclasses.fields(person)] == [
        "name",
        "age",
        "home_town",
        "email",
    ]
    assert type(None) in get_args(dataclasses.fields(person)[3].type)
    assert json_schema_to_type(dict(PERSON)) is person


@pytest.mark.parametrize(
    "value",
    [
        {"name": "", "age": 1},
        {"name": "Ada", "age": -1},
        {"name": "Ada"},
        {"name": "Ada", "age": 1, "email": "nowhere"},
    ],
    ids=str,
)
def test_constraints_hold(value: Any) -> None:
    """Of texts, numbers, and of what has to be there."""
    with pytest.raises(ValidationError):
        valid(PERSON, value)


SIMPLE = [
    ({"type": "string"}, str),
    ({"type": "integer"}, int),
    ({"type": "number"}, float),
    ({"type": "boolean"}, bool),
    ({"type": "null"}, type(None)),
    ({"type": "string", "format": "date-time"}, datetime),
    ({"type": "string", "format": "date"}, date),
    ({"type": "string", "format": "time"}, time),
    ({"type": "string", "format": "duration"}, timedelta),
    ({"type": "string", "format": "uuid"}, UUID),
    ({"type": "string", "format": "uri"}, AnyUrl),
    ({"type": "array", "items": {"type": "string"}}, list[str]),
    ({"type": "array"}, list[Any]),
    ({"type": "array", "items": {"type": "integer"}, "uniqueItems": True}, set[int]),
    ({"type": "object"}, dict[str, Any]),
    ({"type": "object", "additionalProperties": {"type": "integer"}}, dict[str, int]),
    ({"anyOf": [{"type": "integer"}, {"type": "string"}, {"type": "null"}]}, int | str | None),
    ({"type": ["integer", "null"]}, int | None),
    ({"enum": ["a", 1, None]}, Literal["a", 1, None]),
    ({"const": "a"}, Literal["a"]),
    (
        {
            "type": "array",
            "prefixItems": [{"type": "integer"}, {"type": "string"}],
            "minItems": 2,
            "maxItems": 2,
        },
        tuple[int, str],
    ),
    ({}, object),
    (True, Any),
    ({"not": {"type": "string"}}, Any),
]


@pytest.mark.parametrize(("schema", "expected"), SIMPLE, ids=str)
def test_a_schema_has_the_type_that_one_would_write(schema: Any, expected: Any) -> None:
    """As FastMCP has it."""
    assert json_schema_to_type(schema) == expected


REFUSED = [
    (False, 1),
    ({"enum": []}, 1),
    ({"type": "integer", "minimum": 1.5, "maximum": 5, "exclusiveMaximum": True}, 5),
    ({"type": "integer", "minimum": 1.5}, 1),
    ({"type": "integer", "multipleOf": 5}, 6),
    ({"type": "array", "maxItems": 1.0}, [1, 2]),
    ({"type": "array", "minItems": 10**30}, [1]),
    ({"type": "array", "uniqueItems": True}, [{"a": 1}, {"a": 1}]),
    ({"enum": [1.5, {"a": 1}]}, {"a": 2}),
    ({"type": "string", "pattern": "^a+$"}, "b"),
]


@pytest.mark.parametrize(("schema", "value"), REFUSED, ids=str)
def test_what_does_not_fit_is_refused(schema: Any, value: Any) -> None:
    """Also where a schema is written in an older or an odd way."""
    with pytest.raises(ValidationError):
        valid(schema, value)


def test_odd_constraints_do_not_break_a_type() -> None:
    """What says nothing is left out."""
    odd = {"minimum": "x", "multipleOf": 0, "maximum": None, "exclusiveMinimum": True}

    assert valid({"type": "integer", **odd}, 5) == 5
    assert valid({"type": "string", "minLength": -1, "maxLength": 10**30}, "x") == "x"
    assert valid({"type": "array", "uniqueItems": True}, [{"a": 1}, 1]) == [{"a": 1}, 1]
    with pytest.warns(UserWarning, match="not enforced"):
        assert valid({"type": "string", "minLength": 1, "pattern": "(?!x)"}, "x") == "x"


def test_recursion_comes_back_to_the_class() -> None:
    """At every level."""
    schema = {
        "$ref": "#/$defs/Node",
        "$defs": {
            "Node": {
                "type": "object",
                "properties": {
                    "at": {"type": "string", "format": "date-time"},
                    "kids": {"type": "array", "items": {"$ref": "#/$defs/Node"}, "default": []},
                    "next": {"anyOf": [{"$ref": "#/$defs/Node"}, {"type": "null"}]},
                },
                "required": ["at"],
            }
        },
    }
    at = "2024-01-01T00:00:00Z"

    node = valid(schema, {"at": at, "kids": [{"at": at}], "next": {"at": at}})

    assert type(node).__name__ == "Node"
    assert node.kids[0].at == node.next.at == datetime(2024, 1, 1, tzinfo=UTC)
    with pytest.raises(ValidationError, match=r"kids\.0\.at"):
        valid(schema, {"at": at, "kids": [{"at": "never"}]})


def test_defaults_are_validated_and_one_object_fills_in_another() -> None:
    """A default of an object holds for the properties that are missing in one."""
    size = {"type": "object", "properties": {"w": {"type": "integer"}, "h": {"type": "integer"}}}
    schema = {
        "type": "object",
        "properties": {
            "at": {"type": "string", "format": "date", "default": "2024-01-01"},
            "size": {**size, "default": {"w": 1, "h": 2}},
            "none": {"type": "string", "default": None},
        },
    }

    assert valid(schema, {}).at == date(2024, 1, 1)
    assert valid(schema, {}).size.w == 1
    assert (valid(schema, {"size": {"w": 5}}).size.h, valid(schema, {}).none) == (2, None)


def test_other_properties_are_kept_where_they_are_expected() -> None:
    """Under their own names; elsewhere they are left out."""
    schema = {"type": "object", "properties": {"a": {"type": "integer"}}}

    assert valid({**schema, "additionalProperties": True}, {"a": 1, "b": 2}).b == 2
    assert not hasattr(valid(schema, {"a": 1, "b": 2}), "b")


def test_types_fit_into_models() -> None:
    """And have a JSON Schema of their own."""

    class Visit(BaseModel):
        who: json_schema_to_type(PERSON)  # type: ignore[valid-type]

    assert Visit.model_validate({"who": {"name": "Ada", "age": 1}}).who.name == "Ada"
    properties = TypeAdapter(json_schema_to_type(PERSON)).json_schema()["properties"]
    assert properties["name"] == {"minLength": 1, "title": "Name", "type": "string"}
    assert properties["home-town"]["anyOf"] == [{"type": "string"}, {"type": "null"}]


def test_only_an_object_has_a_name() -> None:
    """For anything else it is an error."""
    with pytest.raises(ValueError, match="'X'"):
        json_schema_to_type({"type": "string"}, name="X")


def test_what_yaml_reads_is_understood() -> None:
    """Dates in it are texts again."""
    schema = {"type": "object", "properties": {"at": {"default": date(2024, 1, 1)}}}

    assert valid(schema, {}).at == "2024-01-01"


def test_an_adapter_is_made_once() -> None:
    """For schemas that are equal."""
    assert json_schema_to_type_adapter(PERSON) is json_schema_to_type_adapter(dict(PERSON))
    assert json_schema_to_type_adapter(True).validate_python(5) == 5


def test_importing_the_module_does_not_load_pydantic() -> None:
    """Asking for one of its names does."""
    line = "import sys, fastmcp.utilities.json_schema_type; assert 'pydantic' not in sys.modules"
    run = run_python("-c", line)
    assert run.returncode == 0, run.stderr
