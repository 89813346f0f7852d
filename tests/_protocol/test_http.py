"""The verdict on a POST: the ladder of PROTOCOL 1.3.1 and 1.3.2, row by row and in its order."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from msgspec import Raw, Struct

from fastmcp._protocol.headers import Headers, read_headers
from fastmcp._protocol.http import (
    Acknowledge,
    Handshake,
    Modern,
    Reject,
    Verdict,
    judge_post,
    status_of,
    target_of,
)
from fastmcp.exceptions import McpError
from fastmcp.wire.jsonrpc import Notification, Request, Response
from fastmcp.wire.revisions import LATEST_HANDSHAKE

PREFIX = "io.modelcontextprotocol/"
VERSION = PREFIX + "protocolVersion"
CAPABILITIES = PREFIX + "clientCapabilities"


class Post(Struct):
    """A POST to be judged: its headers as pairs, so that one can come twice."""

    headers: list[tuple[bytes, bytes]]
    message: Any

    def put(self, name: str, value: str | None) -> None:
        """Set a header, or leave it out."""
        key = name.encode()
        self.headers = [pair for pair in self.headers if pair[0] != key]
        if value is not None:
            self.headers.append((key, value.encode("latin-1")))

    @property
    def meta(self) -> dict[str, Any]:
        """The envelope."""
        return self.message["params"]["_meta"]

    def judge(self) -> Verdict:
        """The verdict."""
        body = (
            self.message if isinstance(self.message, bytes) else json.dumps(self.message).encode()
        )
        return judge_post(read_headers(self.headers), body)


def modern(method: str = "tools/call", name: str | None = "echo", /, **params: Any) -> Post:
    """A modern request that nothing is wrong with."""
    if name is not None:
        params.setdefault("name", name)
    params["_meta"] = {VERSION: "2026-07-28", CAPABILITIES: {}}
    post = Post([], {"jsonrpc": "2.0", "id": 7, "method": method, "params": params})
    post.put("content-type", "application/json")
    post.put("accept", "application/json, text/event-stream")
    post.put("mcp-protocol-version", "2026-07-28")
    post.put("mcp-method", method)
    post.put("mcp-name", name)
    return post


def handshake(message: Any, version: str | None = "2025-06-18") -> Post:
    """A POST of the handshake era."""
    post = Post([], message)
    post.put("content-type", "application/json")
    post.put("accept", "application/json, text/event-stream")
    post.put("mcp-protocol-version", version)
    post.put("mcp-session-id", "abc")
    return post


def plain(method: str = "tools/list", **members: Any) -> dict[str, Any]:
    """A request without an envelope."""
    return {"jsonrpc": "2.0", "id": 7, "method": method, "params": {}, **members}


def refusal(verdict: Verdict) -> tuple[int, int, Any]:
    """The status, code and id of a refusal."""
    assert isinstance(verdict, Reject), verdict
    body = json.loads(verdict.body)
    assert body.keys() == {"jsonrpc", "id", "error"}
    return verdict.status, body["error"]["code"], body["id"]


# The rows of the ladder. Each breaks a request in one way; the rows after it must not show.


def wrong_content_type(post: Post) -> None:
    post.put("content-type", "text/plain")


def wrong_accept(post: Post) -> None:
    post.put("accept", "text/html")


def repeated_header(post: Post) -> None:
    post.headers += [pair for pair in post.headers if pair[0] == b"mcp-method"]


def no_capabilities(post: Post) -> None:
    del post.meta[CAPABILITIES]


def other_version(post: Post) -> None:
    post.put("mcp-protocol-version", "2026-07-29")


def other_method(post: Post) -> None:
    post.put("mcp-method", "tools/list")


def other_name(post: Post) -> None:
    post.put("mcp-name", "other")


def mistyped_capabilities(post: Post) -> None:
    post.meta[CAPABILITIES] = []


def unserved_version(post: Post) -> None:
    post.meta[VERSION] = "1999-01-01"
    post.put("mcp-protocol-version", "1999-01-01")


LADDER: list[tuple[Callable[[Post], None], tuple[int, int, Any]]] = [
    (wrong_content_type, (415, -32600, None)),
    (wrong_accept, (406, -32600, None)),
    (repeated_header, (400, -32020, 7)),
    (no_capabilities, (400, -32602, 7)),
    (other_version, (400, -32020, 7)),
    (other_method, (400, -32020, 7)),
    (other_name, (400, -32020, 7)),
    (mistyped_capabilities, (400, -32602, 7)),
    (unserved_version, (400, -32022, 7)),
]
NAMES = [step.__name__ for step, _ in LADDER]


@pytest.mark.parametrize(("step", "expected"), LADDER, ids=NAMES)
def test_each_row_refuses_with_its_status_and_code(
    step: Callable[[Post], None], expected: tuple[int, int, Any]
) -> None:
    """A request that is wrong in one way only."""
    post = modern()
    step(post)

    assert refusal(post.judge()) == expected


@pytest.mark.parametrize("row", range(len(LADDER)), ids=NAMES)
def test_an_earlier_row_wins_over_all_later_ones(row: int) -> None:
    """A request that is wrong in this way and in every way that comes after."""
    post = modern()
    for step, _ in reversed(LADDER[row:]):
        step(post)

    assert refusal(post.judge()) == LADDER[row][1]


def test_a_request_that_nothing_is_wrong_with_is_served() -> None:
    """By itself, under the revision it names."""
    verdict = modern().judge()

    assert isinstance(verdict, Modern)
    assert (verdict.request.id, verdict.request.method) == (7, "tools/call")
    assert verdict.sender.revision.text == "2026-07-28"
    assert (verdict.json, verdict.stream) == (True, True)


# Rows 3 and 5: content type and accept


@pytest.mark.parametrize(
    "value", ["application/json", "application/json; charset=utf-8", "Application/JSON ;x=y"]
)
def test_json_is_accepted_with_parameters(value: str) -> None:
    """And in any case."""
    post = modern()
    post.put("content-type", value)

    assert isinstance(post.judge(), Modern)


@pytest.mark.parametrize(
    "value", [None, "", "text/json", "application/jsonp", "application/json,x"]
)
def test_anything_else_is_415(value: str | None) -> None:
    """A simple request of a foreign page cannot say JSON."""
    post = modern()
    post.put("content-type", value)

    assert refusal(post.judge()) == (415, -32600, None)


@pytest.mark.parametrize(
    ("value", "forms"),
    [
        (None, (True, False)),
        ("*/*", (True, False)),
        ("application/json", (True, False)),
        ("text/event-stream", (False, True)),
        ("text/event-stream;q=0, application/json;q=0.5", (True, False)),
    ],
)
def test_one_of_the_two_forms_is_enough(value: str | None, forms: tuple[bool, bool]) -> None:
    """The answer takes a form that the client can read."""
    post = modern()
    post.put("accept", value)
    verdict = post.judge()

    assert isinstance(verdict, Modern)
    assert (verdict.json, verdict.stream) == forms


def test_listening_needs_a_stream() -> None:
    """There is no other form for it."""
    post = modern("subscriptions/listen", None, notifications={})
    post.put("accept", "application/json")

    assert refusal(post.judge())[:2] == (406, -32600)


# Rows 7 to 9: what is one request


@pytest.mark.parametrize(
    ("body", "code", "id"),
    [
        (b"", -32700, None),
        (b"{", -32700, None),
        (b'{"jsonrpc":"2.0","id":1,"method":"x","params":{"a":"\xff"}}', -32700, None),
        (b'{"a":' * 100_000, -32700, None),
        (b"1", -32600, None),
        (b"[]", -32600, None),
        (b'[{"jsonrpc":"2.0","id":1,"method":"x"}]', -32600, None),
        (b'{"jsonrpc":"2.0","id":null,"method":"x"}', -32600, None),
        (b'{"jsonrpc":"2.0","id":true,"method":"x"}', -32600, None),
        (b'{"jsonrpc":"2.0","id":1}', -32600, 1),
        (b'{"jsonrpc":"2.0","id":1,"method":"x","params":[]}', -32600, 1),
        (b'{"jsonrpc":"2.0","id":1,"result":{}}', -32600, None),
        (b'{"jsonrpc":"2.0","id":1,"error":{"code":1,"message":""}}', -32600, None),
    ],
)
def test_what_is_not_one_request_is_400(body: bytes, code: int, id: Any) -> None:
    """Under a modern header, so that a batch or an answer is refused, too."""
    post = modern()
    post.message = body

    assert refusal(post.judge()) == (400, code, id)


def test_a_notification_under_a_served_version_is_acknowledged() -> None:
    """Whatever it says: there is no session that it could be about."""
    post = modern()
    post.message = {"jsonrpc": "2.0", "method": "notifications/none/such", "params": {"x": 1}}

    assert isinstance(post.judge(), Acknowledge)


def test_a_notification_under_an_unserved_version_is_refused() -> None:
    """With the versions that are served."""
    post = modern()
    post.message = {"jsonrpc": "2.0", "method": "notifications/initialized"}
    post.put("mcp-protocol-version", "draft")
    verdict = post.judge()

    assert refusal(verdict) == (400, -32022, None)
    assert isinstance(verdict, Reject)
    assert json.loads(verdict.body)["error"]["data"] == {
        "supported": ["2026-07-28"],
        "requested": "draft",
    }


# Rows 10 to 14: the headers mirror the body


@pytest.mark.parametrize("name", ["mcp-protocol-version", "mcp-method", "mcp-name"])
@pytest.mark.parametrize("same", [True, False])
def test_a_mirroring_header_comes_once(name: str, same: bool) -> None:
    """Also when both say the same."""
    post = modern()
    (value,) = [value for key, value in post.headers if key == name.encode()]
    post.headers.insert(0, (name.encode(), value if same else b"x"))

    assert refusal(post.judge()) == (400, -32020, 7)


@pytest.mark.parametrize("name", ["mcp-protocol-version", "mcp-method", "mcp-name"])
def test_a_mirroring_header_must_be_there(name: str) -> None:
    """An enveloped body with no header is no handshake request."""
    post = modern()
    post.put(name, None)

    assert refusal(post.judge()) == (400, -32020, 7)


@pytest.mark.parametrize("version", ["2025-11-25", "2025-03-26", "nonsense", ""])
def test_an_envelope_under_another_version_header_is_a_mismatch(version: str) -> None:
    """The body decides what the request is; also a handshake version is a mismatch then."""
    post = modern()
    post.put("mcp-protocol-version", version)

    assert refusal(post.judge()) == (400, -32020, 7)


@pytest.mark.parametrize("value", ["Tools/call", "tools/call2", "tools"])
def test_header_values_are_compared_exactly(value: str) -> None:
    """Their case counts."""
    post = modern()
    post.put("mcp-method", value)

    assert refusal(post.judge()) == (400, -32020, 7)


def test_space_around_a_header_value_does_not_count() -> None:
    """It is no part of the value."""
    post = modern()
    post.put("mcp-name", " \techo ")

    assert isinstance(post.judge(), Modern)


@pytest.mark.parametrize(
    ("method", "params", "header"),
    [
        ("tools/call", {"name": "世界"}, "=?base64?5LiW55WM?="),
        ("tools/call", {"name": ""}, ""),
        ("prompts/get", {"name": "greet"}, "greet"),
        ("resources/read", {"uri": "data://a"}, "data://a"),
        ("tasks/get", {"taskId": "t"}, "t"),
    ],
)
def test_the_name_header_mirrors_what_the_method_is_about(
    method: str, params: dict[str, Any], header: str
) -> None:
    """After decoding; each method has a member of its own."""
    post = modern(method, None, **params)
    post.put("mcp-name", header)
    assert isinstance(post.judge(), Modern)

    post.put("mcp-name", "another")
    assert refusal(post.judge()) == (400, -32020, 7)


def test_a_name_header_that_cannot_be_decoded_is_a_mismatch() -> None:
    """Rather than a failure of ours."""
    post = modern()
    post.put("mcp-name", "=?base64?%%?=")

    assert refusal(post.judge()) == (400, -32020, 7)


@pytest.mark.parametrize("header", [None, "whatever", "=?base64?%%?="])
def test_the_name_header_is_ignored_where_it_means_nothing(header: str | None) -> None:
    """As for a list."""
    post = modern("tools/list", None)
    post.put("mcp-name", header)

    assert isinstance(post.judge(), Modern)


@pytest.mark.parametrize("name", [None, 5, ["echo"], {}])
def test_a_name_that_is_no_text_is_left_to_the_parameters(name: Any) -> None:
    """They are refused as what they are, later."""
    post = modern("tools/call", None)
    post.message["params"]["name"] = name
    post.put("mcp-name", "echo")

    assert isinstance(post.judge(), Modern)


@pytest.mark.parametrize("other", ["uri", "taskId"])
def test_a_wrong_member_beside_the_name_does_not_hide_it(other: str) -> None:
    """Whoever trusts the header must not be shown another name than the one that is called."""
    post = modern("tools/call", "echo", **{other: 5})
    post.put("mcp-name", "harmless")

    assert refusal(post.judge()) == (400, -32020, 7)


# Rows 11, 15 and 16: the envelope


@pytest.mark.parametrize("key", [VERSION, CAPABILITIES])
def test_the_two_members_of_the_envelope_are_required(key: str) -> None:
    """Their absence is a wrong parameter."""
    post = modern()
    del post.meta[key]

    assert refusal(post.judge()) == (400, -32602, 7)


@pytest.mark.parametrize("params", [{}, {"_meta": None}, {"_meta": []}, {"_meta": {}}])
def test_a_modern_header_without_an_envelope_is_a_wrong_parameter(params: Any) -> None:
    """The header alone says modern."""
    post = modern("tools/list", None)
    post.message["params"] = params

    assert refusal(post.judge()) == (400, -32602, 7)


def test_an_unserved_version_is_refused_with_those_that_are() -> None:
    """When header and body agree on it; the id is the request's."""
    post = modern()
    unserved_version(post)
    verdict = post.judge()

    assert isinstance(verdict, Reject)
    assert json.loads(verdict.body)["error"]["data"] == {
        "supported": ["2026-07-28"],
        "requested": "1999-01-01",
    }


