"""Elicitation: a tool asks its user, and gets an answer of the type that it asked for."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import Enum
from typing import Annotated, Any, Literal, TypedDict

import msgspec
import pytest
from answering import ASKING, FORMS, OLDEST, PAGES, Told, answered, elicited
from apps import HANDSHAKE, MODERN
from processes import run_python
from pydantic import BaseModel, Field

from fastmcp import Context
from fastmcp.exceptions import ClientError, ToolError
from fastmcp.server.elicitation import (
    AcceptedElicitation,
    CancelledElicitation,
    DeclinedElicitation,
    InvalidAnswer,
)

LATER = [HANDSHAKE, MODERN]


class Size(Enum):
    SMALL = "small"
    LARGE = "large"


class Floor(Enum):
    GROUND = 0
    FIRST = 1


@dataclass
class Booking:
    name: str
    size: Size
    nights: int = 1
    breakfast: bool = True
    note: str | None = None


class Contact(BaseModel):
    email: str = Field(description="Where we write to", json_schema_extra={"format": "email"})
    age: Annotated[int, Field(ge=18, lt=130)]
    phone: str | None
    born: date | None = None


class Dish(TypedDict, total=False):
    name: str


class Parcel(msgspec.Struct, rename="camel", kw_only=True):
    weight_grams: int
    size: Size = Size.SMALL
    note: str | None = None


@dataclass
class Toppings:
    chosen: list[Size] = field(default_factory=lambda: [Size.LARGE])


SINGLE: list[tuple[Any, Any, Any]] = [
    (str, "ten", "ten"),
    (int, 3, 3),
    (float, 2, 2.0),
    (bool, False, False),
    (date, "2026-01-02", date(2026, 1, 2)),
    (datetime, "2026-01-02T03:04:05", datetime(2026, 1, 2, 3, 4, 5)),
    (Literal["a", "b"], "b", "b"),
    (Literal[1, 2], "2", 2),
    (Size, "large", Size.LARGE),
    (Floor, "0", Floor.GROUND),
    (["a", "b"], "a", "a"),
    ({"a": {"title": "First"}, "b": {}}, "b", "b"),
    (int | None, 3, 3),
    (Annotated[int, Field(ge=1)], 3, 3),
]
SEVERAL: list[tuple[Any, Any, Any]] = [
    ([["a", "b"]], ["b", "a"], ["b", "a"]),
    ([{"a": {"title": "First"}, "b": {}}], ["b"], ["b"]),
    (list[Literal["a", "b"]], [], []),
    (list[Size], ["large", "small"], [Size.LARGE, Size.SMALL]),
    (set[Size], ["large", "large"], {Size.LARGE}),
]
OBJECTS: list[tuple[Any, Any, Any]] = [
    (
        Booking,
        {"name": "Ada", "size": "large", "nights": 2, "breakfast": False, "note": "late"},
        Booking("Ada", Size.LARGE, 2, False, "late"),
    ),
    (Booking, {"name": "Ada", "size": "small"}, Booking("Ada", Size.SMALL)),
    (
        Contact,
        {"email": "a@b.org", "age": 20, "born": "2000-01-01"},
        Contact(email="a@b.org", age=20, phone=None, born=date(2000, 1, 1)),
    ),
    (Dish, {"name": "soup"}, {"name": "soup"}),
    (Dish, {}, {}),
    (Parcel, {"weightGrams": 5, "size": "large"}, Parcel(weight_grams=5, size=Size.LARGE)),
]


@pytest.mark.parametrize("revision", ASKING)
@pytest.mark.parametrize(("response_type", "filled", "value"), SINGLE, ids=repr)
def test_a_single_value_is_asked_for_and_converted(
    response_type: Any, filled: Any, value: Any, revision: str
) -> None:
    """For the client it is the member `value` of a form."""
    told = elicited(response_type, {"value": filled}, revision=revision)

    assert told.value == AcceptedElicitation(data=value)
    assert type(told.value.data) is type(value)
    assert told.question["requestedSchema"]["properties"].keys() == {"value"}


@pytest.mark.parametrize("revision", LATER)
@pytest.mark.parametrize(("response_type", "filled", "value"), SEVERAL, ids=repr)
def test_several_values_are_chosen_and_converted(
    response_type: Any, filled: Any, value: Any, revision: str
) -> None:
    """A list in a list of choices, or a list of an Enum or a Literal, lets the user take many."""
    told = elicited(response_type, {"value": filled}, revision=revision)

    assert told.value == AcceptedElicitation(data=value)
    assert told.question["requestedSchema"]["properties"]["value"]["type"] == "array"


@pytest.mark.parametrize("revision", ASKING)
@pytest.mark.parametrize(("response_type", "filled", "value"), OBJECTS, ids=repr)
def test_an_object_is_asked_for_by_its_members(
    response_type: Any, filled: Any, value: Any, revision: str
) -> None:
    """Dataclasses, models, TypedDicts and Structs; what is left out is the default, or None."""
    told = elicited(response_type, filled, revision=revision)

    assert told.value == AcceptedElicitation(data=value)
    assert told.question["requestedSchema"]["properties"].keys() >= filled.keys()


@pytest.mark.parametrize("revision", ASKING)
def test_nothing_but_consent_can_be_asked_for(revision: str) -> None:
    """The form is empty, and so is what is accepted, whatever else the client sends."""
    told = elicited(None, {"stray": 1}, revision=revision)

    assert told.question == {
        "message": "Well?",
        "requestedSchema": {"type": "object", "properties": {}},
    }
    assert told.value == AcceptedElicitation(data=dict[str, Any]())


@pytest.mark.parametrize("revision", ASKING)
@pytest.mark.parametrize(
    ("action", "outcome"),
    [("decline", DeclinedElicitation()), ("cancel", CancelledElicitation())],
)
def test_a_user_may_refuse_or_go_away(action: str, outcome: Any, revision: str) -> None:
    """Neither is an error, and the two are not the same."""
    told = answered(lambda ctx: ctx.elicit("Well?", int), {"action": action}, revision=revision)

    assert told.value == outcome
    assert told.value.action == action


@pytest.mark.parametrize("revision", ASKING)
def test_one_call_asks_as_often_as_it_needs_to(revision: str) -> None:
    """Also what depends on an earlier answer."""

    async def order(ctx: Context) -> Any:
        match await ctx.elicit("What?", Literal["tea", "coffee"]):
            case AcceptedElicitation(data=drink):
                pass
            case DeclinedElicitation() | CancelledElicitation():
                return "nothing"
        match await ctx.elicit(f"How many cups of {drink}?", int):
            case AcceptedElicitation(data=cups):
                return cups, drink
            case _:
                return drink

    told = answered(
        order,
        {"action": "accept", "content": {"value": "tea"}},
        {"action": "accept", "content": {"value": 2}},
        revision=revision,
    )

    assert told.value == (2, "tea")
    assert [each["message"] for each in told.questions] == ["What?", "How many cups of tea?"]


def test_a_plain_function_asks_without_await() -> None:
    """It waits in its thread."""

    def function(ctx: Context) -> Any:
        return ctx.elicit("Well?", int)

    told = answered(function, {"action": "accept", "content": {"value": 3}})

    assert told.value == AcceptedElicitation(data=3)


@pytest.mark.parametrize("revision", ASKING)
def test_a_single_value_has_the_title_and_description_it_is_given(revision: str) -> None:
    """Without them it is called Value."""
    told = elicited(
        int, {"value": 1}, revision=revision, response_title="Age", response_description="In years"
    )

    assert told.question == {
        "message": "Well?",
        "requestedSchema": {
            "type": "object",
            "properties": {"value": {"type": "integer", "title": "Age", "description": "In years"}},
            "required": ["value"],
        },
    }


@pytest.mark.parametrize("response_type", [None, Booking, Contact, Parcel])
def test_an_object_is_labelled_where_it_is_declared(response_type: Any) -> None:
    """A title of the question would be nobody's."""
    told = elicited(response_type, response_title="Age")

    assert "response_title" in told.text
    assert told.questions == []


