"""Clients that listen hear of what changed, whichever worker changed it and when they came."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from apps import (
    SECONDS,
    call,
    initialize,
    messages,
    notification,
    request,
)
from settled import wait_until

from fastmcp import Context, FastMCP
from fastmcp.exceptions import StoreUnavailable
from fastmcp.server.cluster.cluster import Cluster

from .faulty import Faulty
from .named import listed, named, of_named
from .workers import Workers, workers


@pytest.fixture
def make(stores: list[Faulty], gate: threading.Event) -> Callable[[], FastMCP]:
    unused = list(stores)

    def make() -> FastMCP:
        mcp = FastMCP("shared", session_store=unused.pop(0))

        @mcp.tool
        async def hide(name: str, ctx: Context) -> str:
            await ctx.disable_components(names={name})
            await asyncio.to_thread(gate.wait, SECONDS)
            return "hidden"

        @mcp.tool
        def change(uri: str) -> None:
            mcp.notify_resource_updated(uri)

        for name in ("a", "b"):
            mcp.tool(lambda: "", name=name)
            mcp.resource(f"data://{name}", name=f"data {name}")(lambda: "")
        return mcp

    return make


@pytest.mark.parametrize(("listens", "lists"), [(0, 1), (1, 0), (1, 1)])
def test_who_is_told_of_a_list_finds_it_changed_on_any_worker(
    two: Workers, gate: threading.Event, listens: int, lists: int
) -> None:
    """While the call that changes it is still running."""
    session = two[0].open()
    with two[listens].stream(headers=session) as events, ThreadPoolExecutor() as pool:
        events.next()
        hiding = pool.submit(two[0].post, call("hide", 5, name="a"), session)
        assert events.message()["method"] == "notifications/tools/list_changed"
        assert listed(two[lists].post(request("tools/list"), session)) == ["hide", "change", "b"]
        gate.set()
        assert hiding.result(SECONDS).status_code == 200


def test_a_list_that_changed_for_one_session_is_told_to_it_when_it_listens(
    two: Workers, gate: threading.Event
) -> None:
    """Once, on whichever worker; and nothing of it goes to where the changes for all are kept."""
    gate.set()
    session = two[0].open()
    two[0].post(call("hide", name="a"), session)
    with two[1].stream(headers=session) as events:
        assert events.message()["method"] == "notifications/tools/list_changed"
    two[0].post(request("resources/subscribe", uri="data://a"), session)
    with two[1].stream(headers=session) as events:
        two[0].post(call("change", uri="data://a"), session)
        assert events.message()["params"] == {"uri": "data://a"}
    kept = asyncio.run(_changes(two))
    assert kept == [b'{"of":"contents","uri":"data://a","session":null}']


async def _changes(two: Workers) -> list[bytes]:
    cluster = two.servers[0]._parts.cluster
    assert cluster is not None
    return [entry for _, entry in await cluster.backplane.entries("changes")]


def test_a_named_session_that_listens_hears_of_what_another_worker_hides(
    two: Workers, gate: threading.Event
) -> None:
    """The stream is on one worker, the call on the other; the list is changed by then on both."""
    gate.set()
    listening = request("subscriptions/listen", 9, notifications={"toolsListChanged": True})
    with two[1].stream(*of_named(listening)) as events:
        assert events.message()["method"] == "notifications/subscriptions/acknowledged"
        named(two[0], call("hide", name="a"))
        assert events.message()["method"] == "notifications/tools/list_changed"
        assert "a" not in listed(named(two[1], request("tools/list")))


def test_what_two_workers_hide_at_once_is_hidden_on_both(
    two: Workers, gate: threading.Event
) -> None:
    """Neither undoes what the other does, for a session that names itself."""
    gate.set()
    for worker in (0, 1):
        named(two[worker], request("tools/list"))
    with ThreadPoolExecutor() as pool:
        for _ in pool.map(lambda i: named(two[i], call("hide", name="ab"[i])), (0, 1)):
            pass
    for worker in (0, 1):
        assert listed(named(two[worker], request("tools/list"))) == ["hide", "change"]


def test_what_two_workers_subscribe_to_at_once_is_heard(
    two: Workers, stores: list[Faulty], gate: threading.Event
) -> None:
    """Also when one of them is late in saying so: what is true is read, not said."""
    session = two[0].open()
    late = threading.Event()

    async def hold(topic: str, message: bytes) -> None:
        if b'"look"' in message:
            while not late.is_set():
                await asyncio.sleep(0.01)

    def watch(worker: int, name: str) -> Any:
        return two[worker].post(request("resources/subscribe", name, uri=f"data://{name}"), session)

    with two[0].stream(headers=session) as events, ThreadPoolExecutor() as pool:
        events.next()
        stores[1].before["publish"] = hold
        first = pool.submit(watch, 1, "a")
        wait_until(lambda: stores[1].count.get("swap"))
        watch(0, "b")
        late.set()
        assert first.result(SECONDS).status_code == 200
        heard: set[str] = set()
        for name in "ab":
            two[1].post(call("change", name, uri=f"data://{name}"), two[1].open())
            heard.add(events.message()["params"]["uri"])
        assert heard == {"data://a", "data://b"}


def test_a_call_that_was_saved_is_answered_though_nobody_could_be_told(
    two: Workers, stores: list[Faulty], gate: threading.Event
) -> None:
    """Its answer is what it gave; whoever listens hears of it later."""
    gate.set()
    session = two[0].open()

    async def fail(topic: str, message: bytes) -> None:
        raise StoreUnavailable("for a while")

    with two[0].stream(headers=session) as events:
        events.next()
        stores[1].before["publish"] = fail
        answer = two[1].post(call("hide", name="a"), session)
        assert messages(answer)[-1]["result"]["content"][0]["text"] == "hidden"
        del stores[1].before["publish"]
        assert events.message()["method"] == "notifications/tools/list_changed"


def test_a_call_whose_session_cannot_be_saved_says_that_it_ran(
    two: Workers, stores: list[Faulty], gate: threading.Event
) -> None:
    """A client that repeats it has to know that it may repeat what was done."""
    gate.set()
    session = two[0].open()

    async def fail(*_: Any) -> None:
        raise StoreUnavailable("for a while")

    stores[0].before["swap"] = fail
    answer = messages(two[0].post(call("hide", name="a"), session))[-1]
    assert "may have taken effect" in answer["error"]["message"]


def test_what_came_before_a_lost_client_was_missed_is_told_when_it_is_back(
    make: Callable[[], FastMCP],
) -> None:
    """A worker that notices late that a client is gone has told a change to nobody."""
    with workers(make) as two:
        session = two[0].open()
        two[0].post(request("resources/subscribe", uri="data://a"), session)
        with two[0].stream(headers=session) as events:
            events.next()
            cluster = two.servers[0]._parts.cluster
            assert cluster is not None
            before = cluster.changes.position
            two[1].post(call("change", uri="data://a"), session)
            # It is on its way to a client that leaves without having read it.
            wait_until(lambda: cluster.changes.position != before)
        wait_until(lambda: listener_of(cluster, session) is None)
        with two[1].stream(headers=session) as events:
            assert events.message()["params"] == {"uri": "data://a"}


def test_what_was_told_long_before_a_lost_client_is_noticed_is_told_again(
    make: Callable[[], FastMCP], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A connection may be dead for any time before its end is seen."""
    monkeypatch.setattr("fastmcp.server.cluster.cluster.HEARTBEAT", 0.01)
    with workers(make) as two:
        cluster = two.servers[0]._parts.cluster
        assert cluster is not None
        session = two[0].open()
        two[0].post(request("resources/subscribe", uri="data://a"), session)
        with two[0].stream(headers=session) as events:
            events.next()
            before = cluster.changes.position
            two[1].post(call("change", uri="data://a"), session)
            wait_until(lambda: before != cluster.changes.position == cluster.changes.settled)
        wait_until(lambda: listener_of(cluster, session) is None)
        with two[1].stream(headers=session) as events:
            assert events.message()["params"] == {"uri": "data://a"}