# The statuses of what comes later


@pytest.mark.parametrize(
    ("code", "status"),
    [
        (-32700, 400),
        (-32600, 400),
        (-32602, 400),
        (-32020, 400),
        (-32021, 400),
        (-32022, 400),
        (-32601, 404),
        (-32603, 200),
        (-32002, 200),
        (-32000, 200),
        (1, 200),
    ],
)
def test_each_code_has_its_status(code: int, status: int) -> None:
    """Rows 17 to 20 and application codes."""
    assert status_of(code) == status


# Handshake clients


@pytest.mark.parametrize("version", [None, "2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"])
def test_a_request_without_an_envelope_is_a_handshake_clients(version: str | None) -> None:
    """Under a handshake header or none."""
    verdict = handshake(plain(), version).judge()

    assert isinstance(verdict, Handshake)
    assert isinstance(verdict.messages[0], Request)
    assert (verdict.batch, verdict.session_id, verdict.initialize) == (False, "abc", False)
    assert (None if verdict.revision is None else verdict.revision.text) == version


@pytest.mark.parametrize("version", [None, "2025-06-18", "2026-07-28", "1999-01-01", "draft"])
def test_initialize_is_negotiated_by_its_body(version: str | None) -> None:
    """A client that comes back may still send the header of its last session."""
    verdict = handshake(plain("initialize"), version).judge()

    assert isinstance(verdict, Handshake) and verdict.initialize


