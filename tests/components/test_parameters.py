"""What is said of a parameter: fields, aliases, titles and defaults."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Annotated, Any

import pytest
from one_tool import Address, Color, Point, annotated_by, kind, refusal_of, schema_of, value_of
from pydantic import BaseModel, Field

from fastmcp import FastMCP
from fastmcp.exceptions import InvalidSignature
from fastmcp.types import Textarea


class NoJson:
    pass


@pytest.mark.parametrize(
    ("annotation", "default", "shown"),
    [
        (Color, Color.BLUE, "blue"),
        (date, date(2026, 7, 28), "2026-07-28"),
        (Address, Address(street="Rain"), {"street": "Rain", "number": 1}),
        (Point, Point(1), {"x": 1, "y": 0}),
        (set[int], {3, 1, 2}, [1, 2, 3]),
        (list[Color], [Color.RED], ["red"]),
        (Decimal, Decimal("1.50"), "1.50"),
        (Any, {"a": (1, 2)}, {"a": [1, 2]}),
    ],
    ids=str,
)
def test_a_default_is_shown_as_json_and_used_as_it_is(
    annotation: Any, default: Any, shown: Any
) -> None:
    """The schema has what a client could send; the function gets the author's value."""
    function = annotated_by(annotation, default)

    assert schema_of(function)["properties"]["value"]["default"] == shown
    assert value_of(function, {}) == kind(default)


@pytest.mark.parametrize("form", ["plain", "rich", "field", "annotated"])
@pytest.mark.parametrize(
    "default",
    [object(), {object()}, [object()], {"a": NoJson()}, float("nan"), [float("inf")], len, b"\xff"],
    ids=["object", "set", "list", "dict", "nan", "inf", "function", "bytes"],
)
def test_a_default_that_cannot_be_json_fails_when_the_tool_is_made(default: Any, form: str) -> None:
    """The author is told the line, the parameter and the cure."""

    def f(good: int, bad: Any = None) -> None: ...

    f.__defaults__ = (Field(default) if form == "field" else default,)
    if form == "rich":
        f.__annotations__["bad"] = Annotated[Any, "one", "two"]
    if form == "annotated":
        f.__annotations__["bad"] = Annotated[Any, Field(default=default)]
        f.__defaults__ = None

    with pytest.raises(InvalidSignature) as caught:
        FastMCP("x").tool(f)

    text = str(caught.value)
    assert f"{__file__}:{f.__code__.co_firstlineno}: f() has a default of bad" in text
    assert "default to None and make the value in the function" in text


@pytest.mark.parametrize(
    "annotation",
    [NoJson, list[NoJson], Callable[[int], int], Annotated[NoJson, "x"], dict[str, NoJson], type],
    ids=str,
)
def test_an_annotation_that_json_cannot_be_fails_when_the_tool_is_made(annotation: Any) -> None:
    """With the parameter that has it, and what to do."""

    def f(good: int, bad: Any) -> None: ...

    f.__annotations__["bad"] = annotation

    with pytest.raises(
        InvalidSignature, match=r"f\(\) cannot validate bad: annotate it with a type"
    ):
        FastMCP("x").tool(f)


def test_a_pattern_that_is_none_fails_when_the_tool_is_made() -> None:
    """A mistake in a constraint is found before any call."""

    def f(bad: Annotated[str, Field(pattern="(")]) -> None: ...

    with pytest.raises(InvalidSignature, match="bad"):
        FastMCP("x").tool(f)


def test_a_field_may_be_the_default() -> None:
    """`Field(...)` says of a parameter what it says of a member of a model."""

    def f(
        a: int = Field(ge=1, description="How many"),
        b: list[str] = Field(default_factory=lambda: ["made"]),  # noqa: B008
        c: str = Field(None, title="Note"),
        d: int = Field(4, le=9, examples=[5]),
    ) -> str:
        return f"{a} {b} {c} {d}"

    schema = schema_of(f)

    assert value_of(f, {"a": 1}) == "1 ['made'] None 4"
    assert value_of(f, {"a": 1, "c": None, "d": 9}) == "1 ['made'] None 9"
    assert "a: " in refusal_of(f, {"a": 0})
    assert schema["required"] == ["a"]
    assert schema["properties"]["a"] == {
        "type": "integer",
        "minimum": 1,
        "description": "How many",
    }
    assert schema["properties"]["c"] == {
        "anyOf": [{"type": "string"}, {"type": "null"}],
        "default": None,
        "title": "Note",
    }
    assert schema["properties"]["d"] == {
        "type": "integer",
        "maximum": 9,
        "default": 4,
        "examples": [5],
    }


def test_an_alias_is_the_name_that_clients_know() -> None:
    """The function receives its own parameter; the refusal speaks of the alias."""

    def f(
        user_id: Annotated[int, Field(alias="userId", description="Who")],
        kind: str = Field("a", alias="type"),
    ) -> str:
        return f"{user_id} {kind}"

    assert list(schema_of(f)["properties"]) == ["userId", "type"]
    assert schema_of(f)["required"] == ["userId"]
    assert value_of(f, {"userId": 7, "type": "b"}) == "7 b"
    assert "userId: is required" in refusal_of(f, {})
    assert "is not a parameter (the nearest is userId)" in refusal_of(f, {"user_id": 7})


def test_json_schema_extra_is_in_the_schema() -> None:
    """What the author adds, headers to mirror and forms among it."""

    def f(
        region: Annotated[str, Field(json_schema_extra={"x-mcp-header": "Region"})],
        text: Textarea,
        note: Annotated[Textarea, Field(description="What else")] = "",
    ) -> str:
        return text

    properties = schema_of(f)["properties"]

    assert properties["region"] == {"type": "string", "x-mcp-header": "Region"}
    assert properties["text"] == {"type": "string", "format": "textarea"}
    assert properties["note"]["format"] == "textarea"
    assert properties["note"]["description"] == "What else"
    assert value_of(f, {"region": "eu", "text": "many\nlines"}) == "many\nlines"


def test_a_model_may_use_the_types_for_parameters() -> None:
    """Textarea says the same of a member."""

    class Query(BaseModel):
        sql: Textarea

    def f(query: Query) -> str:
        return query.sql

    assert schema_of(f)["properties"]["query"]["properties"]["sql"]["format"] == "textarea"


def test_titles_that_only_repeat_a_name_are_left_out() -> None:
    """Those that the author gave stay."""

    class Titled(BaseModel):
        a: int
        b: Annotated[int, Field(title="The second")] = 2

    def f(
        first_one: int,
        titled: Titled,
        color: Color = Color.RED,
        other: Annotated[int, Field(title="The other")] = 1,
    ) -> None: ...

    text = json.dumps(schema_of(f))

    assert text.count("title") == 2 + text.count('"titled"')
    assert "The second" in text
    assert "The other" in text
