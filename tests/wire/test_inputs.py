"""Elicitation by mode, and input rounds."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from fastmcp.wire.features import CallToolRequestParams
from fastmcp.wire.inputs import (
    CreateMessageRequest,
    ElicitRequest,
    ElicitRequestFormParams,
    ElicitRequestParams,
    ElicitRequestURLParams,
    ElicitResult,
    InputRequiredResult,
    ListRootsRequest,
)

FORM: dict[str, Any] = {"message": "m", "requestedSchema": {"type": "object", "properties": {}}}
VISIT: dict[str, Any] = {"mode": "url", "message": "m", "url": "https://example.com"}


@pytest.mark.parametrize(
    ("message", "cls"),
    [
        (FORM, ElicitRequestFormParams),
        ({**FORM, "mode": "form"}, ElicitRequestFormParams),
        (VISIT, ElicitRequestURLParams),
        ({**VISIT, "elicitationId": "e"}, ElicitRequestURLParams),
    ],
)
def test_elicitation_decodes_by_its_mode(message: dict[str, Any], cls: type[Any]) -> None:
    """The common type becomes the class of the mode, and encodes as it came."""
    decoded = msgspec.json.decode(json.dumps(message), type=ElicitRequestParams)
    assert type(decoded) is cls
    assert isinstance(decoded, ElicitRequestParams)
    assert json.loads(msgspec.json.encode(decoded)) == message
    assert decoded == cls.model_validate(message)


@pytest.mark.parametrize(
    ("message", "missing"),
    [
        ({"message": "m"}, "requestedSchema"),
        ({"message": "m", "mode": "url"}, "url"),
        ({**FORM, "mode": "url"}, "url"),
        ({"mode": "form", "message": "m", "url": "https://example.com"}, "requestedSchema"),
    ],
)
def test_elicitation_needs_what_its_mode_needs(message: dict[str, Any], missing: str) -> None:
    """A form without schema and a visit without URL are refused."""
    with pytest.raises(msgspec.ValidationError, match=missing):
        msgspec.json.decode(json.dumps(message), type=ElicitRequestParams)


def test_the_url_mode_is_always_written() -> None:
    """A peer that finds no mode would take it for a form."""
    visit = ElicitRequestURLParams(message="m", url="https://example.com")
    assert json.loads(msgspec.json.encode(visit)) == VISIT


def test_answers_keep_their_types() -> None:
    """Numbers, booleans, strings, lists and null of an answer decode as what they are."""
    content = {"a": 1, "b": 1.5, "c": True, "d": "x", "e": ["x"], "f": None}
    data = json.dumps({"action": "accept", "content": content})
    result = msgspec.json.decode(data, type=ElicitResult)
    assert result.content == content
    assert [type(value) for value in (result.content or {}).values()] == [
        int,
        float,
        bool,
        str,
        list,
        type(None),
    ]


def test_an_unknown_action_is_refused() -> None:
    """There are three answers."""
    with pytest.raises(msgspec.ValidationError, match="maybe"):
        msgspec.json.decode(b'{"action":"maybe"}', type=ElicitResult)


def test_input_requests_decode_by_their_method() -> None:
    """Each embedded request becomes its own class, with its params typed."""
    sampling: dict[str, Any] = {"messages": [], "maxTokens": 1}
    message: dict[str, Any] = {
        "resultType": "input_required",
        "inputRequests": {
            "a": {"method": "elicitation/create", "params": VISIT},
            "b": {"method": "sampling/createMessage", "params": sampling},
            "c": {"method": "roots/list"},
        },
        "requestState": "s",
    }
    result = msgspec.json.decode(json.dumps(message), type=InputRequiredResult)
    requests = result.input_requests or {}
    elicit = requests["a"]
    assert isinstance(elicit, ElicitRequest)
    assert isinstance(elicit.params, ElicitRequestURLParams)
    assert isinstance(requests["b"], CreateMessageRequest)
    assert requests["c"] == ListRootsRequest()
    assert requests["c"].method == "roots/list"
    assert json.loads(msgspec.json.encode(result)) == message


def test_an_input_round_always_says_what_it_is() -> None:
    """The result type is written without having been given."""
    assert json.loads(msgspec.json.encode(InputRequiredResult(request_state="s"))) == {
        "resultType": "input_required",
        "requestState": "s",
    }


def test_input_responses_are_kept_as_they_came() -> None:
    """Answers stay plain JSON until the request each belongs to is known."""
    responses = {"a": {"action": "decline", "later": [None]}}
    data = json.dumps({"name": "t", "inputResponses": responses, "requestState": ""})
    params = msgspec.json.decode(data, type=CallToolRequestParams)
    assert params.input_responses == responses
    assert params.request_state == ""
