"""What goes wrong while a request is served over HTTP: stores, clients, sessions that fail it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from apps import Mcp, call, http, initialize, messages, notification
from settled import wait_until

from fastmcp import Context, FastMCP
from fastmcp.exceptions import StoreUnavailable
from fastmcp.server.backplane import MemoryBackplane
from fastmcp.server.event_store import EventStore
from fastmcp.server.http import attendant
from fastmcp.server.http.streamable import stream as streams
from fastmcp.server.http.streamable.stream import Reader, Stream

SECONDS = 20


class Calls:
    """What became of the calls of a server's tools."""

    def __init__(self) -> None:
        self.orders = 0
        self.cancelled = threading.Event()
        self.flooded = threading.Event()


@pytest.fixture
def calls() -> Calls:
    return Calls()


@pytest.fixture
def mcp(calls: Calls) -> FastMCP:
    mcp = FastMCP("x")

    @mcp.tool
    async def order() -> str:
        calls.orders += 1
        return "ordered"

    @mcp.tool
    async def report(ctx: Context) -> str:
        await ctx.error("one")
        await ctx.error("two")
        return "reported"

    @mcp.tool
    async def take(seconds: float) -> str:
        await asyncio.sleep(seconds)
        return "taken"

    @mcp.tool
    async def ask(ctx: Context) -> str:
        try:
            await ctx.elicit("sure?", response_type=None)
        except asyncio.CancelledError:
            calls.cancelled.set()
            raise
        return "asked"

    @mcp.tool
    async def flood(ctx: Context) -> str:
        for _ in range(200):
            await ctx.error("x" * 100_000)
        calls.flooded.set()
        return "flooded"

    return mcp


def text(response: Any) -> str:
    return messages(response)[-1]["result"]["content"][0]["text"]


# Event stores


class Faulty(EventStore):
    """A store whose writing or reading fails while it is said to."""

    failing = ""

    async def store_event(self, stream_id: str, message: bytes | None) -> str:
        if self.failing == "writing" or (self.failing == "answers" and message is not None):
            raise ConnectionError("the disk is away")
        return await super().store_event(stream_id, message)

    async def replay_events_after(self, last_event_id: str, send: Any) -> str | None:
        if self.failing == "reading":
            raise ConnectionError("the disk is away")
        return await super().replay_events_after(last_event_id, send)


@pytest.fixture
def store() -> Faulty:
    return Faulty()


@pytest.fixture
def stored(mcp: FastMCP, store: Faulty) -> Iterator[Mcp]:
    with http(mcp, event_store=store) as client:
        yield client


def test_a_fault_of_the_event_store_costs_no_answer(
    stored: Mcp, store: Faulty, calls: Calls
) -> None:
    """The call runs once and is answered, by events that cannot be resumed from."""
    session = stored.open()
    store.failing = "writing"

    assert text(stored.post(call("order"), session)) == "ordered"
    with stored.stream(call("report"), session) as events:
        assert [event["method"] for event in events.rest()[:-1]] == ["notifications/message"] * 2

    store.failing = "answers"
    with stored.stream(call("order"), session) as events:
        assert "id" in events.next()
        assert events.rest()[0]["result"]["content"][0]["text"] == "ordered"
    assert calls.orders == 2


def test_what_cannot_be_replayed_now_can_be_later(mcp: FastMCP, stored: Mcp, store: Faulty) -> None:
    """503 asks the client to come back, and neither resuming nor listening is taken by then."""
    session = stored.open()
    with stored.stream(headers=session) as events:
        mcp.tool(lambda: 1, name="first")
        last = next(e["id"] for e in iter(events.next, None) if e.get("data"))
        mcp.tool(lambda: 2, name="second")
        assert "list_changed" in next(e["data"] for e in iter(events.next, None) if "data" in e)
    resumed = {**session, "last-event-id": last}

    store.failing = "reading"
    for _ in range(2):
        with stored.stream(headers=resumed) as events:
            assert (events.status, events.response.headers["retry-after"]) == (503, "1")
    store.failing = ""

    with stored.stream(headers=resumed) as events:
        assert events.message()["method"] == "notifications/tools/list_changed"


# Clients


