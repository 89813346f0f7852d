"""Arguments that do not fit at first: what is forgiven, and what is said of the rest."""

from __future__ import annotations

import json
import logging
from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Literal, Union
from uuid import UUID

import pytest
from one_tool import Address, Color, Point, annotated_by, refusal_of, value_of
from pydantic import BaseModel, Field

from fastmcp.server.middleware import Middleware


class Cat(BaseModel):
    kind: Literal["cat"]


class Dog(BaseModel):
    kind: Literal["dog"]


@pytest.mark.parametrize("wrapped", [False, True], ids=["bare", "in-middleware"])
@pytest.mark.parametrize(
    ("annotation", "sent", "seen"),
    [
        (list[int], "[1, 2]", "list [1, 2]"),
        (list[str], ' ["a"] ', "list ['a']"),
        (dict[str, Any], '{"a": {"b": 1}}', "dict {'a': {'b': 1}}"),
        (dict, "{}", "dict {}"),
        (Address, '{"street": "Rain"}', "Address street='Rain' number=1"),
        (Point, '{"x": 1}', "Point Point(x=1, y=0)"),
        (list[Point] | None, '[{"x": 1}]', "list [Point(x=1, y=0)]"),
        (list[int] | None, "null", "NoneType None"),
        (int | list[int], "[1]", "list [1]"),
        (tuple[int, bool], "[1, true]", "tuple (1, True)"),
        (Annotated[list[Decimal], "Prices"], "[0.1]", "list [Decimal('0.1')]"),
        (Union[Cat, Dog], '{"kind": "dog"}', "Dog kind='dog'"),
    ],
    ids=str,
)
def test_json_in_a_string_is_decoded_where_no_string_can_be(
    annotation: Any, sent: str, seen: str, wrapped: bool
) -> None:
    """Models send objects and lists as JSON in a string; what they meant arrives."""
    middleware = [Middleware()] if wrapped else None

    assert value_of(annotated_by(annotation), {"value": sent}, middleware=middleware) == seen


@pytest.mark.parametrize(
    ("annotation", "sent", "seen"),
    [
        (str, "[1, 2]", "str [1, 2]"),
        (str, '{"a": 1}', 'str {"a": 1}'),
        (str, "null", "str null"),
        (list[int] | str, "[1]", "str [1]"),
        (Any, "[1]", "str [1]"),
        (bytes, "[1]", "bytes b'[1]'"),
        (dict[str, str], {"a": '{"b": 1}'}, "dict {'a': '{\"b\": 1}'}"),
        (list[str], ["[1]"], "list ['[1]']"),
    ],
    ids=str,
)
def test_a_string_that_may_be_one_stays(annotation: Any, sent: Any, seen: str) -> None:
    """JSON in a parameter that takes text is text."""
    assert value_of(annotated_by(annotation), {"value": sent}) == seen


@pytest.mark.parametrize(
    ("annotation", "sent"),
    [
        (Literal["a"], '"a"'),
        (Color, '"red"'),
        (date, '"2026-07-28"'),
        (Annotated[str, Field(max_length=1)], "[]"),
        (list[int], '"[1]"'),
        (list[int], "[1"),
        (list[int], "[1]]"),
        (list[int], "[" * 100_000),
    ],
    ids=lambda value: str(value)[:40],
)
def test_other_strings_are_refused(annotation: Any, sent: str) -> None:
    """Text is decoded once, whole, and never for a parameter that takes some text."""
    assert "value: " in refusal_of(annotated_by(annotation), {"value": sent})


def test_strict_validation_decodes_no_string() -> None:
    """JSON in a string is a string."""
    refusal = refusal_of(annotated_by(list[int]), {"value": "[1]"}, strict_input_validation=True)

    assert "value: Input should be a valid array" in refusal


def test_what_is_wrong_inside_of_a_string_is_told() -> None:
    """The complaint is about the JSON that was meant, and the other arguments stay checked."""

    def f(places: list[Address], count: int) -> None: ...

    refusal = refusal_of(f, {"places": '[{"number": 1}]', "count": "x"})

    assert "places.0.street: is required" in refusal
    assert "count: " in refusal
    assert "'places' corrected, 'count' corrected" in refusal