def test_an_enveloped_initialize_is_modern() -> None:
    """And so no method of its revision, which dispatch says."""
    assert isinstance(modern("initialize", None).judge(), Modern)


@pytest.mark.parametrize(
    ("message", "kind"),
    [
        ({"jsonrpc": "2.0", "method": "notifications/initialized"}, Notification),
        ({"jsonrpc": "2.0", "id": 1, "result": {}}, Response),
    ],
)
def test_a_handshake_client_sends_notifications_and_answers(message: Any, kind: type) -> None:
    """They are its session's."""
    verdict = handshake(message).judge()

    assert isinstance(verdict, Handshake)
    assert isinstance(verdict.messages[0], kind) and not verdict.batch


def test_a_batch_is_read_member_by_member() -> None:
    """What is no message stands as the error to answer; whether batches are allowed comes later."""
    members = [
        plain(),
        {"jsonrpc": "2.0", "method": "notifications/initialized"},
        5,
        plain("initialize", id="i"),
        plain(),
    ]
    verdict = handshake(members, "2025-03-26").judge()

    assert isinstance(verdict, Handshake) and verdict.batch and not verdict.initialize
    kinds = [type(message) for message in verdict.messages[:2]]
    assert kinds == [Request, Notification]
    errors = verdict.messages[2:]
    assert [error.code for error in errors if isinstance(error, McpError)] == [-32600] * 3
    assert [getattr(error, "id", None) for error in errors] == [None, "i", 7]


