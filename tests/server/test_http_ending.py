"""The end of a process behind an ASGI server of others, while clients listen to it."""

from __future__ import annotations

import asyncio
import json
import signal
import threading
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPException
from pathlib import Path

import pytest
from apps import (
    BOTH,
    Mcp,
    call,
    enveloped,
    http,
    messages,
    modern_headers,
    request,
)
from hosting import hosted
from processes import HttpServer, http_server

from fastmcp import FastMCP
from fastmcp.server.event_store import EventStore
from fastmcp.server.http.application.told_to_end import when_told_to_end

SECONDS = 20
SOON = 5
"""How long the end may take, in seconds, when nothing holds it up."""

SERVER = """
from fastmcp import FastMCP

mcp = FastMCP("hosted")
"""
OUTSIDE = """
import asyncio, os
import uvicorn

app = mcp.http_app()

async def main():
    config = uvicorn.Config(app, port=int(os.environ["PORT"]), log_level="warning")
    async with mcp.session_manager.run():
        await uvicorn.Server(config).serve()

asyncio.run(main())
"""
MOUNTED = """
from starlette.applications import Starlette
from starlette.routing import Mount

app = Starlette(routes=[Mount("/", mcp.http_app())])
"""
LISTEN = enveloped(request("subscriptions/listen", notifications={}))


def opens(kind: str, port: int) -> Callable[[HTTPConnection], None]:
    """How a client of that kind asks for a stream to listen on."""
    if kind == "sse":
        return lambda line: line.request("GET", "/sse")
    if kind == "modern":
        headers = {
            **modern_headers(LISTEN),
            "content-type": "application/json",
            "accept": BOTH,
        }
        return lambda line: line.request("POST", "/mcp", json.dumps(LISTEN), headers)
    with Mcp(f"http://127.0.0.1:{port}") as client:
        session = {**client.open(), "accept": "text/event-stream"}
    return lambda line: line.request("GET", "/mcp", headers=session)


@contextmanager
def listening_again(kind: str, port: int) -> Generator[None]:
    """A client that listens, and listens again as soon as its stream ends."""
    ask, listens, over = opens(kind, port), threading.Event(), threading.Event()

    def listen() -> None:
        while not over.is_set():
            line = HTTPConnection("127.0.0.1", port, timeout=SECONDS)
            try:
                ask(line)
                response = line.getresponse()
                while response.read(1):
                    listens.set()
            except (OSError, HTTPException):
                continue
            finally:
                line.close()

    thread = threading.Thread(target=listen)
    thread.start()
    try:
        assert listens.wait(SECONDS)
        yield
    finally:
        over.set()
        thread.join(SECONDS)


def ends_soon(server: HttpServer) -> None:
    begun = time.monotonic()
    server.stop()
    assert time.monotonic() - begun < SOON, server.output


@pytest.mark.parametrize("kind", ["session", "modern", "sse"])
def test_a_client_that_listens_again_at_once_does_not_hold_up_the_end(
    kind: str, tmp_path: Path
) -> None:
    """The server that hosts the application takes connections for a moment after its signal."""
    transport = "sse" if kind == "sse" else "http"
    app = f"{SERVER}app = mcp.http_app(transport={transport!r})\n"
    arguments = ["hosted:app", "--port", "{port}", "--log-level", "warning"]
    with (
        hosted("uvicorn", arguments, tmp_path, source=app) as server,
        listening_again(kind, server.port),
    ):
        ends_soon(server)


def test_a_manager_that_was_entered_before_its_server_hears_of_the_end(tmp_path: Path) -> None:
    """Though the server puts its own handlers in the place of those that were there."""
    (tmp_path / "server.py").write_text(SERVER + OUTSIDE, "utf-8")
    with (
        http_server([tmp_path / "server.py"], tmp_path / "log") as server,
        listening_again("session", server.port),
    ):
        ends_soon(server)


def test_an_application_that_was_started_late_hears_of_the_end(tmp_path: Path) -> None:
    """One that is mounted without its lifespan starts with its first request."""
    arguments = ["hosted:app", "--port", "{port}", "--log-level", "warning"]
    with (
        hosted("uvicorn", arguments, tmp_path, source=SERVER + MOUNTED) as server,
        listening_again("session", server.port),
    ):
        ends_soon(server)


def test_who_was_sent_away_is_told_to_come_again_and_may_when_it_runs_again() -> None:
    """503 and Retry-After for those who would listen; calls are answered, and can be resumed."""
    mcp = FastMCP("x")
    go = threading.Event()

    @mcp.tool
    async def wait() -> str:
        while not go.is_set():
            await asyncio.sleep(0.01)
        return "waited"

    app = mcp.http_app(event_store=EventStore())
    with http(app) as client:
        session = client.open()
        with client.stream(call("wait"), session) as events:
            last = events.next()["id"]
        app.manager.dismiss()

        for answer in (
            client.client.get(client.url, headers={**session, "accept": "text/event-stream"}),
            client.modern(request("subscriptions/listen", notifications={})),
        ):
            assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
            assert answer.json()["error"]["code"] == -32000
        assert "result" in messages(client.post(request("ping", 2), session))[0]
        go.set()
        with client.stream(headers={**session, "last-event-id": last}) as events:
            assert events.message()["result"]["content"][0]["text"] == "waited"

    with http(app) as client, client.stream(headers=client.open()) as events:
        assert events.status == 200


def test_handlers_of_blocks_that_end_in_any_order_stay_those_of_who_is_left() -> None:
    """Whoever came before a block is called inside of it, and afterwards."""
    heard: list[str] = []
    before = signal.signal(signal.SIGTERM, lambda *_: heard.append("program"))

    async def scenario() -> None:
        first, second = (when_told_to_end(lambda n=n: heard.append(n)) for n in ("1st", "2nd"))
        first.__enter__()
        second.__enter__()
        for ending in (first, second, None):
            signal.raise_signal(signal.SIGTERM)
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            heard.append("|")
            if ending is not None:
                ending.__exit__(None, None, None)

    try:
        asyncio.run(scenario())
        both, one, none = " ".join(heard).split("|")[:3]
        assert sorted(both.split()) == ["1st", "2nd", "program"]
        assert sorted(one.split()) == ["2nd", "program"]
        assert none.split() == ["program"]
    finally:
        signal.signal(signal.SIGTERM, before)
