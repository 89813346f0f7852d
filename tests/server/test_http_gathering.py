"""What a server writes on a connection, and in how many pieces."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from apps import SECONDS, call, served

from fastmcp import FastMCP
from fastmcp.server.http.serving.bounded_protocol import bounded_protocol

LARGE = 3_000_000


LOOPS = [("httptools", "auto"), ("httptools", "asyncio"), ("h11", "asyncio")]


@pytest.fixture(params=LOOPS, ids="-".join)
def address(request: pytest.FixtureRequest) -> Iterator[tuple[str, int]]:
    mcp = FastMCP("gathering")

    @mcp.tool
    def say(text: str) -> str:
        return text

    @mcp.tool
    def much() -> str:
        return "x" * LARGE

    app = mcp.http_app(stateless_http=True, json_response=True)
    with listening(app, *request.param) as address:
        yield address


@contextmanager
def listening(app: Any, parser: Any, loop: Any, lifespan: str = "on") -> Generator[tuple[str, int]]:
    """An application on a free port."""
    with served(app, http=bounded_protocol(parser), loop=loop, lifespan=lifespan) as url:
        host, _, port = url.removeprefix("http://").partition(":")
        yield host, int(port)


def post(tool: str, end: bytes = b"", **arguments: Any) -> bytes:
    body = json.dumps(call(tool, 1, **arguments)).encode()
    head = b"POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n" + end
    return head + b"Content-Length: %d\r\n\r\n" % len(body) + body


def read_answer(line: socket.socket) -> Any:
    """The next answer, in as many pieces as it comes."""
    data = b""
    while b"\r\n\r\n" not in data:
        data += line.recv(65536)
    head, _, body = data.partition(b"\r\n\r\n")
    length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
    while len(body) < length:
        body += line.recv(65536)
    return json.loads(body)


def test_a_small_answer_comes_in_one_piece(address: tuple[str, int]) -> None:
    """A client that reads as soon as something is there reads head and body together."""
    with socket.create_connection(address, timeout=SECONDS) as line:
        for _ in range(50):
            line.sendall(post("say", text="hello"))
            piece = line.recv(65536)
            assert piece.startswith(b"HTTP/1.1 200 ")
            assert b"hello" in piece


def test_a_large_answer_is_whole_for_a_slow_reader(address: tuple[str, int]) -> None:
    """More than the system's buffers take waits for its reader, and what follows comes after it."""
    with socket.socket() as line:
        line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        line.settimeout(SECONDS)
        line.connect(address)
        line.sendall(post("much"))
        assert read_answer(line)["result"]["content"][0]["text"] == "x" * LARGE
        line.sendall(post("say", text="after"))
        assert read_answer(line)["result"]["content"][0]["text"] == "after"


def test_the_last_answer_of_a_connection_is_whole(address: tuple[str, int]) -> None:
    """A connection that is closed with its answer is closed after it."""
    for tool, arguments in (("say", {"text": "bye"}), ("much", {})):
        with socket.create_connection(address, timeout=SECONDS) as line:
            line.sendall(post(tool, b"Connection: close\r\n", **arguments))
            text = read_answer(line)["result"]["content"][0]["text"]
            assert text in ("bye", "x" * LARGE)
            assert line.recv(1) == b""


@pytest.mark.parametrize(("parser", "loop"), LOOPS)
def test_a_stream_begins_before_its_first_event(parser: str, loop: str) -> None:
    """Who listens is told at once that he does, and not with the first event."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        while (await receive())["type"] != "http.disconnect":
            pass

    with (
        listening(app, parser, loop, "off") as address,
        socket.create_connection(address, timeout=SECONDS) as line,
    ):
        line.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert line.recv(65536).startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize("size", [1024, 64 * 1024])
@pytest.mark.parametrize(("parser", "loop"), LOOPS)
def test_who_reads_nothing_makes_the_application_wait(parser: str, loop: str, size: int) -> None:
    """What is written for them does not pile up in the process."""
    most, taken, waits = (64 << 20) // size, 0, threading.Event()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        nonlocal taken

        async def note() -> None:
            waits.set()

        noting = asyncio.create_task(note())  # has its turn when the application waits
        await send({"type": "http.response.start", "status": 200, "headers": []})
        while taken < most and not waits.is_set():
            taken += 1
            await send({"type": "http.response.body", "body": b"x" * size, "more_body": True})
        await send({"type": "http.response.body", "body": b""})
        await noting

    with (
        listening(app, parser, loop, "off") as address,
        socket.create_connection(address, timeout=SECONDS) as line,
    ):
        line.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert waits.wait(SECONDS)
    assert taken < most
