"""What the next server, and its client, are told of a conversation that goes on."""

from __future__ import annotations

import json
from typing import Any

import pytest
from apps import initialize, notification, request

from fastmcp.cli.running.conversation import AGAIN, Conversation


def line(message: Any) -> bytes:
    return json.dumps(message).encode() + b"\n"


def read(lines: list[bytes]) -> list[Any]:
    return [json.loads(each) for each in lines]


def result(id: Any, **members: Any) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": id, "result": members}


def opened(**capabilities: Any) -> Conversation:
    """A conversation with a first server, after its handshake."""
    conversation = Conversation()
    assert conversation.begin() is None
    conversation.go_on()
    conversation.from_client(line(initialize()))
    conversation.from_server(line(result(initialize()["id"], capabilities=capabilities)))
    conversation.from_client(line(notification("notifications/initialized")))
    return conversation


def test_lines_pass_as_they_are() -> None:
    """Also those that are no messages."""
    conversation = Conversation()
    for each in (line(request("tools/list", 7)), b"garbage\n", b"[]\n", line(result(7))):
        assert conversation.from_client(each) == [each]
    assert conversation.from_server(line(result(7, tools=[]))) == [line(result(7, tools=[]))]


def test_a_batch_is_taken_apart() -> None:
    """Its requests are answered one by one, and those that are not are asked again."""
    conversation = opened()
    requests = [request("tools/list", 7), request("ping", 8), 5]

    assert read(conversation.from_client(line(requests))) == requests
    assert conversation.from_server(line(result(7, tools=[]))) != []
    assert read(conversation.go_on().to_server)[-1] == request("ping", 8)


@pytest.mark.parametrize("id", [[], {"a": 1}, 1.5, True, None])
def test_what_has_no_right_id_is_the_servers_to_refuse(id: Any) -> None:
    """Once: it is not asked again."""
    conversation = opened()
    wrong = line({"jsonrpc": "2.0", "id": id, "method": "ping"})
    refusal = line({"jsonrpc": "2.0", "id": id, "error": {"code": -32600, "message": "no"}})

    assert conversation.from_client(wrong) == [wrong]
    assert conversation.from_server(refusal) == [refusal]
    assert wrong not in conversation.go_on().to_server


def test_what_was_cancelled_is_not_asked_again() -> None:
    """Nobody waits for it."""
    conversation = opened()
    conversation.from_client(line(request("tools/list", 7)))
    for params in ({"requestId": 7}, {"requestId": []}, {}, [], None):
        sent = line({**notification("notifications/cancelled"), "params": params})
        assert conversation.from_client(sent) == [sent]

    assert read(conversation.go_on().to_server) == [notification("notifications/initialized")]


def test_a_session_is_opened_again_and_the_client_lists_again() -> None:
    """The client's own initialize, under an id of ours; its answer is not for the client."""
    conversation = opened(tools={"listChanged": True}, prompts={})

    again = conversation.begin()
    assert again is not None
    opening = json.loads(again)
    answer = line(result(AGAIN, capabilities={}))
    outgoing = conversation.go_on()

    assert opening == {**initialize(), "id": AGAIN}
    assert conversation.is_opened_again(answer)
    assert conversation.from_server(answer) == []
    assert read(outgoing.to_server) == [notification("notifications/initialized")]
    assert read(outgoing.to_client) == [
        {"jsonrpc": "2.0", "method": "notifications/tools/list_changed"}
    ]


def test_what_holds_for_a_session_is_said_again() -> None:
    """The latest log level, and subscriptions that were not ended; their answers are ours."""
    conversation = opened()
    for id, message in enumerate(
        (
            request("logging/setLevel", 2, level="error"),
            request("resources/subscribe", 3, uri="a://b"),
            request("resources/subscribe", 4, uri="a://c"),
            request("resources/unsubscribe", 5, uri="a://c"),
            request("logging/setLevel", 6, level="info"),
        ),
        2,
    ):
        conversation.from_client(line(message))
        conversation.from_server(line(result(id)))

    conversation.begin()
    _, *said = read(conversation.go_on().to_server)

    assert [(each["method"], each["params"]) for each in said] == [
        ("logging/setLevel", {"level": "info"}),
        ("resources/subscribe", {"uri": "a://b"}),
    ]
    assert all(conversation.from_server(line(result(each["id"]))) == [] for each in said)


def test_only_requests_that_change_nothing_are_made_again() -> None:
    """A call and a task fail; a list, which the client still waits for, is asked of the next."""
    conversation = opened()
    for id, method in enumerate(("tools/call", "tasks/cancel", "tools/list"), 2):
        conversation.from_client(line(request(method, id)))

    failed = read(conversation.lose("gone"))
    conversation.begin()
    _, again = read(conversation.go_on().to_server)

    assert [(each["id"], each["error"]["message"]) for each in failed] == [(2, "gone"), (3, "gone")]
    assert (again["method"], again["id"]) == ("tools/list", 4)
    assert conversation.from_server(line(result(4, tools=[]))) == [line(result(4, tools=[]))]


def test_without_a_server_all_requests_fail() -> None:
    """Each once."""
    conversation = opened()
    conversation.from_client(line(request("tools/list", "x")))

    assert [each["id"] for each in read(conversation.give_up("down"))] == ["x"]
    assert conversation.give_up("down") == []


def test_no_answer_reaches_the_wrong_server() -> None:
    """Two servers ask under the same id; the first one's question is taken back."""
    conversation = opened()
    asked = line(request("roots/list", 0))
    (first,) = read(conversation.from_server(asked))
    taken_back = read(conversation.lose("gone"))
    conversation.begin()
    (second,) = read(conversation.from_server(asked))

    assert first["id"] != second["id"]
    assert [each["params"]["requestId"] for each in taken_back] == [first["id"]]
    assert conversation.from_client(line(result(first["id"], roots=[]))) == []
    assert read(conversation.from_client(line(result(second["id"], roots=[])))) == [
        result(0, roots=[])
    ]


def test_a_server_takes_its_own_question_back() -> None:
    """Under the id that the client knows."""
    conversation = opened()
    (asked,) = read(conversation.from_server(line(request("roots/list", 0))))
    cancelled = notification("notifications/cancelled", requestId=0)

    (said,) = read(conversation.from_server(line(cancelled)))

    assert said["params"]["requestId"] == asked["id"]
