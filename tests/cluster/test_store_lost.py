"""What happens to sessions while their store cannot be reached, and after."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Generator
from pathlib import Path

import pytest
from apps import SECONDS, call, initialize, messages
from redis_server import RedisServer, redis_server

from fastmcp import FastMCP

from .workers import Workers, workers


@pytest.fixture
def redis(tmp_path: Path) -> Generator[RedisServer]:
    with redis_server(tmp_path) as server:
        yield server
        server.process.send_signal(signal.SIGCONT)


@pytest.fixture
def two(redis: RedisServer, gate: threading.Event) -> Generator[Workers]:
    def make() -> FastMCP:
        mcp = FastMCP("shared", session_store=redis.url)

        @mcp.tool
        def wait() -> str:
            gate.wait(SECONDS)
            return "done"

        @mcp.tool
        def plain() -> str:
            return "plain"

        return mcp

    with workers(make) as group:
        yield group


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_a_lost_store_is_told_of_and_comes_back(two: Workers, redis: RedisServer) -> None:
    """503 and when to try again; requests without a session are served; then all is as before."""
    session = two[0].open()
    redis.process.send_signal(signal.SIGSTOP)

    for refused in (two[1].post(call("plain"), session), two[0].post(initialize())):
        assert refused.status_code == 503
        assert int(refused.headers["retry-after"]) > 0
        assert "store of this server cannot be reached" in refused.json()["error"]["message"]
    assert two[0].modern(call("plain")).status_code == 200

    redis.process.send_signal(signal.SIGCONT)
    until(lambda: two[1].post(call("plain"), session).status_code == 200)


def test_an_answer_that_comes_meanwhile_is_not_lost(
    two: Workers, redis: RedisServer, gate: threading.Event
) -> None:
    """It goes out at once to who is there; who is not comes back for it when the store has."""
    session = two[0].open()
    with two[0].stream(call("wait", 1), session) as there:
        last = there.next()["id"]
        with two[0].stream(call("wait", 2), session) as gone:
            left = gone.next()["id"]
        redis.process.send_signal(signal.SIGSTOP)
        gate.set()
        assert there.message()["id"] == 1
        assert there.rest() == []
    redis.process.send_signal(signal.SIGCONT)

    def found(event: str) -> list[int]:
        with two[1].stream(headers={**session, "last-event-id": event}) as events:
            return [message["id"] for message in events.rest()] if events.status == 200 else []

    until(lambda: found(left) == [2])
    until(lambda: found(last) == [1])


def test_a_server_starts_without_its_store_and_joins_it_later(tmp_path: Path) -> None:
    """It says what is missing, and needs no restart."""
    with redis_server(tmp_path) as first:
        port = int(first.url.rpartition(":")[2])
    mcp = FastMCP("early", session_store=f"redis://127.0.0.1:{port}")

    @mcp.tool
    def plain() -> str:
        return "plain"

    with workers(lambda: mcp, 1) as one:
        assert one[0].post(initialize()).status_code == 503
        with redis_server(tmp_path, port=port):
            until(lambda: one[0].post(initialize()).status_code == 200)
            [answer] = messages(one[0].post(call("plain"), one[0].open()))[-1:]
            assert answer["result"]["content"][0]["text"] == "plain"


def test_a_worker_without_its_store_is_alive_and_not_ready(redis: RedisServer) -> None:
    """An orchestrator sends it nothing, and does not restart it."""

    def ready() -> int:
        return one[0].client.get(one[0].base + "/ready").status_code

    with workers(lambda: FastMCP("probed", session_store=redis.url), 1, health=True) as one:
        assert ready() == 200
        redis.process.send_signal(signal.SIGSTOP)
        assert ready() == 503
        assert one[0].client.get(one[0].base + "/health").status_code == 200
        redis.process.send_signal(signal.SIGCONT)
        until(lambda: ready() == 200)
