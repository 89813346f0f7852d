"""Sessions of handshake clients over HTTP: opened, used, ended, expired, limited, or not there."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest
from apps import (
    HANDSHAKE,
    MODERN,
    SECONDS,
    Mcp,
    call,
    http,
    initialize,
    messages,
    notification,
    request,
)

from fastmcp import Context, FastMCP


def server() -> FastMCP:
    mcp = FastMCP("x")

    @mcp.tool
    def session(ctx: Context) -> str | None:
        return ctx.session_id

    @mcp.tool
    async def report(ctx: Context) -> str:
        await ctx.report_progress(1, 2)
        return "done"

    return mcp


@pytest.fixture(scope="module")
def client() -> Iterator[Mcp]:
    with http(server()) as client:
        yield client


def value(response: Any) -> Any:
    return messages(response)[-1]["result"]["content"][0]["text"]


def test_initialize_alone_hands_out_a_session_id(client: Mcp) -> None:
    """The id is visible ASCII, new for each client, and not repeated in later answers."""
    first, second = client.open(), client.open()
    listed = client.post(request("tools/list"), first)

    ids = [session["mcp-session-id"] for session in (first, second)]
    assert len(set(ids)) == 2
    assert all(0x21 <= ord(char) <= 0x7E for id in ids for char in id)
    assert listed.status_code == 200
    assert "mcp-session-id" not in listed.headers


def test_a_call_knows_its_session(client: Mcp) -> None:
    """The context has the session's id; without the header it has one for the call alone."""
    session = client.open()

    assert value(client.post(call("session"), session)) == session["mcp-session-id"]
    alone = [value(client.post(call("session"))) for _ in range(2)]
    assert all(alone)
    assert len({session["mcp-session-id"], *alone}) == 3


@pytest.mark.parametrize("revision", ["2024-11-05", "2025-03-26", "2025-06-18", HANDSHAKE])
def test_every_handshake_revision_is_agreed_on(client: Mcp, revision: str) -> None:
    """The client's revision is answered, and served, with and without the version header."""
    answer = client.post(initialize(revision))
    session = {"mcp-session-id": answer.headers["mcp-session-id"]}

    assert answer.json()["result"]["protocolVersion"] == revision
    assert client.post(request("tools/list"), session).status_code == 200
    session["mcp-protocol-version"] = revision
    assert client.post(request("tools/list"), session).status_code == 200


@pytest.mark.parametrize("asked", [MODERN, "2099-01-01", "nonsense"])
def test_an_initialize_for_another_version_is_offered_the_latest(client: Mcp, asked: str) -> None:
    """A handshake never ends in a modern version, and an unknown one is no error."""
    answer = client.post(initialize(asked), {"mcp-protocol-version": MODERN})

    assert answer.json()["result"]["protocolVersion"] == HANDSHAKE


def test_delete_ends_the_session(client: Mcp) -> None:
    """After it the id is as unknown as any other."""
    session = client.open()

    deleted = client.client.delete(client.url, headers=session)

    assert (deleted.status_code, deleted.content) == (200, b"")
    assert client.post(request("tools/list"), session).status_code == 404


@pytest.mark.parametrize("method", ["POST", "GET", "DELETE"])
def test_an_unknown_session_is_404(client: Mcp, method: str) -> None:
    """It tells the client to initialize again; a request is answered under its id."""
    headers = {"mcp-session-id": "f" * 32, "accept": "text/event-stream, application/json"}
    body = request("tools/list", "my-id") if method == "POST" else None

    response = client.client.request(method, client.url, headers=headers, json=body)

    assert response.status_code == 404
    error = response.json()
    assert error["id"] == ("my-id" if body else None)
    assert error["error"]["code"] == -32600
    assert "initialize" in error["error"]["message"]


@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_get_and_delete_without_a_session_are_400(client: Mcp, method: str) -> None:
    """Both act on a session, so they have to name one."""
    headers = {"accept": "text/event-stream"}

    response = client.client.request(method, client.url, headers=headers)

    assert response.status_code == 400
    assert "Mcp-Session-Id" in response.json()["error"]["message"]


def test_other_methods_are_405_and_name_the_allowed_ones(client: Mcp) -> None:
    """PUT and PATCH are nobody's."""
    for method in ("PUT", "PATCH"):
        response = client.client.request(method, client.url, json={})
        assert response.status_code == 405
        assert set(response.headers["allow"].split(", ")) == {"GET", "POST", "DELETE"}


