"""What workers said while they did not hear each other, and what their store has lost."""

from __future__ import annotations

import logging
from collections.abc import Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import redis
from apps import (
    SECONDS,
    call,
    initialize,
    notification,
    request,
)
from redis_server import redis_server
from settled import wait_until

from fastmcp import Context, FastMCP

from .named import listed, named
from .workers import Worker, Workers, workers


@pytest.fixture
def control(tmp_path: Path) -> Generator[Any]:
    """A client of the store."""
    with redis_server(tmp_path) as server, redis.Redis.from_url(server.url) as client:
        yield client


@pytest.fixture
def make(control: Any) -> Callable[[], FastMCP]:
    def make() -> FastMCP:
        options = control.connection_pool.connection_kwargs
        store = f"redis://{options['host']}:{options['port']}"
        mcp = FastMCP("shared", session_store=store)

        @mcp.tool
        async def ask(ctx: Context) -> str:
            return (await ctx.elicit("Who?", str)).action

        @mcp.tool
        async def hide(ctx: Context) -> str:
            await ctx.disable_components(names={"ask"})
            return "hidden"

        @mcp.tool
        def change(name: str = "one") -> None:
            mcp.notify_resource_updated(f"data://{name}")

        for name in ("one", "two"):
            mcp.resource(f"data://{name}", name=name)(lambda: "")

        return mcp

    return make


def cut(control: Any) -> None:
    """Have every worker lose the connection on which it hears the others."""
    control.client_kill_filter(_type="pubsub")


def asked(worker: Worker) -> dict[str, str]:
    """A session whose client can be asked."""
    opened = worker.post(initialize(capabilities={"elicitation": {}}))
    session = {
        "mcp-session-id": opened.headers["mcp-session-id"],
        "mcp-protocol-version": "2025-11-25",
    }
    worker.post(notification("notifications/initialized"), session)
    return session


def declined(question: Any) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": question["id"], "result": {"action": "decline"}}


def test_an_answer_that_its_worker_does_not_hear_is_not_taken(
    make: Callable[[], FastMCP], control: Any
) -> None:
    """The client is told to send it again, until it arrives."""
    with workers(make) as two:
        session = asked(two[0])
        with two[0].stream(call("ask", 7), session) as events:
            answer = declined(events.message())
            cut(control)
            first = two[1].post(answer, session)
            assert first.status_code == 503
            assert int(first.headers["retry-after"]) > 0
            wait_until(lambda: two[1].post(answer, session).status_code == 202)
            assert "decline" in str(events.message()["result"])


def test_an_answer_for_a_worker_that_is_gone_is_dropped(make: Callable[[], FastMCP]) -> None:
    """Nobody waits for it any more, so there is no use in sending it again."""
    with workers(make) as two:
        session = asked(two[0])
        late = {"jsonrpc": "2.0", "id": "0123456789ab.0.1", "result": {}}
        assert two[1].post(late, session).status_code == 202


def test_a_question_that_was_told_of_in_a_gap_is_asked_after_it(
    make: Callable[[], FastMCP], control: Any
) -> None:
    """Whoever listens gets what is there for them once their worker hears again."""
    with workers(make, json_response=True) as two, ThreadPoolExecutor() as pool:
        session = asked(two[0])
        with two[0].stream(headers=session) as events:
            events.next()
            two[1].post(request("ping"), session)
            cut(control)
            asking = pool.submit(two[1].post, call("ask", 3), session)
            answer = declined(events.message())
            wait_until(lambda: two[0].post(answer, session).status_code == 202)
            assert "decline" in asking.result(SECONDS).text


def test_what_a_client_subscribed_to_in_a_gap_is_heard_after_it(
    make: Callable[[], FastMCP], control: Any
) -> None:
    """Its session is read again by the worker that it listens on."""
    with workers(make) as two:
        session = asked(two[0])
        with two[0].stream(headers=session) as events:
            events.next()
            cut(control)
            two[1].post(request("resources/subscribe", uri="data://one"), session)
            two[1].post(call("change"), session)
            assert events.message()["params"] == {"uri": "data://one"}