@pytest.mark.parametrize("era", ["handshake", "modern"])
def test_a_client_that_takes_json_alone_gets_no_stream_however_long_it_takes(
    mcp: FastMCP, era: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A sign of life would begin one; a client that takes both gets it."""
    monkeypatch.setattr(attendant, "KEEP_ALIVE_INTERVAL", 0.05)
    with http(mcp) as client:
        post = client.modern if era == "modern" else client.post
        alone = post(call("take", seconds=0.5), {"accept": "application/json"})
        both = post(call("take", seconds=0.5))

    assert alone.headers["content-type"] == "application/json"
    assert alone.json()["result"]["content"][0]["text"] == "taken"
    assert both.headers["content-type"].startswith("text/event-stream")
    assert both.text.startswith(": keep-alive")


def test_a_client_that_dies_while_it_is_asked_leaves_nothing(mcp: FastMCP, calls: Calls) -> None:
    """Its session is idle: nobody reads what it sends, so its call is not waited for."""
    app = mcp.http_app(session_idle_timeout=1)
    sessions = app.state.mcp_endpoint.sessions
    with http(app) as client:
        opened = client.post(initialize(capabilities={"elicitation": {}}))
        session = {"mcp-session-id": opened.headers["mcp-session-id"]}
        client.post(notification("notifications/initialized"), session)
        with Mcp(client.base) as dying, dying.stream(call("ask"), session) as events:
            assert events.message()["method"] == "elicitation/create"

        assert calls.cancelled.wait(SECONDS)
        wait_until(lambda: len(sessions) == 0)


def test_large_messages_wait_for_their_reader_before_many_do() -> None:
    """What waits is bounded by its size as well as by its number."""

    async def scenario() -> None:
        stream = Stream("x/", {1})
        reader = Reader(stream)
        for _ in range(3):
            stream.push(b"x" * (streams.HIGH_WATER // 2), None)

        waiting = asyncio.ensure_future(stream.wait_room())
        await asyncio.sleep(0)
        assert stream.full and not waiting.done()
        await reader.take()
        await waiting

        assert not stream.full and stream.waiting == 2

    asyncio.run(asyncio.wait_for(scenario(), SECONDS))


def test_a_reader_that_takes_nothing_for_long_is_given_up(
    mcp: FastMCP, calls: Calls, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The call goes on without it; what it says is thrown away, and the session is idle."""
    monkeypatch.setattr(streams, "STANDSTILL", 0.2)
    app = mcp.http_app(session_idle_timeout=0.5)
    sessions = app.state.mcp_endpoint.sessions
    with http(app) as client:
        session = client.open()
        with Mcp(client.base) as deaf, deaf.stream(call("flood"), session) as events:
            assert events.status == 200
            assert calls.flooded.wait(SECONDS)
            wait_until(lambda: len(sessions) == 0)


def test_a_client_that_listens_and_reads_nothing_can_listen_again(
    mcp: FastMCP, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The stream that stands still is given up, not the session."""
    monkeypatch.setattr(streams, "STANDSTILL", 0.1)
    app = mcp.http_app()

    @mcp.tool
    async def tell() -> str:
        [listener] = app.state.mcp_endpoint.sessions._table.values()
        for _ in range(200):
            await listener.send(b'{"jsonrpc":"2.0","method":"%s"}' % (b"x" * 100_000), None)
        return "told"

    with http(app) as client:
        session = client.open()
        with Mcp(client.base) as deaf, deaf.stream(headers=session) as events:
            assert events.status == 200
            assert text(client.post(call("tell"), session)) == "told"
            with client.stream(headers=session) as again:
                assert again.status == 200


# Sessions


@pytest.mark.parametrize("json_response", [True, False])
def test_a_request_whose_session_ends_meanwhile_is_404(mcp: FastMCP, json_response: bool) -> None:
    """Its client has to initialize again, as it hears wherever it names the session."""
    answers: list[Any] = []
    app = mcp.http_app(json_response=json_response)
    busy = app.state.mcp_endpoint.sessions
    with http(app) as client, Mcp(client.base) as other:
        session = client.open()
        thread = threading.Thread(
            target=lambda: answers.append(other.post(call("take", 7, seconds=60), session))
        )
        thread.start()
        wait_until(lambda: any(each.occupied for each in busy._table.values()))
        client.client.delete(client.url, headers=session)
        thread.join(SECONDS)

    assert answers[0].status_code == 404
    assert answers[0].json()["id"] == 7
    assert "initialize" in answers[0].json()["error"]["message"]


def test_a_batch_that_cannot_be_forwarded_is_not_begun(mcp: FastMCP, calls: Calls) -> None:
    """A client that is told 503 sends all of it again, under the same ids."""

    class Faulty(MemoryBackplane):
        failing = False

        async def publish(self, topic: str, message: bytes) -> bool:
            if self.failing:
                raise StoreUnavailable("the store is away")
            return await super().publish(topic, message)

    store = Faulty()
    shared = FastMCP("x", session_store=store)
    shared.add_tool(asyncio.run(mcp.get_tool("order")))
    batch = [call("order", 5), {"jsonrpc": "2.0", "id": "other.1.1", "result": {}}]
    with http(shared) as client:
        session = client.open("2025-03-26")
        store.failing = True
        refused = client.post(batch, session)
        assert (refused.status_code, calls.orders) == (503, 0)
        store.failing = False

        assert client.post(batch, session).status_code == 200

    assert calls.orders == 1


# Signs of life


@pytest.mark.parametrize("sessions", [True, False])
def test_signs_of_life_never_come_amid_an_answer(
    mcp: FastMCP, sessions: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever time a server takes to send; each response begins once and ends once."""
    monkeypatch.setattr(attendant, "KEEP_ALIVE_INTERVAL", 0.02)
    app = mcp.http_app()
    said: list[list[str]] = []

    async def slow(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            await app(scope, receive, send)
            return
        mine: list[str] = []
        said.append(mine)

        async def later(message: Any) -> None:
            end = message["type"] == "http.response.body" and not message.get("more_body")
            await asyncio.sleep(0.03)
            mine.append("end" if end else message["type"].rpartition(".")[2])
            await send(message)

        await app(scope, receive, later)

    with http(slow) as client:
        session = client.open() if sessions else {}
        bodies = [call("take", n, seconds=0.1 + n / 200) for n in range(1, 13)]
        answers = [client.post(body, session) for body in bodies]

    assert [text(answer) for answer in answers] == ["taken"] * 12
    for each in said[-12:]:
        assert each[0] == "start" and each[-1] == "end"
        assert set(each[1:-1]) <= {"body"}
