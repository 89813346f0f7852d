"""A session is served by any worker, whatever it needs of the others."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from apps import SECONDS, call, initialize, messages, notification, request

from fastmcp import Client, Context, FastMCP

from .conftest import Store
from .workers import Workers, workers


class Gate:
    """Holds a tool up until a test lets it go on."""

    def __init__(self) -> None:
        self.entered = threading.Event()
        self.open = threading.Event()
        self.cancelled = threading.Event()

    async def wait(self) -> None:
        self.entered.set()
        try:
            while not self.open.is_set():
                await asyncio.sleep(0.01)
        except asyncio.CancelledError:
            self.cancelled.set()
            raise


@pytest.fixture
def gate() -> Gate:
    return Gate()


@pytest.fixture
def make(store: Store, gate: Gate) -> Callable[[], FastMCP]:
    def make() -> FastMCP:
        mcp = FastMCP("shared", session_store=store())

        @mcp.tool
        def plain() -> str:
            return "plain"

        @mcp.tool
        async def remember(value: int, ctx: Context) -> int | None:
            before = await ctx.get_state("value")
            await ctx.set_state("value", value)
            return before

        @mcp.tool
        async def ask(ctx: Context) -> str:
            answer = await ctx.elicit("Who?", str)
            return f"{answer.action}: {getattr(answer, 'data', None)}"

        @mcp.tool
        async def think(ctx: Context) -> str:
            return (await ctx.sample("a thought")).text or ""

        @mcp.tool
        async def where(ctx: Context) -> list[str]:
            return [str(root.uri) for root in await ctx.list_roots()]

        @mcp.tool
        async def log(ctx: Context) -> None:
            await ctx.debug("quiet")
            await ctx.error("loud")

        @mcp.tool
        async def hide(ctx: Context) -> None:
            await ctx.disable_components(names={"plain"})

        @mcp.tool
        async def wait(ctx: Context) -> str:
            await ctx.report_progress(1, 2)
            await gate.wait()
            await ctx.report_progress(2, 2)
            return "done"

        @mcp.tool
        def change() -> None:
            mcp.notify_resource_updated("data://one")

        @mcp.tool
        def grow() -> None:
            mcp.tool(lambda: "new", name="grown")

        @mcp.resource("data://one")
        def one() -> str:
            return "1"

        return mcp

    return make


def answer(response: Any) -> Any:
    [*_, last] = messages(response)
    return last["result"]


def text_of(message: Any) -> str:
    return message["result"]["content"][0]["text"]


def value(response: Any) -> Any:
    """The last word of a call's answer, read as JSON where it is that."""
    [*_, last] = messages(response)
    if not last["result"]["content"]:
        return None
    try:
        return json.loads(text_of(last))
    except ValueError:
        return text_of(last)


def test_a_session_opened_on_one_worker_is_served_by_the_other(two: Workers) -> None:
    """Its handshake counts there, and its state is one."""
    session = two[0].open()

    assert value(two[1].post(call("remember", value=1), session)) is None
    assert value(two[0].post(call("remember", value=2), session)) == 1
    assert value(two[1].post(call("remember", value=3), session)) == 2


def test_a_client_that_is_sent_to_all_in_turn_notices_nothing(two: Workers) -> None:
    """State, elicitation, sampling, roots, logs, progress."""

    async def scenario() -> None:
        logs: list[str] = []
        steps: list[float] = []

        async def on_log(message: Any) -> None:
            logs.append(message.level)

        async def on_progress(progress: float, total: float | None, message: str | None) -> None:
            steps.append(progress)

        async def on_elicitation(message: str, kind: Any, params: Any, context: Any) -> Any:
            return kind(value="me")

        async def on_sampling(messages: Any, params: Any, context: Any) -> str:
            return "a deep one"

        client = Client(
            two.url,
            mode="legacy",
            elicitation_handler=on_elicitation,
            sampling_handler=on_sampling,
            roots=["file:///home"],
            log_handler=on_log,
        )
        async with client:
            for turn in range(4):
                assert (await client.call_tool("ask")).data == "accept: me"
                assert (await client.call_tool("think")).data == "a deep one"
                assert (await client.call_tool("where")).data == ["file:///home"]
                before = (await client.call_tool("remember", {"value": turn})).data
                assert before == (turn - 1 if turn else None)
            await client.set_logging_level("error")
            await client.call_tool("log")
            await client.call_tool("log")
            assert logs == ["error", "error"]

    asyncio.run(scenario())


def test_what_one_worker_asks_is_answered_through_the_other(two: Workers) -> None:
    """The answer finds the call that waits for it."""
    session = two[0].open()
    opened = two[0].post(initialize(capabilities={"elicitation": {}}))
    session["mcp-session-id"] = opened.headers["mcp-session-id"]
    with two[0].stream(call("ask"), session) as events:
        question = events.message()
        assert question["method"] == "elicitation/create"
        reply = {"action": "accept", "content": {"value": "you"}}
        said = {"jsonrpc": "2.0", "id": question["id"], "result": reply}
        assert two[1].post(said, session).status_code == 202
        assert text_of(events.message()) == "accept: you"


