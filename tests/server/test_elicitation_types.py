"""Which form asks for a type, and what the values are that it gives."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, time
from decimal import Decimal
from enum import Enum, IntEnum
from typing import Annotated, Any, Literal, NotRequired, Optional
from uuid import UUID

import pytest
from annotated_types import Gt, Len
from answering import ASKING, OLDEST, elicited
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from pydantic import BaseModel, ConfigDict, Field, create_model
from typing_extensions import TypedDict

from fastmcp.server.elicitation import (
    ScalarElicitationType,
    get_elicitation_schema,
    handle_elicit_accept,
    parse_elicit_response_type,
    validate_elicitation_json_schema,
)


class Size(Enum):
    """How much of it."""

    SMALL = "small"
    LARGE = "large"


class Floor(IntEnum):
    GROUND = 0
    FIRST = 1


def member_of(annotation: Any, default: Any = ...) -> dict[str, Any]:
    """How a form asks for a member of this type."""
    model = create_model("Asked", it=(annotation, default))
    return get_elicitation_schema(model)["properties"]["it"]


def value_of(response_type: Any, content: Any) -> Any:
    """What an answer is converted to."""
    return handle_elicit_accept(parse_elicit_response_type(response_type), content).data


def titled(**titles: str) -> Any:
    """What a choice with titles looks like."""
    return [{"const": value, "title": title} for value, title in titles.items()]


ONE_OF_TWO = [{"const": "a", "title": "First"}, {"const": "b", "title": "b"}]


@pytest.mark.parametrize(
    ("response_type", "member"),
    [
        (str, {"type": "string"}),
        (int, {"type": "integer"}),
        (float, {"type": "number"}),
        (bool, {"type": "boolean"}),
        (date, {"type": "string", "format": "date"}),
        (datetime, {"type": "string", "format": "date-time"}),
        (time, {"type": "string"}),
        (UUID, {"type": "string"}),
        (Decimal, {"type": "string"}),
        (int | float, {"type": "number"}),
        (int | str, {"type": "string"}),
        (Literal["a"], {"type": "string", "enum": ["a"]}),
        (Literal["a", "b"], {"type": "string", "enum": ["a", "b"]}),
        (Literal[1, 2], {"type": "string", "enum": ["1", "2"]}),
        (Floor, {"type": "string", "enum": ["0", "1"]}),
        (
            Size,
            {"type": "string", "description": "How much of it.", "enum": ["small", "large"]},
        ),
        (["a", "b"], {"type": "string", "enum": ["a", "b"]}),
        ({"a": {"title": "First"}, "b": {}}, {"type": "string", "oneOf": ONE_OF_TWO}),
        ({"a": "First", "b": "b"}, {"type": "string", "oneOf": ONE_OF_TWO}),
        ([["a", "b"]], {"type": "array", "items": {"type": "string", "enum": ["a", "b"]}}),
        ([{"a": {"title": "First"}, "b": {}}], {"type": "array", "items": {"anyOf": ONE_OF_TWO}}),
        (
            list[Literal["a", "b"]],
            {"type": "array", "items": {"type": "string", "enum": ["a", "b"]}},
        ),
        (list[Size], {"type": "array", "items": {"type": "string", "enum": ["small", "large"]}}),
        (Annotated[int, Field(ge=1, le=9)], {"type": "integer", "minimum": 1, "maximum": 9}),
        (ScalarElicitationType[int], {"type": "integer"}),
    ],
    ids=repr,
)
def test_a_single_value_is_the_member_of_a_form(response_type: Any, member: dict[str, Any]) -> None:
    """Choices are texts, since forms offer nothing else."""
    assert get_elicitation_schema(response_type) == {
        "type": "object",
        "properties": {"value": {"title": "Value", **member}},
        "required": ["value"],
    }


@pytest.mark.parametrize(
    ("annotation", "default", "member"),
    [
        (int, 3, {"type": "integer", "default": 3}),
        (float, 3, {"type": "number", "default": 3}),
        (bool, False, {"type": "boolean", "default": False}),
        (str, "x", {"type": "string", "default": "x"}),
        (str, Field(max_length=3, pattern="x"), {"type": "string", "maxLength": 3, "pattern": "x"}),
        (str, Field(title="A", description="B"), {"title": "A", "description": "B"}),
        (int, Field(gt=0, lt=10), {"minimum": 1, "maximum": 9}),
        (float, Field(gt=0, lt=10), {"minimum": 0, "maximum": 10}),
        (Optional[int], None, {"type": "integer"}),
        (Optional[int], 3, {"type": "integer", "default": 3}),
        (Optional[Size], None, {"type": "string", "enum": ["small", "large"]}),
        (Literal["a", None], None, {"type": "string", "enum": ["a"]}),
        (Optional[Literal["a"]], "a", {"type": "string", "enum": ["a"], "default": "a"}),
        (date, date(2026, 1, 2), {"type": "string", "default": "2026-01-02"}),
        (Size, Size.LARGE, {"enum": ["small", "large"], "default": "large"}),
        (Floor, Floor.FIRST, {"enum": ["0", "1"], "default": "1"}),
        (set[Size], {Size.LARGE, Size.SMALL}, {"default": ["small", "large"]}),
        (
            Annotated[list[Size], Len(1, 2)],
            Field(default_factory=list),
            {"minItems": 1, "maxItems": 2},
        ),
        (str, Field(json_schema_extra={"format": "email"}), {"format": "email"}),
        (str, Field(json_schema_extra={"x-widget": "area"}), {"x-widget": "area"}),
        (
            str,
            Field(json_schema_extra={"oneOf": titled(a="A")}),
            {"type": "string", "oneOf": titled(a="A")},
        ),
        (
            Optional[str],
            Field(None, json_schema_extra={"anyOf": titled(a="A")}),
            {"type": "string", "oneOf": titled(a="A")},
        ),
        (
            Size,
            Field(Size.SMALL, json_schema_extra={"enumNames": ["S", "L"]}),
            {"enum": ["small", "large"], "enumNames": ["S", "L"], "default": "small"},
        ),
        (
            list[str],
            Field(json_schema_extra={"items": {"anyOf": titled(a="A")}}),
            {"type": "array", "items": {"anyOf": titled(a="A")}},
        ),
    ],
)
def test_a_member_says_what_the_declaration_says(
    annotation: Any, default: Any, member: dict[str, Any]
) -> None:
    """Defaults, limits, labels, and what `json_schema_extra` adds."""
    assert member_of(annotation, default).items() >= member.items()


@pytest.mark.parametrize(
    ("annotation", "default", "absent"),
    [
        (Optional[int], None, {"default", "anyOf"}),
        (time, Field(default=...), {"format"}),
        (str, Field(json_schema_extra={"oneOf": titled(a="A")}), {"enum"}),
        (Annotated[int, Field(multiple_of=2)], 2, {"multipleOf"}),
        (Annotated[int, Gt(0)], 2, {"exclusiveMinimum"}),
        (set[Size], {Size.LARGE}, {"uniqueItems"}),
        (int | str, 3, {"default"}),
        (str, Field(examples=["x"]), {"examples"}),
    ],
)
def test_a_member_says_nothing_that_forms_do_not_know(
    annotation: Any, default: Any, absent: set[str]
) -> None:
    """Strict clients refuse what they do not know."""
    assert member_of(annotation, default).keys() & absent == set()


def test_a_form_is_the_bare_object() -> None:
    """The name, the docstring and the rest of a model's schema stay at home."""

    class Stay(BaseModel):
        """A stay."""

        model_config = ConfigDict(title="Your stay", extra="forbid")

        first_name: str = Field(alias="firstName")
        nights: int = 1

    assert get_elicitation_schema(Stay) == {
        "type": "object",
        "properties": {
            "firstName": {"type": "string", "title": "FirstName"},
            "nights": {"type": "integer", "title": "Nights", "default": 1},
        },
        "required": ["firstName"],
    }
    assert value_of(Stay, {"firstName": "Ada", "stray": 1}).first_name == "Ada"


