"""Streams over HTTP: resumed, cancelled, left by their clients, and read by slow ones."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from apps import (
    HANDSHAKE,
    SECONDS,
    Mcp,
    call,
    enveloped,
    http,
    initialize,
    modern_headers,
    notification,
    request,
)

from fastmcp import Context, FastMCP
from fastmcp.server.event_store import EventStore

NEW, OLD = HANDSHAKE, "2025-06-18"


class Gates:
    """What a test and the tools of its server tell each other, across threads."""

    def __init__(self) -> None:
        self.began = threading.Event()
        self.go = threading.Event()
        self.ended = threading.Event()
        self.outcome = ""
        self.sent = 0


def wait_for(event: threading.Event) -> None:
    assert event.wait(SECONDS)


def until(condition: Callable[[], bool]) -> None:
    """Wait for something that nobody announces."""
    deadline = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


@pytest.fixture
def gates() -> Gates:
    return Gates()


@pytest.fixture
def mcp(gates: Gates) -> FastMCP:
    mcp = FastMCP("x")

    async def passing(event: threading.Event) -> None:
        while not event.is_set():
            await asyncio.sleep(0.005)

    @mcp.tool
    def add(a: int, b: int) -> int:
        return a + b

    @mcp.tool
    async def work(ctx: Context) -> str:
        try:
            await ctx.report_progress(1, 3)
            gates.began.set()
            await passing(gates.go)
            await ctx.report_progress(2, 3)
            await ctx.report_progress(3, 3)
            gates.outcome = "finished"
            return "done"
        except asyncio.CancelledError:
            gates.outcome = "cancelled"
            raise
        finally:
            gates.ended.set()

    @mcp.tool
    async def flood(ctx: Context) -> int:
        gates.began.set()
        try:
            for _ in range(5000):
                await ctx.error("x" * 10_000)
                gates.sent += 1
            return gates.sent
        finally:
            gates.ended.set()

    @mcp.tool
    async def tasks() -> int:
        return len(asyncio.all_tasks())

    return mcp


def work(id: Any = 1) -> dict[str, Any]:
    return request("tools/call", id, name="work", arguments={}, _meta={"progressToken": f"t{id}"})


def steps(received: list[Any]) -> list[Any]:
    """Progress as numbers, results as texts."""
    return [
        message["params"]["progress"]
        if "method" in message
        else message["result"]["content"][0]["text"]
        for message in received
    ]


# Event stores


@pytest.fixture
def stored(mcp: FastMCP) -> Iterator[Mcp]:
    with http(mcp, event_store=EventStore(), retry_interval=50) as client:
        yield client


@pytest.mark.parametrize(("revision", "primed"), [(NEW, True), (OLD, False)])
def test_a_stream_is_primed_since_2025_11_25_only(
    stored: Mcp, gates: Gates, revision: str, primed: bool
) -> None:
    """An event without data but with an id comes first; older clients would choke on it."""
    gates.go.set()

    with stored.stream(work(), stored.open(revision)) as stream:
        first = stream.next()
        assert ("id" in first, first["data"] == "") == (True, primed)
        assert first.get("retry") == ("50" if primed else None)
        received = [stream.message() for _ in range(3)]

    assert steps(received) == ([1, 2, 3] if primed else [2, 3, "done"])


def test_every_stored_event_has_an_id_of_its_own(stored: Mcp, gates: Gates) -> None:
    """Unique over the streams of a session, so that any of them can be resumed."""
    gates.go.set()
    session = stored.open()
    ids: list[str] = []

    for id in (1, 2):
        with stored.stream(work(id), session) as stream:
            for _ in range(5):
                ids.append(stream.next()["id"])

    assert len(set(ids)) == 10


def test_without_a_store_events_have_no_id(mcp: FastMCP, gates: Gates) -> None:
    """An id would promise a resumption that nobody can keep."""
    gates.go.set()

    with http(mcp) as client, client.stream(work(), client.open()) as stream:
        assert "id" not in stream.next()


def test_initialize_is_not_primed(stored: Mcp) -> None:
    """It is answered as JSON: there is nothing to resume before the session exists."""
    assert stored.post(initialize()).headers["content-type"] == "application/json"


@pytest.mark.parametrize("revision", [NEW, OLD])
@pytest.mark.parametrize("at_once", [True, False], ids=["at-once", "when-noticed"])
def test_a_dropped_stream_goes_on_after_the_last_event(
    stored: Mcp, gates: Gates, revision: str, at_once: bool
) -> None:
    """GET with Last-Event-ID brings what came later, once, and ends with the answer."""
    session = stored.open(revision)
    with stored.stream(work(), session) as stream:
        event = stream.next()
        while not event["data"]:
            event = stream.next()
        assert json.loads(event["data"])["params"]["progress"] == 1
    if not at_once:
        # What the tool says now is said to nobody; the store keeps it.
        gates.go.set()
        wait_for(gates.ended)

    with stored.stream(headers={**session, "last-event-id": event["id"]}) as resumed:
        assert resumed.status == 200
        gates.go.set()
        received = resumed.rest()

    assert steps([message for message in received if message]) == [2, 3, "done"]
    assert gates.outcome == "finished"


def test_a_finished_stream_is_replayed_to_its_end(stored: Mcp, gates: Gates) -> None:
    """Even after its answer was sent a client that lost it gets it again."""
    gates.go.set()
    session = stored.open()
    with stored.stream(work(), session) as stream:
        primer = stream.next()
        assert steps([stream.message() for _ in range(4)]) == [1, 2, 3, "done"]

    with stored.stream(headers={**session, "last-event-id": primer["id"]}) as resumed:
        assert steps(resumed.rest()) == [1, 2, 3, "done"]


def test_only_the_stream_of_the_event_is_replayed(stored: Mcp, gates: Gates) -> None:
    """Another call of the same session stays out of it."""
    gates.go.set()
    session = stored.open()
    primers = []
    for id in (1, 2):
        with stored.stream(work(id), session) as stream:
            primers.append(stream.next()["id"])
            for _ in range(4):
                stream.message()

    with stored.stream(headers={**session, "last-event-id": primers[0]}) as resumed:
        received = resumed.rest()

    assert received[-1]["id"] == 1
    assert len(received) == 4


@pytest.mark.parametrize("which", ["another session's", "unknown", "malformed"])
def test_nothing_is_replayed_to_strangers(stored: Mcp, gates: Gates, which: str) -> None:
    """An event id opens the streams of its own session alone."""
    gates.go.set()
    with stored.stream(work(), stored.open()) as stream:
        id = stream.next()["id"]
        stream.message()
    last = {"another session's": id, "unknown": f"{id}x-1", "malformed": "\x7f"}[which]

    with stored.stream(headers={**stored.open(), "last-event-id": last}) as resumed:
        assert resumed.status == 400


def test_an_event_store_forgets_the_oldest() -> None:
    """The last events of the last streams are kept, and no more."""

    async def main() -> list[list[str]]:
        store = EventStore(max_events_per_stream=3, max_streams=2)
        first = [await store.store_event("a", b"a%d" % number) for number in range(5)]
        replayed: list[list[str]] = []

        async def replay(last: str) -> str | None:
            found: list[str] = []

            async def send(id: str, message: bytes) -> None:
                found.append(message.decode())

            stream = await store.replay_events_after(last, send)
            replayed.append(found)
            return stream

        assert await replay(first[0]) == "a"
        assert await replay(first[3]) == "a"
        for name in ("b", "c"):
            await store.store_event(name, b"x")
        assert await replay(first[0]) is None
        assert await store.stream_of(first[0]) is None
        return replayed

    assert asyncio.run(main()) == [["a2", "a3", "a4"], ["a4"], []]


# Cancelling


@pytest.mark.parametrize("json_response", [False, True])
def test_a_cancelled_call_stops_the_tool_and_ends_its_response(
    mcp: FastMCP, gates: Gates, json_response: bool
) -> None:
    """notifications/cancelled reaches the tool; no answer follows, and no task is left."""
    with http(mcp, json_response=json_response) as client:
        other = Mcp(client.base)
        session = client.open()
        before = tasks_of(client, session)
        responses: list[Any] = []
        thread = threading.Thread(target=lambda: responses.append(other.post(work(5), session)))
        thread.start()
        wait_for(gates.began)

        client.post(notification("notifications/cancelled", requestId=5), session)

        wait_for(gates.ended)
        thread.join(SECONDS)
        other.client.close()
        until(lambda: tasks_of(client, session) == before)
        assert client.post(request("ping", 5), session).status_code == 200

    assert gates.outcome == "cancelled"
    assert responses[0].status_code < 500
    assert '"id":5' not in responses[0].text


def tasks_of(client: Mcp, session: Any) -> int:
    return int(client.post(call("tasks"), session).json()["result"]["content"][0]["text"])


def test_a_modern_client_cancels_by_leaving(mcp: FastMCP, gates: Gates) -> None:
    """Closing the response stops the tool and leaves no task."""
    with http(mcp) as client:
        before = tasks_of(client, {})
        message = enveloped(work(), progressToken="t1")
        other = Mcp(client.base)

        with other.stream(message, modern_headers(message)) as stream:
            assert stream.message()["params"]["progress"] == 1
        other.client.close()

        wait_for(gates.ended)
        until(lambda: tasks_of(client, {}) == before)

    assert gates.outcome == "cancelled"


@pytest.mark.parametrize("sessions", [True, False], ids=["session", "alone"])
def test_a_handshake_client_that_leaves_cancels_nothing(
    mcp: FastMCP, gates: Gates, sessions: bool
) -> None:
    """The call goes on to its end: a lost connection is not a wish (PROTOCOL 4.2)."""
    with http(mcp) as client:
        other = Mcp(client.base)
        with other.stream(work(), client.open() if sessions else {}) as stream:
            assert stream.message()["params"]["progress"] == 1
        other.client.close()
        # Two more requests, later than the server looks for a client that left.
        until_passed = time.monotonic() + 0.3
        while time.monotonic() < until_passed:
            assert client.post(call("add", a=1, b=2)).status_code == 200
        assert not gates.ended.is_set()
        gates.go.set()
        wait_for(gates.ended)

    assert gates.outcome == "finished"


def test_deleting_a_session_stops_its_calls(mcp: FastMCP, gates: Gates) -> None:
    """What belongs to the session ends with it, and the response, too."""
    with http(mcp) as client:
        session = client.open()
        other = Mcp(client.base)
        with other.stream(work(), session) as stream:
            assert stream.message()["params"]["progress"] == 1
            client.client.delete(client.url, headers=session)
            assert stream.rest() == []
        other.client.close()
        wait_for(gates.ended)

    assert gates.outcome == "cancelled"


# Clients that do not read


@pytest.mark.parametrize("era", ["handshake", "modern"])
def test_a_client_that_stops_reading_does_not_stop_others(
    mcp: FastMCP, gates: Gates, era: str
) -> None:
    """Its own call waits, held back; the calls of others are answered meanwhile."""
    message = call("flood")
    with http(mcp) as client:
        session = client.open()
        if era == "modern":
            level = {"io.modelcontextprotocol/logLevel": "debug"}
            message, headers = enveloped(message, **level), modern_headers(message)
        else:
            headers = session
        body = json.dumps(message).encode()
        lines = [f"{name}: {value}" for name, value in headers.items()]
        head = "\r\n".join(
            [
                "POST /mcp HTTP/1.1",
                "Host: localhost",
                "Content-Type: application/json",
                "Accept: application/json, text/event-stream",
                f"Content-Length: {len(body)}",
                *lines,
            ]
        )
        port = int(client.base.rpartition(":")[2])
        with socket.create_connection(("127.0.0.1", port)) as deaf:
            deaf.sendall(head.encode() + b"\r\n\r\n" + body)
            wait_for(gates.began)
            for number in range(100, 120):
                answer = client.post(call("add", number, a=number, b=1), session)
                assert answer.json()["result"]["structuredContent"] == {"result": number + 1}
            sent = gates.sent
            assert not gates.ended.is_set()
        if era == "handshake":
            client.client.delete(client.url, headers=session)
        wait_for(gates.ended)

    assert sent < 5000


def test_a_stream_that_is_read_again_goes_on(mcp: FastMCP, gates: Gates) -> None:
    """A slow reader gets everything in the end."""
    with http(mcp) as client, client.stream(call("flood"), client.open()) as stream:
        received = stream.rest()

    assert len(received) == 5001
    assert received[-1]["result"]["structuredContent"] == {"result": 5000}