@pytest.mark.parametrize("body", [b"[]", b"[1,"])
def test_an_array_that_is_no_batch_is_400(body: bytes) -> None:
    """Before any session is looked at."""
    assert refusal(handshake(body).judge())[0] == 400


# What Mcp-Name mirrors


@pytest.mark.parametrize(
    ("method", "params", "target"),
    [
        ("tools/call", b'{"name":"a","uri":"b"}', "a"),
        ("resources/read", b'{"name":"a","uri":"b"}', "b"),
        ("tasks/cancel", b'{"taskId":"c"}', "c"),
        ("tools/list", b'{"name":"a"}', None),
        ("none/such", b'{"name":"a"}', None),
        ("tools/call", b"{}", None),
        ("tools/call", b'{"name":null}', None),
        ("tools/call", b'{"name":"a","name":"b"}', "b"),
    ],
)
def test_the_target_is_the_member_that_the_method_names(
    method: str, params: bytes, target: str | None
) -> None:
    """None where there is none, or none that is text."""
    assert target_of(method, Raw(params)) == target


def test_headers_that_are_missing_altogether_are_no_accident_of_ours() -> None:
    """An empty request is refused like any other."""
    assert refusal(judge_post(Headers({}, frozenset()), b""))[0] == 415


# Calls without an envelope of JSON-RPC