def listener_of(cluster: Cluster, session: dict[str, str]) -> str | None:
    """The worker on which the client of a session listens."""
    kept = asyncio.run(cluster.backplane.get(f"session:{session['mcp-session-id']}"))
    assert kept is not None
    return json.loads(kept).get("listener")


def test_a_change_that_cannot_be_kept_yet_is_told_to_who_begins_to_listen(
    two: Workers, stores: list[Faulty]
) -> None:
    """It is neither with those who listened before nor in the store."""
    session = two[0].open()
    two[0].post(request("resources/subscribe", uri="data://a"), session)
    kept = threading.Event()

    async def hold(log: str, entry: bytes, **_: Any) -> None:
        while log == "changes" and not kept.is_set():
            await asyncio.sleep(0.01)

    stores[0].before["append"] = hold
    two[0].post(call("change", uri="data://a"), session)
    with two[0].stream(headers=session) as events:
        assert events.message()["params"] == {"uri": "data://a"}
        kept.set()


def test_a_cancelled_question_is_taken_back_where_the_client_listens(
    make: Callable[[], FastMCP],
) -> None:
    """Though another worker had asked it."""
    with workers(make) as two:
        for server in two.servers:

            @server.tool
            async def ask(ctx: Context) -> str:
                return (await ctx.elicit("Who?", str)).action

        opened = two[0].post(initialize(capabilities={"elicitation": {}}))
        session = {"mcp-session-id": opened.headers["mcp-session-id"]}
        two[0].post(notification("notifications/initialized"), session)
        with two[0].stream(headers=session) as events:
            events.next()
            with two[1].stream(call("ask", 7), session) as asking:
                question = asking.message()["id"]
                two[1].post(notification("notifications/cancelled", requestId=7), session)
                taken = events.message()
                while taken["method"] != "notifications/cancelled":
                    taken = events.message()
                assert taken["params"]["requestId"] == question


def test_changes_that_wait_are_told_before_a_worker_leaves(
    make: Callable[[], FastMCP], stores: list[Faulty]
) -> None:
    """A server that ends at once has told the others what its last call changed."""
    with workers(make) as two:
        session = two[0].open()
        two[0].post(call("change", uri="data://a"), session)
        stores[0].fail_once("append")
        two[0].post(call("change", uri="data://b"), session)
    assert [b"data://a" in each for each in asyncio.run(_changes(two))] == [True, False]
