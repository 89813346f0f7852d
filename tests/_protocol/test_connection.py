"""Two connections that talk to each other, and one that is talked to by nobody in particular."""

from __future__ import annotations

import json
from typing import Any

import pytest

from fastmcp._protocol.connection import (
    Answered,
    CancelReceived,
    Connection,
    Event,
    Malformed,
    ProgressReceived,
    Refused,
)
from fastmcp.exceptions import McpError, MethodNotFound
from fastmcp.wire import jsonrpc
from fastmcp.wire.jsonrpc import Notification, Request, Response


class Pair:
    """A client and a server, each with what it has received."""

    def __init__(self) -> None:
        self.client = Connection()
        self.server = Connection()

    def request(self, method: str = "tools/list") -> tuple[Any, Event]:
        """The client asks: the id, and what the server makes of it."""
        id = self.client.next_id()
        return id, receive(self.server, jsonrpc.encode_request(id, method, {}))

    def answer(self, id: Any, result: Any = None) -> Event:
        """The server answers: what the client makes of it."""
        self.server.finish(id)
        return receive(self.client, jsonrpc.encode_result(id, result or {}))


def receive(connection: Connection, data: bytes, **options: Any) -> Event:
    """What a connection makes of one message."""
    (event,) = connection.receive(data, **options)
    return event


def reply_of(event: Event) -> dict[str, Any]:
    """What is answered to something malformed."""
    assert isinstance(event, Malformed)
    return json.loads(event.reply)


def message(**members: Any) -> bytes:
    """A JSON-RPC message of these members."""
    return json.dumps({"jsonrpc": "2.0", **members}).encode()


# Requests and answers


def test_a_request_arrives_and_is_in_flight_until_it_is_finished() -> None:
    """On both sides."""
    pair = Pair()

    id, event = pair.request()

    assert isinstance(event, Request) and (event.id, event.method) == (id, "tools/list")
    assert pair.client.outgoing == pair.server.incoming == {id}
    assert pair.server.finish(id)
    assert pair.server.incoming == set()


def test_an_answer_settles_its_request() -> None:
    """The result stays raw."""
    pair = Pair()
    id, _ = pair.request()

    event = pair.answer(id, {"tools": []})

    assert isinstance(event, Answered)
    assert (event.id, bytes(event.result)) == (id, b'{"tools":[]}')
    assert pair.client.outgoing == set()


def test_a_refusal_settles_its_request() -> None:
    """With the error's members."""
    pair = Pair()
    id, _ = pair.request()

    event = receive(pair.client, jsonrpc.encode_failure(id, MethodNotFound("no", {"method": "x"})))

    assert isinstance(event, Refused)
    assert (event.id, event.error.code, event.error.message) == (id, -32601, "no")
    assert event.error.data == {"method": "x"}
    assert pair.client.outgoing == set()


def test_every_request_of_ours_has_an_id_of_its_own() -> None:
    """Also after the earlier ones are answered."""
    pair = Pair()

    ids = []
    for _ in range(100):
        id, _ = pair.request()
        pair.answer(id)
        ids.append(id)

    assert len(set(ids)) == 100


def test_answers_may_come_in_any_order() -> None:
    """Each finds its request."""
    pair = Pair()
    ids = [pair.request()[0] for _ in range(5)]

    events = [pair.answer(id) for id in reversed(ids)]

    assert [event.id for event in events if isinstance(event, Answered)] == list(reversed(ids))


def test_an_answer_whose_id_became_text_finds_its_request() -> None:
    """Some peers send "7" back for 7."""
    client = Connection()
    id = client.next_id()

    event = receive(client, message(id=str(id), result={}))

    assert isinstance(event, Answered) and event.id == id
    assert client.outgoing == set()


def test_a_late_answer_is_an_answer_to_nothing() -> None:
    """It is reported under its id, and changes nothing."""
    client = Connection()

    late = receive(client, message(id=77, result={}))
    strange = receive(client, message(id="x" * 50, error={"code": 1, "message": "m"}))

    assert isinstance(late, Answered) and isinstance(strange, Refused)
    assert client.outgoing == set()


def test_an_error_without_an_id_belongs_to_no_request() -> None:
    """The peer could not read what we sent."""
    client = Connection()
    id = client.next_id()

    event = receive(client, message(id=None, error={"code": -32700, "message": "what?"}))

    assert isinstance(event, Refused) and event.id is None
    assert client.outgoing == {id}


@pytest.mark.parametrize(
    "error", [None, 5, "no", [], {}, {"code": "x", "message": 1}, {"code": 1.5, "message": "m"}]
)
def test_an_error_of_a_wrong_shape_still_refuses(error: Any) -> None:
    """Otherwise its request would wait for ever."""
    client = Connection()
    id = client.next_id()

    event = receive(client, message(id=id, error=error))

    assert isinstance(event, Refused) and (event.id, event.error.code) == (id, -32603)