def bare(message: Any, **headers: str | None) -> Verdict:
    """The verdict on what somebody posts who knows HTTP and no more."""
    post = Post([], message)
    post.put("content-type", "application/json")
    for name, value in headers.items():
        post.put(name.replace("_", "-"), value)
    return post.judge()


@pytest.mark.parametrize("accept", [None, "*/*"])
def test_a_body_that_does_not_say_to_be_json_rpc_is_a_call(accept: str | None) -> None:
    """Without an id it is no notification; it is answered under 0, as JSON."""
    verdict = bare({"method": "tools/call", "params": {"name": "echo"}}, accept=accept)

    assert isinstance(verdict, Handshake)
    assert verdict.messages == [Request(0, "tools/call", Raw(b'{"name": "echo"}'))]
    assert (verdict.session_id, verdict.revision) == (None, LATEST_HANDSHAKE)
    assert (verdict.json, verdict.stream) == (True, False)


@pytest.mark.parametrize(
    ("message", "id"),
    [
        ({"method": "ping"}, 0),
        ({"method": "ping", "id": None}, 0),
        ({"method": "ping", "id": 7}, 7),
        ({"method": "ping", "id": "x"}, "x"),
        ({"method": "notifications/initialized"}, 0),
        ({"method": "ping", "more": [1]}, 0),
    ],
)
def test_a_bare_call_keeps_the_id_that_it_has(message: Any, id: Any) -> None:
    """Parameters are none when none are given."""
    verdict = bare(message)

    assert isinstance(verdict, Handshake)
    assert verdict.messages == [Request(id, message["method"], Raw(b"{}"))]


