"""The handler of elicitations: what it is given, and what becomes of what it returns."""

from __future__ import annotations

import asyncio
import dataclasses
import enum
import typing
from collections.abc import Callable
from datetime import date
from typing import Any, Literal

import msgspec
import pytest
from pydantic import BaseModel, Field

from fastmcp import Client
from fastmcp import types as wire
from fastmcp.client.elicitation import ElicitRequestParams, ElicitResult

from .scripted import HANDSHAKE, ScriptedServer, form

SIGN_UP: Any = {
    "name": {"type": "string", "minLength": 2, "maxLength": 10},
    "age": {"type": "integer", "minimum": 18, "maximum": 99},
    "score": {"type": "number", "default": 95.5},
    "verified": {"type": "boolean", "default": False},
    "plan": {"type": "string", "enum": ["free", "paid"], "default": "free"},
    "size": {"type": "string", "oneOf": [{"const": "s", "title": "Small"}]},
    "tags": {"type": "array", "items": {"type": "string", "enum": ["a", "b"]}, "maxItems": 2},
    "extras": {
        "type": "array",
        "items": {"anyOf": [{"const": "x", "title": "X"}]},
        "default": ["x"],
    },
    "mail": {"type": "string", "format": "email"},
    "site": {"type": "string", "format": "uri"},
    "day": {"type": "string", "format": "date"},
    "at": {"type": "string", "format": "date-time"},
}
DEFAULTS = {"score": 95.5, "verified": False, "plan": "free", "extras": ["x"]}


def elicited(params: Any, handler: Callable[..., Any]) -> Any:
    """What a client with this handler answers to an elicitation."""
    server = ScriptedServer(revision=HANDSHAKE)

    async def main() -> Any:
        async with asyncio.timeout(30), Client(server, elicitation_handler=handler):
            return await server.ask("elicitation/create", params)

    return asyncio.run(main())


def answered(value: Any, params: Any = None) -> Any:
    """What a client answers whose handler returns this value."""
    return elicited(params or form("?", **SIGN_UP), lambda *_: value)


def given(params: Any) -> tuple[Any, ...]:
    """What the handler is called with."""
    seen: list[Any] = []
    elicited(params, lambda *arguments: seen.extend(arguments) or {})
    return tuple(seen)


def test_a_handler_is_given_the_message_a_type_the_parameters_and_the_request() -> None:
    """The type has a field for each member, those without a default first."""
    params = form("Sign up!", ["name", "age"], **SIGN_UP)

    message, kind, seen, context = given(params)

    assert message == "Sign up!"
    assert isinstance(seen, ElicitRequestParams)
    assert seen.requested_schema == params["requestedSchema"]
    assert context.method == "elicitation/create"
    assert typing.get_type_hints(kind) == {
        "name": str,
        "age": int,
        "score": float,
        "verified": bool,
        "plan": Literal["free", "paid"],
        "size": Literal["s"] | None,
        "tags": list[Literal["a", "b"]] | None,
        "extras": list[Literal["x"]],
        **dict.fromkeys(("mail", "site", "day", "at"), str | None),
    }
    made = kind("Ada", 36)
    assert (made.score, made.verified, made.plan, made.extras) == (95.5, False, "free", ["x"])
    assert kind("Bob", 1).extras is not made.extras


def test_names_that_python_cannot_have_become_fields_and_are_sent_as_they_were() -> None:
    """Each is another field, and the answer has the names of the form."""
    members = {name: {"type": "string"} for name in ("home-town", "home_town", "class", "1st", "")}

    async def fill(message: str, kind: Any, *_: Any) -> Any:
        names = [field.name for field in dataclasses.fields(kind)]
        assert all(name.isidentifier() for name in names)
        return kind(**{name: name for name in names})

    content = elicited(form("?", **members), fill)["result"]["content"]

    assert content == {
        "home-town": "home_town",
        "home_town": "home_town_",
        "class": "class_",
        "1st": "_1st",
        "": "_",
    }


def test_a_form_without_members_and_a_url_have_no_type() -> None:
    """Whatever the handler returns then is agreed to, without content."""
    url = {"mode": "url", "message": "?", "url": "https://a.example", "elicitationId": "1"}

    assert given(form("?"))[1] is None
    assert given(url)[1] is None
    assert given(url)[2].url == "https://a.example"
    assert answered(None, url)["result"] == {"action": "accept"}
    assert answered({}, form("?"))["result"] == {"action": "accept", "content": {}}


class Plan(enum.Enum):
    FREE = "free"


class Model(BaseModel):
    name: str
    home_town: str = Field(serialization_alias="home-town")


@dataclasses.dataclass
class Data:
    name: str
    plan: Plan = Plan.FREE


class Packed(msgspec.Struct):
    name: str


@pytest.mark.parametrize(
    ("value", "content"),
    [
        ({"name": "Ada"}, {"name": "Ada"}),
        ({"day": date(2026, 7, 28), "plan": Plan.FREE}, {"day": "2026-07-28", "plan": "free"}),
        (Data("Ada"), {"name": "Ada", "plan": "free"}),
        (Packed("Ada"), {"name": "Ada"}),
        (Model(name="Ada", home_town="Rom"), {"name": "Ada", "home-town": "Rom"}),
        ({"name": None, "score": None, "tags": []}, {"tags": []}),
        (None, {}),
    ],
)
def test_what_a_handler_returns_is_accepted_as_the_answer(value: Any, content: Any) -> None:
    """Mappings and objects of any kind; what is None or left out has the form's default."""
    assert answered(value)["result"] == {"action": "accept", "content": {**DEFAULTS, **content}}