def test_what_changes_here_in_a_gap_hides_nothing_that_changed_elsewhere(
    make: Callable[[], FastMCP], control: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A worker that hears nobody knows of its own changes; what came before them is told later."""
    monkeypatch.setattr("fastmcp.server.cluster.cluster.HEARTBEAT", 0.01)
    monkeypatch.setattr("fastmcp.server.backplane.redis_topics.LAST_DELAY", 0.05)
    with workers(make) as two:
        session = two[0].open()
        for number, name in enumerate(("one", "two")):
            two[0].post(request("resources/subscribe", number, uri=f"data://{name}"), session)
        with two[0].stream(headers=session) as events:
            events.next()
            control.execute_command("ACL", "SETUSER", "default", "-subscribe")
            cut(control)
            two[1].post(call("change", name="one"), two[1].open())
            two[0].post(call("change", 3, name="two"), session)
            assert events.message()["params"] == {"uri": "data://two"}
            beats = written(control)
            wait_until(lambda: written(control) > beats + 10)
            control.execute_command("ACL", "SETUSER", "default", "+@all")
            heard = events.message()
            while heard["params"] == {"uri": "data://two"}:
                heard = events.message()
            assert heard["params"] == {"uri": "data://one"}


def written(control: Any) -> int:
    """How often something was kept, as each worker does at each of its heartbeats."""
    return control.info("commandstats")["cmdstat_set"]["calls"]


def test_what_a_named_session_hides_in_a_gap_is_hidden_after_it(
    make: Callable[[], FastMCP], control: Any
) -> None:
    """A worker that may have missed something looks again."""
    with workers(make) as two:
        assert "ask" in listed(named(two[1], request("tools/list")))
        cut(control)
        named(two[0], call("hide"))
        wait_until(lambda: "ask" not in listed(named(two[1], request("tools/list"))))


def test_workers_agree_anew_after_their_store_has_lost_everything(
    make: Callable[[], FastMCP], control: Any
) -> None:
    """Sessions of those that were there before and of those that come later are everybody's."""
    with workers(make, 1) as old:
        control.flushall()
        with workers(make, 1) as new:

            def serves(first: Workers, other: Workers) -> bool:
                """Whether one opens a session that the other one knows."""
                id = first[0].post(initialize()).headers["mcp-session-id"]
                headers = {"mcp-session-id": id}
                return other[0].post(request("ping"), headers).status_code == 200

            def shared() -> bool:
                return serves(old, new) and serves(new, old)

            wait_until(shared)
            assert control.exists("fastmcp:v:secret")


def test_a_worker_that_comes_after_a_loss_has_the_others_agree_at_once(
    make: Callable[[], FastMCP], control: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody waits for the next heartbeat."""
    monkeypatch.setattr("fastmcp.server.cluster.cluster.HEARTBEAT", 3600.0)
    with workers(make, 1) as old:
        control.flushall()
        with workers(make, 1) as new:

            def known() -> bool:
                session = old[0].open()
                return new[0].post(request("ping"), session).status_code == 200

            wait_until(known)


@pytest.mark.parametrize("refused", ["set", "get", "evalsha"])
def test_a_store_that_refuses_commands_for_a_while_costs_nothing(
    make: Callable[[], FastMCP],
    control: Any,
    refused: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Calls are answered meanwhile, if by an error; workers go on saying that they live."""
    caplog.set_level(logging.CRITICAL)
    with workers(make, health=True) as two:
        session = two[0].open()
        control.execute_command("ACL", "SETUSER", "default", f"-{refused}", "-eval")
        for _ in range(2):
            assert two[0].post(call("hide"), session).status_code in (200, 503)
        if refused == "get":
            wait_until(lambda: two[0].client.get(two[0].base + "/ready").status_code == 503)
        control.execute_command("ACL", "SETUSER", "default", "+@all")
        control.delete(*control.keys("fastmcp:v:worker:*"))
        wait_until(lambda: len(control.keys("fastmcp:v:worker:*")) == 2)
        wait_until(lambda: two[0].client.get(two[0].base + "/ready").status_code == 200)
        assert "hidden" in two[0].post(call("hide", 2), session).text