def test_an_older_client_is_asked_in_its_own_words() -> None:
    """2025-06-18 has titles of choices in `enumNames`, and defaults of booleans alone."""

    @dataclass
    class Stay:
        room: Annotated[str, Field(json_schema_extra={"oneOf": [{"const": "a", "title": "Attic"}]})]
        code: Annotated[str, Field(pattern="^[A-Z]+$", max_length=3)] = "AB"
        nights: Annotated[int, Field(ge=1)] = 2
        size: Size = Size.SMALL
        breakfast: bool = True

    told = elicited(Stay, {"room": "a"}, revision=OLDEST)

    assert told.question["requestedSchema"] == {
        "type": "object",
        "properties": {
            "room": {"type": "string", "title": "Room", "enum": ["a"], "enumNames": ["Attic"]},
            "code": {"type": "string", "title": "Code", "maxLength": 3},
            "nights": {"type": "integer", "title": "Nights", "minimum": 1},
            "size": {"type": "string", "title": "Size", "enum": ["small", "large"]},
            "breakfast": {"type": "boolean", "title": "Breakfast", "default": True},
        },
        "required": ["room"],
    }
    assert told.value.data == Stay("a", "AB", 2, Size.SMALL, True)


@pytest.mark.parametrize("response_type", [Toppings, [["a", "b"]], list[Size]])
def test_an_older_client_cannot_be_asked_to_choose_several(response_type: Any) -> None:
    """2025-06-18 has no such member, so nothing is asked, and the function hears why."""

    async def function(ctx: Context) -> Any:
        with pytest.raises(ClientError, match="2025-06-18"):
            await ctx.elicit("Well?", response_type)

    assert answered(function, revision=OLDEST).questions == []