def test_names_are_shown_as_people_write_them() -> None:
    """A declared title stands."""

    @dataclass
    class Person:
        first_name: str
        _id: Annotated[str, Field(title="id")] = ""

    shown = get_elicitation_schema(Person)["properties"]

    assert shown["first_name"]["title"] == "First Name"
    assert shown["_id"]["title"] == "id"


def test_members_that_may_be_none_need_not_be_filled_in() -> None:
    """With a default or without one."""

    class Person(BaseModel):
        name: str | None
        nick: str | None = "Al"

    assert "required" not in get_elicitation_schema(Person)
    assert value_of(Person, {}) == Person(name=None, nick="Al")
    assert value_of(Person, {"nick": None}) == Person(name=None, nick=None)
    assert value_of(Optional[int], {}) is None


def test_a_typed_dict_leaves_out_what_was_not_filled_in() -> None:
    """As it may."""

    class Person(TypedDict):
        name: str
        age: NotRequired[int]

    assert get_elicitation_schema(Person)["required"] == ["name"]
    assert value_of(Person, {"name": "Ada"}) == {"name": "Ada"}


@pytest.mark.parametrize(
    ("response_type", "content", "value"),
    [
        (Literal[1, 2], 2, 2),
        (Literal[1, "x"], "1", 1),
        (Literal[True], "true", True),
        (Floor, 1, Floor.FIRST),
        (Decimal, "1.50", Decimal("1.50")),
        (int | float, 2.5, 2.5),
        (bool, "yes", True),
    ],
)
def test_what_was_answered_becomes_a_value_of_the_type(
    response_type: Any, content: Any, value: Any
) -> None:
    """Choices are found by their texts, or as they are."""
    found = value_of(response_type, {"value": content})

    assert found == value
    assert type(found) is type(value)