def test_a_client_of_json_answers_is_asked_where_it_listens(
    make: Callable[[], FastMCP],
) -> None:
    """The question goes from the worker that serves the call to the one with the stream."""
    with workers(make, json_response=True) as two:
        opened = two[0].post(initialize(capabilities={"elicitation": {}}))
        session = {
            "mcp-session-id": opened.headers["mcp-session-id"],
            "mcp-protocol-version": "2025-11-25",
        }
        answers: list[Any] = []
        calling = threading.Thread(
            target=lambda: answers.append(value(two[0].post(call("ask"), session)))
        )
        with two[1].stream(headers=session) as events:
            calling.start()
            question = events.message()
            reply = {"action": "decline"}
            said = {"jsonrpc": "2.0", "id": question["id"], "result": reply}
            assert two[1].post(said, session).status_code == 202
            calling.join(SECONDS)
        assert answers == ["decline: None"]


def test_a_log_level_set_on_one_worker_holds_on_the_other(two: Workers) -> None:
    """What a session said of itself is known everywhere."""
    session = two[0].open()
    two[0].post(request("logging/setLevel", level="error"), session)

    levels = [
        message["params"]["level"]
        for message in messages(two[1].post(call("log"), session))
        if message.get("method") == "notifications/message"
    ]

    assert levels == ["error"]


def test_what_a_session_hides_is_hidden_on_every_worker(two: Workers) -> None:
    """Rules of a session go with it."""
    session, other = two[0].open(), two[1].open()
    two[0].post(call("hide"), session)

    def names(who: Any) -> list[str]:
        return [tool["name"] for tool in answer(two[1].post(request("tools/list"), who))["tools"]]

    assert "plain" not in names(session)
    assert "plain" in names(other)


def test_a_call_is_cancelled_through_another_worker(two: Workers, gate: Gate) -> None:
    """The tool stops, and its stream ends without an answer."""
    session = two[0].open()
    with two[0].stream(call("wait", 7), session) as events:
        assert gate.entered.wait(SECONDS)
        two[1].post(notification("notifications/cancelled", requestId=7), session)
        assert gate.cancelled.wait(SECONDS)
        assert [m for m in events.rest() if "id" in m] == []


def test_a_session_ended_on_one_worker_is_gone_on_the_other(two: Workers, gate: Gate) -> None:
    """Its calls are stopped there, its id is unknown."""
    session = two[0].open()
    with two[1].stream(call("wait"), session) as events:
        assert gate.entered.wait(SECONDS)
        assert two[0].client.delete(two[0].url, headers=session).status_code == 200
        assert gate.cancelled.wait(SECONDS)
        events.rest()
    assert two[1].post(call("plain"), session).status_code == 404


@pytest.mark.parametrize("id", ["0" * 48, "x", "0" * 32, "*", "../session"])
def test_an_id_that_no_worker_gave_out_is_unknown(two: Workers, id: str) -> None:
    """A made-up id is refused."""
    session = {"mcp-session-id": id}
    assert two[0].post(call("plain"), session).status_code == 404


def test_a_subscription_made_on_one_worker_is_heard_on_the_other(two: Workers) -> None:
    """Made on one, listened to on the other, changed on the first."""
    session = two[0].open()
    with two[1].stream(headers=session) as events:
        two[0].post(request("resources/subscribe", uri="data://one"), session)
        two[0].post(call("change"), session)
        heard = events.message()
        assert heard["method"] == "notifications/resources/updated"
        assert heard["params"] == {"uri": "data://one"}


def test_changes_of_the_lists_reach_clients_of_other_workers(two: Workers) -> None:
    """A tool that is added on one worker is told of by the other."""
    session = two[0].open()
    with two[1].stream(headers=session) as events:
        two[0].post(call("grow"), two[0].open())
        assert events.message()["method"] == "notifications/tools/list_changed"


def test_who_listens_again_hears_what_was_missed_meanwhile(two: Workers) -> None:
    """A change that comes while nobody listens is told of when somebody does."""
    session = two[0].open()
    two[0].post(request("resources/subscribe", uri="data://one"), session)
    with two[0].stream(headers=session) as events:
        events.next()
    two[1].post(call("change"), session)
    with two[1].stream(headers=session) as events:
        assert events.message()["params"] == {"uri": "data://one"}


def test_the_last_worker_that_a_client_listens_on_has_its_stream(two: Workers) -> None:
    """A client whose connection broke listens elsewhere; the old stream ends."""
    session = two[0].open()
    with two[0].stream(headers=session) as first:
        first.next()
        with two[1].stream(headers=session) as second:
            second.next()
            assert first.rest() == []
            two[0].post(request("resources/subscribe", uri="data://one"), session)
            two[0].post(call("change"), session)
            assert second.message()["params"] == {"uri": "data://one"}