@pytest.mark.parametrize(
    ("kind", "value"), [("string", "x"), ("integer", 3), ("number", 0.5), ("boolean", False)]
)
def test_a_plain_value_stands_for_the_only_member(kind: str, value: Any) -> None:
    """As the forms of scalars have it."""
    content = answered(value, form("?", ["value"], value={"type": kind}))["result"]["content"]

    assert content == {"value": value}


def test_a_plain_value_for_many_members_is_an_error() -> None:
    """It says which members there are."""
    error = answered("Ada", form("?", a={}, b={}))["error"]

    assert error["code"] == -32603
    assert "has to have its members (a, b), and 'Ada' has none" in error["message"]


class Theirs(BaseModel):
    """A result as other libraries have it."""

    action: str
    content: dict[str, Any] | None = None
    meta: dict[str, Any] | None = None


Theirs.__name__ = "ElicitResult"


@pytest.mark.parametrize("kind", [ElicitResult, wire.ElicitResult, Theirs])
def test_a_result_is_taken_as_it_is(kind: Any) -> None:
    """Ours or another library's; the content of an accepted one is checked and completed."""
    accepted = answered(kind(action="accept", content={"name": "Ada"}))["result"]

    assert accepted == {"action": "accept", "content": {**DEFAULTS, "name": "Ada"}}
    assert answered(kind(action="accept"))["result"]["content"] == DEFAULTS
    assert answered(kind(action="decline", content={"name": "A"}))["result"] == {
        "action": "decline"
    }
    assert answered(kind(action="cancel"))["result"] == {"action": "cancel"}


def test_a_result_may_have_meta_and_an_object_for_content() -> None:
    """The content may be whatever a handler can return."""
    result = ElicitResult(action="accept", content=Data("Ada"), meta={"k": 1})

    assert answered(result)["result"] == {
        "action": "accept",
        "content": {**DEFAULTS, "name": "Ada", "plan": "free"},
        "_meta": {"k": 1},
    }


def test_a_form_with_a_member_named_action_is_no_result() -> None:
    """The type that the handler is given is not mistaken for one."""
    params = form("?", ["action"], action={"type": "string"})

    result = elicited(params, lambda message, kind, *_: kind(action="decline"))["result"]

    assert result == {"action": "accept", "content": {"action": "decline"}}


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        ({"name": 1}, "name must be a string, not 1"),
        ({"name": "A"}, "name must have at least 2 characters"),
        ({"name": "A" * 11}, "name must have at most 10 characters"),
        ({"age": "20"}, "age must be an integer, not '20'"),
        ({"age": 20.5}, "age must be an integer, not 20.5"),
        ({"age": True}, "age must be an integer, not True"),
        ({"age": 17}, "age must be at least 18"),
        ({"age": 100}, "age must be at most 99"),
        ({"score": "1"}, "score must be a number, not '1'"),
        ({"verified": 1}, "verified must be true or false, not 1"),
        ({"plan": "Paid"}, "plan must be one of ['free', 'paid'], not 'Paid'"),
        ({"size": "Small"}, "size must be one of ['s'], not 'Small'"),
        ({"tags": "a"}, "tags must be a list, not 'a'"),
        ({"tags": ["a", "c"]}, "tags item must be one of ['a', 'b'], not 'c'"),
        ({"tags": ["a", "b", "a"]}, "tags must have at most 2 items"),
        ({"extras": ["y"]}, "extras item must be one of ['x'], not 'y'"),
        ({"mail": "ada"}, "mail must have the format email, unlike 'ada'"),
        ({"site": "a.example"}, "site must have the format uri, unlike 'a.example'"),
        ({"day": "28.7.2026"}, "day must have the format date, unlike '28.7.2026'"),
        ({"at": "noon"}, "at must have the format date-time, unlike 'noon'"),
    ],
)
def test_an_answer_that_does_not_fit_the_form_is_an_error(answer: Any, problem: str) -> None:
    """The server is not sent it, and is told what is wrong."""
    assert answered(answer)["error"] == {
        "code": -32603,
        "message": f"The answer does not fit the form: {problem}",
    }


def test_all_that_is_wrong_with_an_answer_is_told_at_once() -> None:
    """What is missing, what is not in the form, and what has another type."""
    params = form("?", ["name", "age"], **SIGN_UP)
    params["requestedSchema"]["additionalProperties"] = False

    error = answered({"age": "x", "nmae": "Ada"}, params)["error"]

    assert error["message"].endswith(
        "name is missing; age must be an integer, not 'x'; nmae is not in the form"
    )


@pytest.mark.parametrize(
    "answer",
    [
        {"age": 20.0, "score": 1},
        {"mail": "a@b", "site": "x:y", "day": "2026-07-28", "at": "2026-07-28T12:00:00Z"},
        {"size": "s", "tags": ["a", "b"], "more": "free form"},
    ],
)
def test_an_answer_that_fits_is_sent_as_it_is(answer: Any) -> None:
    """Members that the form does not have are the server's to judge, unless it forbids them."""
    assert answered(answer)["result"]["content"] == {**DEFAULTS, **answer}


def test_members_of_unknown_kinds_are_not_judged() -> None:
    """Servers that ask for more than the protocol has are still answered."""
    members = {"a": {"anyOf": [{"type": "string"}, {"type": "null"}]}, "b": {"type": "object"}}

    content = answered({"a": 1, "b": {"c": []}}, form("?", **members))["result"]["content"]

    assert content == {"a": 1, "b": {"c": []}}