class Inner(BaseModel):
    x: int


@pytest.mark.parametrize(
    ("annotation", "cure"),
    [
        (Inner, "a form is flat"),
        (Inner | None, "a form is flat"),
        (dict[str, int], "a form is flat"),
        (list[Inner], "a list in a form is a choice of several"),
        (list[str], "a list in a form is a choice of several"),
        (tuple[int, int], "a list in a form is a choice of several"),
        (Any, "use a str, int"),
        (None, "use a str, int"),
        (Inner | int, "use a str, int"),
        (bool | int, "it may be of several types"),
        (Literal[1, "1"], "two of its values read the same"),
    ],
    ids=repr,
)
def test_what_no_form_can_ask_for_is_refused_by_the_name_of_its_member(
    annotation: Any, cure: str
) -> None:
    """And with what to do about it."""
    with pytest.raises(TypeError, match=rf"cannot ask for 'it': .*{cure}"):
        member_of(annotation)


def test_a_type_that_json_cannot_be_is_refused() -> None:
    """As it is for a parameter of a tool."""
    with pytest.raises(TypeError, match=r"cannot ask for .*Stranger"):
        get_elicitation_schema(type("Stranger", (), {}))


@pytest.mark.parametrize("offered", [[], {}, [[]], [{}], ["a", 1], {1: "a"}, [["a"], ["b"]]])
def test_choices_are_strings_and_there_are_some(offered: Any) -> None:
    """Else the author is told what they look like."""
    with pytest.raises(ValueError, match="a list of strings, or a dict of strings"):
        parse_elicit_response_type(offered)


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "string"},
        {"type": "object", "properties": {"a": {"type": "object"}}},
        {"type": "object", "properties": {"a": {"type": "array", "items": {"type": "object"}}}},
        {"type": "object", "properties": {"a": {"$ref": "#/$defs/A"}}, "$defs": {"A": {}}},
        {"type": "object", "properties": {"a": {"type": ["string", "object"]}}},
    ],
)
def test_a_schema_of_ones_own_is_held_to_the_same_rules(schema: dict[str, Any]) -> None:
    """Nothing nested, nothing unknown."""
    with pytest.raises(TypeError):
        validate_elicitation_json_schema(schema)


def test_a_schema_of_ones_own_may_refer_to_its_definitions() -> None:
    """And say in any way that a member may be null."""
    validate_elicitation_json_schema(
        {
            "type": "object",
            "properties": {
                "a": {"$ref": "#/$defs/Size"},
                "b": {"type": ["integer", "null"]},
                "c": {"anyOf": [{"$ref": "#/$defs/Size"}, {"type": "null"}]},
                "d": {"const": "x"},
            },
            "$defs": {"Size": {"enum": ["s", "l"], "type": "string"}},
        }
    )


@pytest.mark.parametrize("revision", ASKING)
def test_the_five_ways_to_offer_a_choice(revision: str) -> None:
    """Each as the revision has it; 2025-06-18 has no choice of several."""

    @dataclass
    class Choices:
        plain: Literal["a", "b"]
        named: Annotated[str, Field(json_schema_extra={"oneOf": titled(a="A", b="B")})]
        legacy: Annotated[
            str, Field(json_schema_extra={"enum": ["a", "b"], "enumNames": ["A", "B"]})
        ]

    @dataclass
    class More(Choices):
        several: list[Literal["a", "b"]] = field(default_factory=list[Any])
        several_named: Annotated[
            list[str], Field(json_schema_extra={"items": {"anyOf": titled(a="A", b="B")}})
        ] = field(default_factory=list[Any])

    content: dict[str, Any] = {"plain": "a", "named": "b", "legacy": "a"}
    kind: Any = Choices
    if revision != OLDEST:
        content |= {"several": ["a"], "several_named": ["a", "b"]}
        kind = More

    told = elicited(kind, content, revision=revision)

    assert told.value.data == kind(**content)
    shown = told.question["requestedSchema"]["properties"]
    legacy = {"type": "string", "enum": ["a", "b"], "enumNames": ["A", "B"]}
    assert shown["plain"] == {"type": "string", "title": "Plain", "enum": ["a", "b"]}
    assert shown["legacy"] == {"title": "Legacy", **legacy}
    if revision == OLDEST:
        assert shown["named"] == {"title": "Named", **legacy}
    else:
        offered = titled(a="A", b="B")
        assert shown["named"] == {"type": "string", "title": "Named", "oneOf": offered}
        assert shown["several"]["items"] == {"type": "string", "enum": ["a", "b"]}
        assert shown["several_named"]["items"] == {"anyOf": offered}