def test_a_stream_is_resumed_on_another_worker(two: Workers, gate: Gate) -> None:
    """The call goes on where it runs; its messages come where its client is."""
    session = two[0].open()
    body = call("wait", 3)
    body["params"]["_meta"] = {"progressToken": "p"}
    with two[0].stream(body, session) as events:
        last = events.next()["id"]
        first = events.next()
        assert '"progress":1' in first["data"].replace(" ", "")
    with two[1].stream(headers={**session, "last-event-id": last}) as events:
        assert events.message()["params"]["progress"] == 1
        gate.open.set()
        assert events.message()["params"]["progress"] == 2
        assert text_of(events.message()) == "done"
        assert events.rest() == []


def test_a_finished_stream_is_replayed_on_another_worker(two: Workers) -> None:
    """An answer that was missed is there."""
    session = two[0].open()
    with two[0].stream(call("plain", 3), session) as events:
        last = events.next()["id"]
        events.rest()
    for worker in (two[1], two[0]):
        with worker.stream(headers={**session, "last-event-id": last}) as events:
            [missed] = events.rest()
            assert missed["id"] == 3


@pytest.mark.parametrize("last", ["nonsense", "00_0-1", "a" * 16 + "_zzz", "_", "listen_x y"])
def test_an_event_that_never_was_cannot_be_resumed_from(two: Workers, last: str) -> None:
    """A clear refusal, on either worker."""
    session = two[0].open()
    for worker in (two[0], two[1]):
        with worker.stream(headers={**session, "last-event-id": last}) as events:
            assert events.status == 400


def test_a_stream_is_resumed_by_its_own_session_only(two: Workers) -> None:
    """Event ids of another session lead nowhere."""
    session, other = two[0].open(), two[0].open()
    with two[0].stream(call("plain"), session) as events:
        last = events.next()["id"]
        events.rest()
    with two[1].stream(headers={**other, "last-event-id": last}) as events:
        assert events.status == 400


def test_there_are_no_more_sessions_than_allowed(make: Callable[[], FastMCP]) -> None:
    """The workers count together; one that ends makes room."""
    with workers(make, max_sessions=2) as two:
        session = two[0].open()
        two[1].open()
        refused = two[0].post(initialize())
        assert refused.status_code == 503
        two[1].client.delete(two[1].url, headers=session)
        assert two[0].post(initialize()).status_code == 200


def test_an_idle_session_ends(make: Callable[[], FastMCP]) -> None:
    """Nobody used it, on any worker; one that is used lives on."""
    with workers(make, session_idle_timeout=1.0) as two:
        idle, used = two[0].open(), two[0].open()
        deadline = time.monotonic() + SECONDS
        gone = 0
        while not gone and time.monotonic() < deadline:
            assert two[1].post(call("plain"), used).status_code == 200
            time.sleep(0.2)
            if time.monotonic() > deadline - SECONDS + 2:
                gone = two[0].post(call("plain"), idle).status_code
        assert gone == 404


def test_an_input_round_goes_on_with_another_worker(two: Workers) -> None:
    """What one worker sealed the other opens: they share their key."""

    async def scenario() -> None:
        async def on_elicitation(message: str, kind: Any, params: Any, context: Any) -> Any:
            return kind(value="me")

        async with Client(two.url, elicitation_handler=on_elicitation) as client:
            assert client.protocol_version == "2026-07-28"
            for _ in range(3):
                assert (await client.call_tool("ask")).data == "accept: me"

    asyncio.run(scenario())


def test_what_a_modern_session_hides_is_hidden_on_every_worker(two: Workers) -> None:
    """Rules go with a session that names itself, too."""

    async def scenario() -> None:
        async with Client(two.url) as client, Client(two.url) as other:
            await client.call_tool("hide")
            for _ in range(3):
                names = [tool.name for tool in await client.list_tools()]
                assert "plain" not in names
                assert "plain" in [tool.name for tool in await other.list_tools()]

    asyncio.run(scenario())


def test_a_resumed_call_that_is_cancelled_ends_its_stream(two: Workers, gate: Gate) -> None:
    """Also where the stream is read on another worker than the one that serves the call."""
    session = two[0].open()
    with two[0].stream(call("wait", 9), session) as events:
        last = events.next()["id"]
        assert gate.entered.wait(SECONDS)
    with two[1].stream(headers={**session, "last-event-id": last}) as events:
        two[1].post(notification("notifications/cancelled", requestId=9), session)
        assert gate.cancelled.wait(SECONDS)
        assert events.rest() == []


def test_a_stream_of_a_session_that_ends_is_ended_everywhere(two: Workers, gate: Gate) -> None:
    """Whoever reads it on another worker does not wait for ever."""
    session = two[0].open()
    with two[0].stream(call("wait", 9), session) as events:
        last = events.next()["id"]
        assert gate.entered.wait(SECONDS)
    with two[1].stream(headers={**session, "last-event-id": last}) as events:
        two[0].client.delete(two[0].url, headers=session)
        assert events.rest() == []