def test_a_session_has_one_get_stream_at_a_time(client: Mcp) -> None:
    """The second is 409 while the first is open, and may be opened when it is gone."""
    session = client.open()

    with client.stream(headers=session) as first:
        assert first.status == 200
        assert first.response.headers["content-type"].startswith("text/event-stream")
        with client.stream(headers=session) as second:
            assert second.status == 409
    deadline = time.monotonic() + SECONDS
    status = 409
    while status == 409 and time.monotonic() < deadline:
        with client.stream(headers=session) as third:
            status = third.status
    assert status == 200


def test_get_needs_to_accept_an_event_stream(client: Mcp) -> None:
    """There is nothing else that a GET could give."""
    session = client.open()

    with client.stream(headers=session, accept="application/json") as stream:
        assert stream.status == 406


def test_a_get_stream_ends_when_the_session_is_deleted(client: Mcp) -> None:
    """DELETE ends what hangs on the session."""
    session = client.open()

    with client.stream(headers=session) as stream:
        assert stream.status == 200
        client.client.delete(client.url, headers=session)
        assert stream.rest() == []


def until_accepted(client: Mcp) -> None:
    """Ask for a session until there is room for one."""
    deadline = time.monotonic() + SECONDS
    while client.post(initialize()).status_code == 503:
        assert time.monotonic() < deadline


def test_an_idle_session_expires() -> None:
    """Its place is free again and its id is unknown."""
    with http(server(), session_idle_timeout=0.2, max_sessions=1) as client:
        session = client.open()
        assert client.post(initialize()).status_code == 503

        until_accepted(client)

        assert client.post(request("tools/list"), session).status_code == 404


def test_a_session_with_an_open_stream_is_not_idle() -> None:
    """A client that only listens keeps its session for longer than the idle timeout."""
    with http(server(), session_idle_timeout=0.1, max_sessions=1) as client:
        session = client.open()

        with client.stream(headers=session) as stream:
            assert stream.status == 200
            until = time.monotonic() + 0.5
            while time.monotonic() < until:
                assert client.post(initialize()).status_code == 503

        assert client.post(request("tools/list"), session).status_code == 200


def test_too_many_sessions_are_503_until_one_ends() -> None:
    """The limit holds for sessions only: calls without one go on."""
    with http(server(), max_sessions=2) as client:
        sessions = [client.open(), client.open()]

        refused = client.post(initialize(id=7))

        assert refused.status_code == 503
        assert "mcp-session-id" not in refused.headers
        assert "error" in refused.json()
        assert client.post(call("session")).status_code == 200
        assert client.modern(call("session")).status_code == 200
        client.client.delete(client.url, headers=sessions[0])
        assert client.post(initialize()).status_code == 200


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (initialize(), {"content-type": "text/plain"}),
        (initialize(), {"content-type": None}),
        (initialize(), {"accept": "text/html"}),
        (initialize(), {"accept": "application/json;q=0, text/event-stream;q=0"}),
        (initialize(), {"content-encoding": "gzip"}),
        (initialize(), {"host": "evil.example"}),
        (initialize(), {"origin": "https://evil.example"}),
        (b"{", {}),
        (b'{"jsonrpc": "2.0", "id": 1, "method": "initialize"', {}),
        (request("initialize"), {}),
        (request("initialize", protocolVersion=5), {}),
        ([initialize()], {}),
        ({**initialize(), "id": None}, {}),
        ({**initialize(), "jsonrpc": "1.0"}, {}),
    ],
    ids=str,
)
def test_a_refused_initialize_opens_no_session(body: Any, headers: dict[str, Any]) -> None:
    """After it there is still room for the only session that there may be."""
    with http(server(), max_sessions=1) as client:
        refused = client.post(body, headers)
        assert "mcp-session-id" not in refused.headers
        assert refused.status_code >= 400 or "error" in str(messages(refused))

        assert "mcp-session-id" in client.post(initialize()).headers


def test_a_request_id_in_flight_cannot_be_used_again() -> None:
    """The second request of that id is refused; the first goes on and is answered."""
    import threading

    mcp = FastMCP("x")
    began, go = threading.Event(), threading.Event()

    @mcp.tool
    def slow() -> str:
        began.set()
        assert go.wait(SECONDS)
        return "slow"

    with http(mcp) as client, http_of(client) as other:
        session = client.open()
        answers: list[Any] = []
        thread = threading.Thread(
            target=lambda: answers.append(other.post(call("slow", 5), session))
        )
        thread.start()
        assert began.wait(SECONDS)
        refused = client.post(request("ping", 5), session)
        go.set()
        thread.join(SECONDS)

    assert refused.status_code == 400
    assert (refused.json()["id"], refused.json()["error"]["code"]) == (5, -32600)
    assert value(answers[0]) == "slow"