@pytest.mark.parametrize("revision", ASKING)
def test_a_choice_that_only_the_schema_knows_is_checked(revision: str) -> None:
    """The type behind it is a string, and the client might send any."""

    class Named(BaseModel):
        size: str = Field(json_schema_extra={"oneOf": titled(s="Small")})

    told = elicited(Named, {"size": "x"}, revision=revision)

    assert told.text == "The user's answer does not fit: size: should be one of 's'"


def test_a_type_is_read_once() -> None:
    """Also one that is written anew for each question."""

    def read(response_type: Any) -> Any:
        return parse_elicit_response_type(response_type, "Size", "How much").form

    assert read(Size) is read(Size)
    assert read(["a", "b"]) is read(["a", "b"])
    assert read({"a": {"title": "A"}}) is read({"a": {"title": "A"}})
    assert read({"a": {"title": "A"}}) is not read({"a": {"title": "B"}})


# What an answer fits is what the type takes: no pattern, no limit that only the type knows.
_MEMBERS: list[tuple[Any, Any]] = [
    (str, ...),
    (str, "x"),
    (Annotated[str, Field(min_length=1, max_length=4)], ...),
    (Optional[str], None),
    (int, ...),
    (Annotated[int, Field(gt=-5, lt=5)], 0),
    (float, ...),
    (Annotated[float, Field(ge=-1, le=1)], 0.5),
    (bool, ...),
    (bool, True),
    (date, ...),
    (Optional[date], None),
    (datetime, ...),
    (Size, ...),
    (Optional[Size], Size.SMALL),
    (Literal["a", "b c"], ...),
    (Optional[Literal["a"]], None),
    (list[Size], []),
    (Annotated[list[Literal["a", "b"]], Field(min_length=1)], ...),
]


def _answers(schema: dict[str, Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Answers that fit a form."""
    required = schema.get("required", [])
    members = {name: _values(member) for name, member in schema["properties"].items()}
    return st.fixed_dictionaries(
        {name: values for name, values in members.items() if name in required},
        optional={name: values for name, values in members.items() if name not in required},
    )


def _values(member: dict[str, Any]) -> st.SearchStrategy[Any]:
    if "enum" in member:
        return st.sampled_from(member["enum"])
    match member["type"], member.get("format"):
        case "array", _:
            items = st.sampled_from(member["items"]["enum"])
            return st.lists(items, min_size=member.get("minItems", 0), unique=True)
        case "string", "date":
            return st.dates(min_value=date(1700, 1, 1)).map(date.isoformat)
        case "string", "date-time":
            return st.datetimes(min_value=datetime(1700, 1, 1)).map(datetime.isoformat)
        case "string", _:
            return st.text(
                min_size=member.get("minLength", 0), max_size=member.get("maxLength", 20)
            )
        case "boolean", _:
            return st.booleans()
        case kind, _:
            least, most = member.get("minimum", -(2**53)), member.get("maximum", 2**53)
            numbers = st.integers(int(least), int(most))
            return numbers if kind == "integer" else numbers | st.floats(least, most)


@settings(max_examples=150)
@given(st.lists(st.sampled_from(_MEMBERS), max_size=5), st.data())
def test_an_answer_that_fits_the_form_fits_the_type_and_back(
    members: list[tuple[Any, Any]], data: st.DataObject
) -> None:
    """Whatever the members are, and whatever was filled in."""
    model = create_model("Asked", **{f"m{at}": each for at, each in enumerate(members)})  # type: ignore[call-overload]
    schema = get_elicitation_schema(model)
    fits: Any = Draft202012Validator(schema)

    content = data.draw(_answers(schema))
    fits.validate(content)
    value = value_of(model, content)

    assert isinstance(value, model)
    fits.validate(value.model_dump(mode="json", exclude_none=True))
    assert value_of(model, value.model_dump(mode="json")) == value
