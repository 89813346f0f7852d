"""What a server writes on a connection, and in how many pieces."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import uvicorn
from apps import SECONDS, call

from fastmcp import FastMCP
from fastmcp.server.http.serving.bounded_protocol import bounded_protocol

LARGE = 3_000_000


@contextmanager
def served(app: Any, parser: Any, loop: Any) -> Generator[tuple[str, int]]:
    """An application on a free port."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        config = uvicorn.Config(
            app, http=bounded_protocol(parser), loop=loop, log_level="error", ws="none"
        )
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            yield listener.getsockname()
        finally:
            server.should_exit = True
            thread.join(SECONDS)
            assert not thread.is_alive()


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

    with served(mcp.http_app(stateless_http=True, json_response=True), *request.param) as address:
        yield address


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
        if scope["type"] == "lifespan":
            return
        await send({"type": "http.response.start", "status": 200, "headers": []})
        while (await receive())["type"] != "http.disconnect":
            pass

    with (
        served(app, parser, loop) as address,
        socket.create_connection(address, timeout=SECONDS) as line,
    ):
        line.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert line.recv(65536).startswith(b"HTTP/1.1 200 ")