def http_of(client: Mcp) -> Mcp:
    """A second client of the same server."""
    return Mcp(client.base)


def test_notifications_and_responses_are_accepted_without_a_body(client: Mcp) -> None:
    """202 for what needs no answer, in a session and without one."""
    session = client.open()
    response = {"jsonrpc": "2.0", "id": 1, "result": {}}

    for body in (notification("notifications/initialized"), notification("x/y"), response):
        for headers in (session, {}):
            accepted = client.post(body, headers)
            assert (accepted.status_code, accepted.content) == (202, b"")


# Without sessions


def test_stateless_serves_every_request_by_itself() -> None:
    """No id is handed out, one that is sent is not looked at, and nothing needs initialize."""
    with http(server(), stateless_http=True) as client:
        opened = client.post(initialize())
        assert opened.status_code == 200
        assert "mcp-session-id" not in opened.headers
        for headers in ({}, {"mcp-session-id": "unknown"}, {"mcp-protocol-version": HANDSHAKE}):
            assert client.post(call("session"), headers).status_code == 200


@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_stateless_has_neither_get_nor_delete(method: str) -> None:
    """405, and Allow says what there is."""
    with http(server(), stateless_http=True) as client:
        headers = {"accept": "text/event-stream", "mcp-session-id": "x"}
        response = client.client.request(method, client.url, headers=headers)

    assert (response.status_code, response.headers["allow"]) == (405, "POST")


@pytest.mark.parametrize("stateless", [False, True])
def test_json_response_leaves_out_notifications(stateless: bool) -> None:
    """The answer is one JSON object, even of a tool that reports progress."""
    with http(server(), json_response=True, stateless_http=stateless) as client:
        session = {} if stateless else client.open()
        message = request("tools/call", name="report", _meta={"progressToken": 1})
        response = client.post(message, session)

    assert response.headers["content-type"] == "application/json"
    assert value(response) == "done"


# Batches


def test_a_batch_is_answered_in_2025_03_26(client: Mcp) -> None:
    """All its requests are answered, with what is wrong in it, and its notifications are not."""
    session = client.open("2025-03-26")
    batch = [
        request("ping", 1),
        notification("notifications/initialized"),
        call("report", "two"),
        {"jsonrpc": "2.0", "id": 3},
        5,
    ]

    for accept in ("application/json", "application/json, text/event-stream"):
        response = client.post(batch, {**session, "accept": accept})
        assert response.status_code == 200
        found = messages(response)
        answers = found[0] if isinstance(found[0], list) else found
        by_id = {str(answer["id"]): answer for answer in answers}
        assert sorted(by_id) == ["1", "3", "None", "two"]
        assert by_id["1"]["result"] == {}
        assert by_id["two"]["result"]["content"][0]["text"] == "done"
        assert by_id["3"]["error"]["code"] == by_id["None"]["error"]["code"] == -32600


def test_a_batch_of_notifications_is_accepted(client: Mcp) -> None:
    """202, as for one of them."""
    session = client.open("2025-03-26")

    response = client.post([notification("notifications/initialized")] * 2, session)

    assert (response.status_code, response.content) == (202, b"")


@pytest.mark.parametrize("revision", ["2024-11-05", "2025-06-18", HANDSHAKE])
def test_other_revisions_have_no_batches(client: Mcp, revision: str) -> None:
    """400, in the session, and without one by the version header."""
    session = client.open(revision)

    for headers in (session, {"mcp-protocol-version": revision}):
        response = client.post([request("ping")], headers)
        assert response.status_code == 400
        assert response.json()["error"]["code"] == -32600


@pytest.mark.parametrize("batch", [[], [initialize()], [[request("ping")]]], ids=str)
def test_a_batch_has_to_be_of_messages(client: Mcp, batch: list[Any]) -> None:
    """Empty ones, initialize, and batches in batches are refused."""
    response = client.post(batch, client.open("2025-03-26"))

    answers = response.json()
    errors = answers if isinstance(answers, list) else [answers]
    assert [error["error"]["code"] for error in errors] == [-32600]
