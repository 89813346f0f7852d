"""Whose stream broke comes back for it on any worker, whatever its client and its call are like."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from apps import SECONDS, call, initialize, request
from settled import wait_until

from fastmcp import Context, FastMCP
from fastmcp.server.cluster import calls

from .faulty import Faulty
from .workers import Workers, workers


@pytest.fixture
def make(stores: list[Faulty], gate: threading.Event) -> Callable[[], FastMCP]:
    unused = list(stores)

    def make() -> FastMCP:
        mcp = FastMCP("shared", session_store=unused.pop(0))

        @mcp.tool
        async def count(to: int, ctx: Context) -> str:
            for number in range(to):
                await ctx.report_progress(number + 1)
            return "done"

        @mcp.tool
        async def wait(ctx: Context) -> str:
            await ctx.report_progress(1)
            while not gate.is_set():
                await asyncio.sleep(0.01)
            return "done"

        @mcp.tool
        async def ask(ctx: Context) -> str:
            return (await ctx.elicit("Who?", str)).action

        return mcp

    return make


@pytest.fixture
def two(two: Workers, gate: threading.Event) -> Iterator[Workers]:
    yield two
    gate.set()


def reporting(tool: str, **arguments: Any) -> dict[str, Any]:
    """A call that reports progress."""
    body = call(tool, 3, **arguments)
    body["params"]["_meta"] = {"progressToken": "p"}
    return body


def events_of(two: Workers, session: dict[str, str], to: int) -> list[str]:
    """The ids of the events of a call on the first worker."""
    with two[0].stream(reporting("count", to=to), session) as events:
        ids: list[str] = []
        try:
            while True:
                if id := events.next().get("id"):
                    ids.append(id)
        except AssertionError:  # there are no more
            return ids


def resumed(two: Workers, worker: int, session: dict[str, str], last: str) -> list[Any]:
    with two[worker].stream(headers={**session, "last-event-id": last}) as events:
        assert events.status == 200
        return events.rest()


@pytest.mark.parametrize("revision", ["2025-03-26", "2025-06-18", "2025-11-25"])
def test_a_client_of_any_revision_resumes_a_call(two: Workers, revision: str) -> None:
    """Also one that is told of no event before the first message."""
    session = two[0].open(revision)
    ids = events_of(two, session, 2)
    for worker in (1, 0):
        assert [m["id"] for m in resumed(two, worker, session, ids[-2])] == [3]
        assert resumed(two, worker, session, ids[-1]) == []


@pytest.mark.parametrize("revision", ["2025-06-18", "2025-11-25"])
def test_a_running_call_of_any_revision_is_resumed(
    two: Workers, gate: threading.Event, revision: str
) -> None:
    """Its answer comes where the client is."""
    session = two[0].open(revision)
    with two[0].stream(reporting("wait"), session) as events:
        last = events.next()["id"]
    with two[1].stream(headers={**session, "last-event-id": last}) as events:
        gate.set()
        assert events.rest()[-1]["id"] == 3


def test_a_running_batch_is_resumed(two: Workers, gate: threading.Event) -> None:
    """The one revision that has them answers all of it where the client is."""
    session = two[0].open("2025-03-26")
    with two[0].stream([reporting("wait"), call("wait", 4)], session) as events:
        last = events.next()["id"]
    with two[1].stream(headers={**session, "last-event-id": last}) as events:
        gate.set()
        assert {m["id"] for m in events.rest() if "id" in m} == {3, 4}


def test_a_stream_of_more_messages_than_are_kept_is_resumed(two: Workers) -> None:
    """What is known of its call does not go with the oldest of them."""
    session = two[0].open()
    ids = events_of(two, session, calls.LIMIT + 20)
    for worker in (1, 0):
        assert [m["id"] for m in resumed(two, worker, session, ids[-2])] == [3]


def test_a_call_that_could_not_be_kept_when_it_began_is_resumed(
    two: Workers, stores: list[Faulty], gate: threading.Event
) -> None:
    """It is kept as soon as that is possible."""
    session = two[0].open()
    stores[0].fail_once("put")
    with two[0].stream(call("wait", 3), session) as events:
        headers = {**session, "last-event-id": events.next()["id"]}

    def found() -> bool:
        with two[1].stream(headers=headers) as events:
            return events.status == 200

    wait_until(found)
    with two[1].stream(headers=headers) as events:
        gate.set()
        assert [m["id"] for m in events.rest()] == [3]


def test_a_worker_that_came_back_does_not_answer_a_second_time(
    two: Workers, stores: list[Faulty], gate: threading.Event
) -> None:
    """A client that resumes takes the first answer of those in the log."""
    session = two[0].open()
    with two[0].stream(call("wait", 3), session) as events:
        last = events.next()["id"]
    name = f"stream:{session['mcp-session-id']}/{last.partition('_')[0]}"

    async def answer(text: str) -> None:
        entry = b'l{"jsonrpc":"2.0","id":3,"result":"%s"}' % text.encode()
        await stores[1].append(name, entry, limit=10, ttl=60.0)

    asyncio.run(answer("first"))
    asyncio.run(answer("second"))
    assert [m["result"] for m in resumed(two, 1, session, last)] == ["first"]


@pytest.mark.parametrize("last", ["listen_abc", "listen_", "listen_99999999"])
def test_a_wrong_position_leaves_the_session_as_it_was(
    make: Callable[[], FastMCP], last: str
) -> None:
    """A client that made a mistake listens afterwards on any worker, and is asked there."""
    with workers(make, json_response=True) as two:
        opened = two[0].post(initialize(capabilities={"elicitation": {}}))
        session = {"mcp-session-id": opened.headers["mcp-session-id"]}
        with two[0].stream(headers={**session, "last-event-id": last}) as events:
            assert events.status in (200, 400)
        for worker in (0, 1):
            with two[worker].stream(headers=session) as events:
                assert events.status == 200
                events.next()
        with two[1].stream(headers=session) as events, ThreadPoolExecutor() as pool:
            asking = pool.submit(two[0].post, call("ask", 5), session)
            said = {"jsonrpc": "2.0", "id": events.message()["id"], "result": {"action": "cancel"}}
            assert two[0].post(said, session).status_code == 202
            assert "cancel" in asking.result(SECONDS).text


def test_a_wrong_position_takes_nothing_from_who_reads_the_stream(
    two: Workers, gate: threading.Event
) -> None:
    """The call is answered on the response that it was asked on."""
    session = two[0].open()
    with two[0].stream(call("wait", 3), session) as events:
        wrong = events.next()["id"].partition("_")[0] + "_zzz"
        with two[0].stream(headers={**session, "last-event-id": wrong}) as refused:
            assert refused.status == 400
        gate.set()
        assert [m["id"] for m in events.rest()] == [3]


def test_a_stream_that_is_read_elsewhere_is_not_idle(
    make: Callable[[], FastMCP], gate: threading.Event
) -> None:
    """It lasts as long as its call, however long the worker that reads it has nothing to do."""
    with workers(make, session_idle_timeout=0.6) as two:
        session = two[0].open()
        with two[0].stream(call("wait", 3), session) as events:
            last = events.next()["id"]
        with two[1].stream(headers={**session, "last-event-id": last}) as events:
            time.sleep(2)  # which is longer than either worker keeps what nobody uses
            gate.set()
            assert [m["id"] for m in events.rest()] == [3]


def test_a_session_whose_client_is_gone_ends_though_it_is_asked(
    make: Callable[[], FastMCP], stores: list[Faulty]
) -> None:
    """A question that nobody will answer does not keep it for ever."""
    with workers(make, session_idle_timeout=0.6) as two:
        opened = two[0].post(initialize(capabilities={"elicitation": {}}))
        session = {"mcp-session-id": opened.headers["mcp-session-id"]}
        with two[0].stream(call("ask", 3), session) as events:
            assert events.message()["method"] == "elicitation/create"

        def kept() -> bytes | None:
            return asyncio.run(stores[1].get(f"session:{session['mcp-session-id']}"))

        wait_until(lambda: kept() is None)


def test_an_idle_reader_does_not_read_the_whole_log_again(
    two: Workers, stores: list[Faulty], gate: threading.Event
) -> None:
    """It asks for what is new."""
    session = two[0].open()
    with two[0].stream(reporting("wait"), session) as events:
        last = events.next()["id"]
    whole: list[str] = []

    async def note(log: str, after: str | None = None) -> None:
        if after is None and log.startswith("stream:"):
            whole.append(log)

    with two[1].stream(headers={**session, "last-event-id": last}) as events:
        assert events.message()["params"]["progress"] == 1
        stores[1].before["entries"] = note
        looks = stores[1].count["get"]
        wait_until(lambda: stores[1].count["get"] > looks + 4)
        gate.set()
        assert [m["id"] for m in events.rest()] == [3]
    assert whole == []


def test_a_request_that_meets_the_end_of_its_session_is_answered(
    make: Callable[[], FastMCP], stores: list[Faulty]
) -> None:
    """As one of a session that is unknown."""
    ended = threading.Event()

    async def hold(*_: Any) -> None:
        while not ended.is_set():
            await asyncio.sleep(0.01)

    with workers(make, session_idle_timeout=2.0) as two, ThreadPoolExecutor() as pool:
        session = two[0].open()
        two[1].post(request("ping"), session)
        time.sleep(0.6)  # after a quarter of the time its life is prolonged
        stores[1].before["touch"] = hold
        late = pool.submit(two[1].post, request("ping"), session)
        wait_until(lambda: stores[1].count.get("touch"))
        assert two[0].client.delete(two[0].url, headers=session).status_code == 200
        ended.set()
        assert late.result(SECONDS).status_code == 404