@pytest.mark.parametrize(
    "message",
    [
        {"jsonrpc": "1.0", "method": "ping"},
        {"jsonrpc": None, "method": "ping", "id": 1},
        {"jsonrpc": "2.0", "method": "ping", "id": None},
        {"method": 5},
        {"method": "ping", "params": []},
        {"method": "ping", "params": None},
        {"method": "ping", "id": 1.5},
        {"method": "initialize", "params": {}},
        {"id": 1, "result": {}},
        {"params": {}},
        {},
    ],
)
def test_what_is_neither_json_rpc_nor_a_bare_call_is_refused(message: Any) -> None:
    """Whoever says jsonrpc is held to it, and a handshake has to say it."""
    assert refusal(bare(message))[:2] == (400, -32600)


def test_a_notification_that_says_json_rpc_stays_one() -> None:
    """Having no id makes it a call only where nothing says otherwise."""
    verdict = bare({"jsonrpc": "2.0", "method": "ping"})

    assert isinstance(verdict, Handshake)
    assert verdict.messages == [Notification("ping", Raw(b"{}"))]


@pytest.mark.parametrize(
    "header",
    [
        {"mcp_session_id": "abc"},
        {"mcp_protocol_version": "2025-11-25"},
        {"mcp_protocol_version": "2026-07-28"},
    ],
)
def test_whoever_speaks_the_protocol_is_held_to_it(header: dict[str, str]) -> None:
    """A session or a version in the headers is from a client that knows JSON-RPC."""
    assert refusal(bare({"method": "ping"}, **header))[:2] == (400, -32600)


def test_a_batch_has_no_bare_calls() -> None:
    """Its members say jsonrpc, each for itself."""
    verdict = bare([{"method": "ping"}])

    assert isinstance(verdict, Handshake)
    assert isinstance(verdict.messages[0], McpError)


@pytest.mark.parametrize(
    ("accept", "forms"),
    [
        ("application/json, text/event-stream", (True, True)),
        ("text/event-stream, */*", (True, True)),
        ("Text/Event-Stream, application/json", (True, True)),
        ("application/*", (True, False)),
        ("text/*", (False, True)),
        ("*/*;q=0.1", (True, False)),
        ("text/event-stream;q=0, */*", (True, False)),
    ],
)
def test_a_stream_is_for_those_who_ask_for_one(accept: str, forms: tuple[bool, bool]) -> None:
    """Who accepts anything reads JSON."""
    verdict = bare(plain(), accept=accept)

    assert isinstance(verdict, Handshake)
    assert (verdict.json, verdict.stream) == forms


@pytest.mark.parametrize("accept", [None, "*/*", "text/*"])
def test_listening_is_a_stream_for_whoever_accepts_anything(accept: str | None) -> None:
    """It has no other form."""
    post = modern("subscriptions/listen", None, notifications={})
    post.put("accept", accept)
    verdict = post.judge()

    assert isinstance(verdict, Modern)
    assert verdict.stream