@pytest.mark.parametrize("revision", ASKING)
@pytest.mark.parametrize(
    ("response_type", "filled", "problem"),
    [
        (int, {"value": "s3cret"}, "value: Input should be a valid integer"),
        (int, {}, "value: is required"),
        (date, {"value": "s3cret"}, "value: Input should be a valid date"),
        (Size, {"value": "s3cret"}, "value: should be one of 'small', 'large'"),
        (["a", "b"], {"value": "s3cret"}, "value: should be one of 'a', 'b'"),
        ({"a": {}}, {"value": "s3cret"}, "value: should be one of 'a'"),
        (Booking, {"size": "small"}, "name: is required"),
        (Booking, {"name": "Ada", "size": "s3cret"}, "size: should be one of 'small', 'large'"),
        (Contact, {"email": "a@b.org", "age": 4}, "age: Input should be greater than or equal"),
        (
            Contact,
            {"age": "s3cret"},
            "email: is required; age: Input should be a valid integer",
        ),
        (Parcel, {"weightGrams": "s3cret"}, "Expected `int`, got `str` - at `$.weightGrams`"),
    ],
)
def test_an_answer_that_does_not_fit_is_an_error_that_names_the_member(
    response_type: Any,
    filled: dict[str, Any],
    problem: str,
    revision: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The model is told, whether errors are masked or not; the value is neither told nor logged."""
    caplog.set_level(logging.DEBUG)

    told = answered(
        lambda ctx: ctx.elicit("Well?", response_type),
        {"action": "accept", "content": filled},
        revision=revision,
        mask_error_details=True,
    )

    assert told.message["result"]["isError"]
    assert told.text.startswith(f"The user's answer does not fit: {problem}")
    assert "s3cret" not in told.text
    assert "s3cret" not in caplog.text


@pytest.mark.parametrize("revision", LATER)
@pytest.mark.parametrize(
    ("filled", "problem"), [("a", "should be a list"), (["c"], "should be one of 'a', 'b'")]
)
def test_a_choice_of_several_that_does_not_fit_is_an_error(
    filled: Any, problem: str, revision: str
) -> None:
    """Each of those that were chosen has to be one of those that were offered."""
    told = elicited([["a", "b"]], {"value": filled}, revision=revision)

    assert told.text == f"The user's answer does not fit: value: {problem}"


def test_a_function_can_go_on_after_an_answer_that_does_not_fit() -> None:
    """The error is a failure of a tool, a failure of the client, and a ValueError."""

    async def function(ctx: Context) -> Any:
        for _ in range(2):
            try:
                return await ctx.elicit("How many?", int)
            except InvalidAnswer as error:
                assert isinstance(error, (ToolError, ClientError))
                assert isinstance(error, ValueError)

    answers = [{"action": "accept", "content": {"value": value}} for value in ("many", "3")]
    told = answered(function, *answers)

    assert told.value == AcceptedElicitation(data=3)


@pytest.mark.parametrize("revision", ASKING)
def test_an_answer_is_taken_as_leniently_as_an_argument(revision: str) -> None:
    """Numbers may come as text, null is a member left blank, and what is unknown is left out."""
    sent = {"name": "Ada", "size": "small", "nights": "4", "breakfast": None, "stray": 1}

    told = elicited(Booking, sent, revision=revision)

    assert told.value.data == Booking("Ada", Size.SMALL, nights=4)


@pytest.mark.parametrize("revision", ASKING)
def test_an_accepted_form_may_be_left_blank_where_everything_has_a_default(revision: str) -> None:
    """Then there need not be any content."""

    @dataclass
    class Options:
        nights: int = 1

    told = answered(
        lambda ctx: ctx.elicit("Well?", Options), {"action": "accept"}, revision=revision
    )

    assert told.value.data == Options(1)


def _refused(told: Told, revision: str) -> str:
    """What the client lacks: by an error of the protocol where it is known, else in words."""
    assert told.questions == []
    if revision != MODERN:
        assert told.message["result"]["isError"]
        return told.text.removeprefix("The client does not support ").partition(":")[0]
    error = told.message["error"]
    path, needed = [], error["data"]["requiredCapabilities"]
    while needed:
        ((step, needed),) = needed.items()
        path.append(step)
    assert error["code"] == -32021 and ".".join(path) in error["message"]
    return ".".join(path)


@pytest.mark.parametrize("revision", ["2024-11-05", "2025-03-26"])
def test_revisions_without_elicitation_are_told_so(revision: str) -> None:
    """Whatever the client declares."""
    told = answered(lambda ctx: ctx.elicit("Well?", int), revision=revision)

    assert _refused(told, revision) == "elicitation"
    assert revision in told.text


@pytest.mark.parametrize("revision", ASKING)
def test_a_client_that_did_not_declare_elicitation_is_not_asked(revision: str) -> None:
    """The error names what it lacks."""
    told = answered(lambda ctx: ctx.elicit("Well?", int), revision=revision, capabilities={})

    assert _refused(told, revision) == "elicitation"


@pytest.mark.parametrize("revision", LATER)
@pytest.mark.parametrize(
    ("declared", "asked"),
    [({}, True), ({"form": {}}, True), ({"form": {}, "url": {}}, True), ({"url": {}}, False)],
)
def test_a_client_of_pages_alone_is_sent_no_form(
    declared: dict[str, Any], asked: bool, revision: str
) -> None:
    """An empty declaration means forms."""
    told = answered(
        lambda ctx: ctx.elicit("Well?", int),
        {"action": "cancel"},
        revision=revision,
        capabilities={"elicitation": declared},
    )

    assert bool(told.questions) is asked
    if not asked:
        assert _refused(told, revision) == "elicitation.form"


PAGE = "https://bank.example.org/pay?order=1"


def test_a_user_is_asked_to_visit_a_page() -> None:
    """To accept is to agree to open it; the handshake era has an id for what comes of it."""
    told = answered(
        lambda ctx: ctx.elicit_url("Please pay", PAGE), {"action": "accept"}, capabilities=PAGES
    )

    assert told.value == AcceptedElicitation(data=None)
    assert len(told.question.pop("elicitationId")) == 32
    assert told.question == {"message": "Please pay", "mode": "url", "url": PAGE}


def test_modern_clients_know_no_ids_of_pages() -> None:
    """So the question is the same whenever the function runs."""
    told = answered(
        lambda ctx: ctx.elicit_url("Please pay", PAGE, elicitation_id="order-1"),
        {"action": "decline"},
        revision=MODERN,
        capabilities=PAGES,
    )

    assert told.value == DeclinedElicitation()
    assert told.question == {"message": "Please pay", "mode": "url", "url": PAGE}


@pytest.mark.parametrize("revision", ASKING)
def test_the_client_hears_when_the_user_is_done_with_a_page(revision: str) -> None:
    """Where its revision has that: in 2025-11-25 alone."""

    async def function(ctx: Context) -> None:
        if ctx.protocol_version != OLDEST:
            await ctx.elicit_url("Please pay", PAGE, elicitation_id="order-1")
        await ctx.elicitation_complete("order-1")

    told = answered(function, {"action": "accept"}, revision=revision, capabilities=PAGES)

    assert told.message["result"]["content"][0]["text"] == "done"
    expected = [("notifications/elicitation/complete", {"elicitationId": "order-1"})]
    found = [(each["method"], each["params"]) for each in told.notices]
    assert found == (expected if revision == HANDSHAKE else [])
    if revision == HANDSHAKE:
        assert told.question["elicitationId"] == "order-1"


@pytest.mark.parametrize(
    ("revision", "capabilities"),
    [(OLDEST, PAGES), (HANDSHAKE, FORMS), (MODERN, FORMS), ("2025-03-26", PAGES)],
)
def test_a_client_that_opens_no_pages_is_sent_none(
    revision: str, capabilities: dict[str, Any]
) -> None:
    """Either its revision has none, or it did not declare them."""
    told = answered(
        lambda ctx: ctx.elicit_url("Please pay", PAGE),
        revision=revision,
        capabilities=capabilities,
    )

    assert _refused(told, revision) == "elicitation.url"


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("ftp://example.org", "http or https"),
        ("javascript:alert(1)", "http or https"),
        ("/pay", "http or https"),
        ("https:///pay", "http or https"),
        ("https://me:secret@example.org", "credentials"),
        ("https://me@example.org", "credentials"),
        ("https://example.org/a b", "percent-encoded"),
        ("https://example.org/\n", "percent-encoded"),
        ("https://exämple.org", "percent-encoded"),
    ],
)
def test_no_user_is_sent_where_it_is_not_safe(url: str, problem: str) -> None:
    """Only to pages of the web, and never with credentials in the URL."""

    async def function(ctx: Context) -> None:
        with pytest.raises(ValueError, match=problem):
            await ctx.elicit_url("Please pay", url)

    assert answered(function, capabilities=PAGES).questions == []


def test_outcomes_are_values() -> None:
    """They compare, say what they are, and take the parameter that a type checker wants."""
    assert AcceptedElicitation[int](data=1) == AcceptedElicitation(data=1, action="accept")
    assert AcceptedElicitation(data=1) != AcceptedElicitation(data=2)
    assert repr(AcceptedElicitation(data=1)) == "AcceptedElicitation(action='accept', data=1)"
    assert DeclinedElicitation() == DeclinedElicitation(action="decline")
    assert CancelledElicitation() != DeclinedElicitation()


def test_single_values_are_asked_for_without_pydantic() -> None:
    """It is loaded for the first type that needs it."""
    run = run_python(
        "-c",
        "import sys, datetime, enum, typing\n"
        "from fastmcp.server.elicitation import *\n"
        "Size = enum.Enum('Size', {'S': 's'})\n"
        "for asked in None, str, bool, datetime.date, Size, ['a'], {'a': {}}, [['a']]:\n"
        "    get_elicitation_schema(asked)\n"
        "get_elicitation_schema(list[Size])\n"
        "handle_elicit_accept(parse_elicit_response_type(int), {'value': 1})\n"
        "assert 'pydantic' not in sys.modules\n",
    )

    assert run.stderr == ""
    assert run.returncode == 0