@pytest.mark.parametrize("id", [0, "", -1, "1", 1, 2**70, "é"])
def test_any_integer_or_text_is_an_id(id: Any) -> None:
    """Zero and nothing among them; 1 and "1" are two."""
    server = Connection()
    receive(server, message(id=not_this(id), method="ping"))

    event = receive(server, message(id=id, method="ping"))

    assert isinstance(event, Request) and event.id == id and type(event.id) is type(id)


def not_this(id: Any) -> Any:
    """The same, as it is not meant."""
    return str(id) if isinstance(id, int) else 999


def test_an_id_that_is_in_flight_is_refused_until_it_is_free() -> None:
    """The first request goes on."""
    server = Connection()
    receive(server, message(id=1, method="tools/call"))

    again = reply_of(receive(server, message(id=1, method="tools/call")))

    assert (again["id"], again["error"]["code"]) == (1, -32600)
    assert server.incoming == {1}
    server.finish(1)
    assert isinstance(receive(server, message(id=1, method="tools/call")), Request)


# Cancelling


def test_a_request_of_ours_can_be_given_up() -> None:
    """The peer hears which and why, and need not answer."""
    pair = Pair()
    id, _ = pair.request()

    told = pair.client.cancel(id, "bored")
    assert told is not None
    event = receive(pair.server, told)

    assert event == CancelReceived(id, "bored")
    assert not pair.server.finish(id)
    assert pair.client.outgoing == pair.server.incoming == set()


def test_what_is_answered_already_cannot_be_given_up() -> None:
    """Nor twice: nothing is sent then."""
    pair = Pair()
    id, _ = pair.request()
    pair.answer(id)
    other, _ = pair.request()

    assert pair.client.cancel(id) is None
    assert pair.client.cancel(other) is not None
    assert pair.client.cancel(other) is None


def test_a_cancelled_request_frees_its_id() -> None:
    """As nothing answers it any more."""
    server = Connection()
    receive(server, message(id="a", method="tools/call"))
    receive(server, message(method="notifications/cancelled", params={"requestId": "a"}))

    assert isinstance(receive(server, message(id="a", method="tools/call")), Request)


def test_cancelling_what_is_unknown_says_so_and_does_nothing() -> None:
    """It may have been answered in the meantime."""
    server = Connection()
    receive(server, message(id=1, method="tools/call"))

    event = receive(server, message(method="notifications/cancelled", params={"requestId": "1"}))

    assert event == CancelReceived("1", None)
    assert server.incoming == {1}


@pytest.mark.parametrize(
    "params", [None, {}, {"requestId": None}, {"requestId": True}, {"requestId": 1, "reason": 5}]
)
def test_a_malformed_cancellation_is_a_notification_like_any_other(params: Any) -> None:
    """Nothing is cancelled, and nothing answers it."""
    server = Connection()
    receive(server, message(id=1, method="tools/call"))
    members = {} if params is None else {"params": params}

    event = receive(server, message(method="notifications/cancelled", **members))

    assert isinstance(event, Notification)
    assert server.incoming == {1}


# Progress and other notifications


@pytest.mark.parametrize("token", [0, "", 5, "five"])
def test_progress_names_the_request_it_is_about(token: Any) -> None:
    """By its token; zero and nothing are tokens."""
    params = {"progressToken": token, "progress": 0.5}

    event = receive(Connection(), message(method="notifications/progress", params=params))

    assert isinstance(event, ProgressReceived) and event.id == token
    assert json.loads(bytes(event.params)) == params


def test_progress_without_a_token_is_a_notification_like_any_other() -> None:
    """It belongs to no request."""
    event = receive(Connection(), message(method="notifications/progress", params={"progress": 1}))

    assert isinstance(event, Notification)


def test_a_notification_is_handed_on() -> None:
    """Whatever its method; its parameters stay raw, and are an object when absent."""
    event = receive(Connection(), message(method="notifications/none/such"))

    assert isinstance(event, Notification)
    assert (event.method, bytes(event.params)) == ("notifications/none/such", b"{}")


# What is no message