def test_the_log_tells_that_a_string_was_decoded_and_not_what_it_held(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """For the author who wonders; and input values stay out of logs, on failure, too."""
    caplog.set_level(logging.DEBUG, logger="fastmcp")

    value_of(annotated_by(list[str]), {"value": '["hunter2"]'})
    refusal_of(annotated_by(list[int]), {"value": '["hunter2"]'})

    assert "JSON in a string" in caplog.text
    assert "hunter2" not in caplog.text


@pytest.mark.parametrize("name", ["args", "arguments", "kwargs", "params", "input"])
@pytest.mark.parametrize("encoded", [False, True])
def test_arguments_inside_of_an_argument_are_taken_out(name: str, encoded: bool) -> None:
    """What a model wrapped in one object more is unwrapped, if it fits then."""

    def f(city: str, days: int = 3) -> str:
        return f"{city} {days}"

    inner: Any = {"city": "Bern", "days": 1}
    sent = json.dumps(inner) if encoded else inner

    assert value_of(f, {name: sent}) == "Bern 1"
    assert "days: " in refusal_of(f, {name: {"city": "Bern", "days": "x"}})
    assert "is not a parameter" in refusal_of(f, {name: sent}, strict_input_validation=True)


def test_a_parameter_that_is_called_args_is_a_parameter() -> None:
    """Nothing is taken out of it."""

    def f(args: dict[str, int]) -> int:
        return sum(args.values())

    assert value_of(f, {"args": {"args": 1, "b": 2}}) == 3


@pytest.mark.parametrize(
    ("sent", "told"),
    [
        ({}, "city: is required. Call again with 'city' given."),
        (
            {"City": "Bern"},
            "city: is required; City: is not a parameter (the nearest is city). "
            "Call again with 'city' given, 'City' renamed to 'city'.",
        ),
        (
            {"city": "Bern", "day": 1},
            "day: is not a parameter (the nearest is days). "
            "Call again with 'day' renamed to 'days'.",
        ),
        (
            {"city": "Bern", "citi": "Bern"},
            "citi: is not a parameter. Call again with 'citi' left out.",
        ),
        (
            {"city": "Bern", "colour": "red"},
            "colour: is not a parameter. Call again with 'colour' left out.",
        ),
        (
            {"city": 1, "days": "x"},
            "city: Input should be a valid string; days: Input should be a valid integer, unable "
            "to parse string as an integer. Call again with 'city' corrected, 'days' corrected.",
        ),
    ],
    ids=str,
)
def test_a_refusal_says_what_to_send_again(sent: dict[str, Any], told: str) -> None:
    """Which argument, what is wrong with it, and the parameter that an unknown one may mean."""

    def f(city: str, days: int = 3) -> str:
        return city

    assert refusal_of(f, sent) == f"Invalid arguments for tool 'f': {told}"


@pytest.mark.parametrize(
    ("annotation", "sent"),
    [
        (int, "hunter2"),
        (UUID, "hunter2"),
        (list[int], ["hunter2"]),
        (date, "hunter2"),
        (Color, "hunter2"),
        (Annotated[Cat | Dog, Field(discriminator="kind")], {"kind": "hunter2"}),
        (Annotated[str, Field(pattern="^a")], "hunter2"),
        (list[int], '["hunter2"]'),
        (dict[str, int], {"a": "hunter2"}),
    ],
    ids=str,
)
def test_no_refusal_repeats_a_value(
    annotation: Any, sent: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """Neither to the client nor in the log."""
    caplog.set_level(logging.DEBUG, logger="fastmcp")

    assert "hunter2" not in refusal_of(annotated_by(annotation), {"value": sent})
    assert "hunter2" not in caplog.text


def test_a_refusal_is_short_however_much_is_wrong() -> None:
    """A thousand unknown arguments and names of a megabyte are not all repeated."""

    def f(a: int) -> None: ...

    many = refusal_of(f, {f"x{number}": 1 for number in range(1000)})
    long = refusal_of(f, {"a": 1, "b" * 1_000_000: 1})

    assert "; and 993 more" in many
    assert len(many) < 1000
    assert len(long) < 400


@pytest.mark.parametrize(
    ("annotation", "sent"),
    [
        (Annotated[str, Field(max_length=2)] | list[int], "[1]"),
        (date | list[int], "[1]"),
        (Literal["red", 1], "1"),
    ],
)
def test_a_string_that_some_text_would_fit_is_not_decoded(annotation: Any, sent: str) -> None:
    """It was meant as text, also when it is refused, and when JSON in it would fit."""
    assert "value" in refusal_of(annotated_by(annotation), {"value": sent})