@pytest.mark.parametrize(
    ("data", "code", "id"),
    [
        (b"", -32700, None),
        (b"{", -32700, None),
        (b"\xff", -32700, None),
        (b'{"jsonrpc":"2.0","id":1,"method":"x","params":{"a":"\xff"}}', -32700, None),
        (b"\xef\xbb\xbf{}", -32700, None),
        (b'{"jsonrpc":"2.0","id":1,"method":"x","params":{"a":NaN}}', -32700, None),
        (b'{"jsonrpc":"2.0","id":1,"method":"\x00"}', -32700, None),
        (b'{"jsonrpc":"2.0","id":"\\ud800","method":"x"}', -32700, None),
        (b'{"a":' * 100_000 + b"1" + b"}" * 100_000, -32700, None),
        (b"null", -32600, None),
        (b"5", -32600, None),
        (b'"x"', -32600, None),
        (b"[]", -32600, None),
        (b"{}", -32600, None),
        (message(id=1), -32600, 1),
        (message(id="a", method=5), -32600, "a"),
        (message(id=1, method="x", params=[]), -32600, 1),
        (message(id=1, method="x", params=None), -32600, 1),
        (message(method="x", params=5), -32600, None),
        (message(id=None, method="x"), -32600, None),
        (message(id=True, method="x"), -32600, None),
        (message(id=1.5, method="x"), -32600, None),
        (message(id=[], method="x"), -32600, None),
        (message(id={}, method="x"), -32600, None),
        (b'{"jsonrpc":"2.0","id":1e999,"method":"x"}', -32600, None),
        (b'{"jsonrpc":"2.0","id":' + b"9" * 5000 + b',"method":"x"}', -32600, None),
        (b'{"jsonrpc":"1.0","id":1,"method":"x"}', -32600, 1),
        (b'{"id":1,"method":"x"}', -32600, 1),
        (b'{"jsonrpc":2.0,"id":1,"method":"x"}', -32600, 1),
        (message(result={}), -32600, None),
        (message(id=None, result={}), -32600, None),
    ],
)
def test_what_is_no_message_is_answered_as_json_rpc_says(data: bytes, code: int, id: Any) -> None:
    """With the id when it can be read (JSON-RPC 2.0, section 5.1)."""
    server = Connection()

    reply = reply_of(receive(server, data))

    assert reply.keys() == {"jsonrpc", "id", "error"} and reply["jsonrpc"] == "2.0"
    assert (reply["error"]["code"], reply["id"]) == (code, id)
    assert server.incoming == set()


def test_a_member_that_comes_twice_counts_as_it_came_last() -> None:
    """As in Python's own reader."""
    event = receive(Connection(), b'{"jsonrpc":"2.0","id":1,"id":2,"method":"a","method":"b"}')

    assert isinstance(event, Request) and (event.id, event.method) == (2, "b")


def test_unknown_members_are_ignored() -> None:
    """Of whatever type."""
    event = receive(Connection(), message(id=1, method="a", extra=[{"deep": None}]))

    assert isinstance(event, Request)


# Batches


def test_a_batch_is_refused_unless_the_revision_has_them() -> None:
    """Once, as it is one thing that is no message."""
    reply = reply_of(receive(Connection(), b"[" + message(id=1, method="ping") + b"]"))

    assert (reply["id"], reply["error"]["code"]) == (None, -32600)


def test_the_members_of_a_batch_are_messages_each() -> None:
    """Requests, notifications, answers, and what is none of them."""
    members = [
        message(id=1, method="ping"),
        message(method="notifications/initialized"),
        message(id=9, result={}),
        b"1",
        message(id=1, method="ping"),
    ]

    events = Connection().receive(b" [" + b",".join(members) + b"]", batches=True)

    kinds = [Request, Notification, Answered, Malformed, Malformed]
    assert [type(event) for event in events] == kinds
    assert reply_of(events[3])["id"] is None
    assert reply_of(events[4])["id"] == 1


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"[]", -32600),
        (b"[1,", -32700),
        (b'["\xff"]', -32700),
        (b"[" * 100_000, -32700),
        (b"[" + b"0," * jsonrpc.MAX_BATCH + b"0]", -32600),
    ],
)
def test_an_array_that_is_no_batch_is_answered_once(data: bytes, code: int) -> None:
    """Empty, cut off, not UTF-8, too deep, too long."""
    reply = reply_of(receive(Connection(), data, batches=True))

    assert (reply["id"], reply["error"]["code"]) == (None, code)


def test_a_single_message_is_no_batch_where_batches_are_allowed() -> None:
    """Both may come."""
    assert isinstance(receive(Connection(), message(id=1, method="ping"), batches=True), Request)


def test_take_reads_what_was_decoded_elsewhere() -> None:
    """And raises where `receive` would answer."""
    server = Connection()
    request = jsonrpc.decode(message(id=1, method="ping"))

    assert server.take(request) is request
    with pytest.raises(McpError, match="in flight"):
        server.take(request)
    answer = server.take(Response(1, jsonrpc.NO_PARAMS))
    assert isinstance(answer, Answered)
