"""Area G: the limits of HttpTransport, row by row, in a process of its own."""

from __future__ import annotations

import asyncio
import gzip
import json
import socket
import textwrap
import time
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest
from apps import SECONDS, Mcp, call, enveloped, messages, modern_headers, request
from processes import HttpServer, http_server

from fastmcp import Client
from fastmcp.exceptions import McpError

PROGRAM = """
    import asyncio, os, time
    from fastmcp import FastMCP
    from fastmcp.transports import HttpTransport

    mcp = FastMCP("limited")
    fates = []

    @mcp.tool
    async def nap(seconds: float) -> str:
        try:
            await asyncio.sleep(seconds)
        except asyncio.CancelledError:
            fates.append("cancelled")
            raise
        fates.append("rested")
        return "rested"

    @mcp.tool
    def plain_nap(seconds: float) -> str:
        time.sleep(seconds)
        return "rested"

    @mcp.tool
    async def swallow(text: str) -> int:
        return len(text)

    @mcp.tool
    async def seen() -> list[str]:
        return fates

    @mcp.tool
    async def memory() -> int:
        with open("/proc/self/status") as status:
            return next(int(line.split()[1]) for line in status if line.startswith("VmHWM"))

    mcp.run_with_transport(HttpTransport(
        port=int(os.environ["PORT"]),
        cors_enabled=True,
        cors_origins=["http://localhost:3000"],
        request_timeout=0.3,
        max_request_size=10 * 1024 * 1024,
    ))
"""


@pytest.fixture(scope="module")
def limited(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HttpServer]:
    folder = tmp_path_factory.mktemp("limited")
    program = folder / "server.py"
    program.write_text(textwrap.dedent(PROGRAM), "utf-8")
    with http_server([program], folder / "log") as server:
        yield server


@pytest.fixture
def client(limited: HttpServer) -> Iterator[Mcp]:
    with Mcp(limited.url.removesuffix("/mcp")) as client:
        yield client


def test_s127_pages_of_the_listed_origins_alone_have_access(client: Mcp) -> None:
    """A preflight from :3000 is allowed, from :4000 not; the session id can be read."""

    def preflight(origin: str) -> httpx2.Response:
        headers = {"origin": origin, "access-control-request-method": "POST"}
        return client.client.options(client.url, headers=headers)

    listed, other = preflight("http://localhost:3000"), preflight("http://localhost:4000")
    answer = client.post(request("ping"), {"origin": "http://localhost:3000"})

    assert listed.status_code == 200
    assert listed.headers["access-control-allow-origin"] == "http://localhost:3000"
    assert other.status_code == 403
    assert "access-control-allow-origin" not in other.headers
    assert "mcp-session-id" in answer.headers["access-control-expose-headers"].lower()


def ask(client: Mcp, tool: str) -> Any:
    """What a tool without arguments gives."""
    bare = {"method": "tools/call", "params": {"name": tool}}
    answer = client.client.post(client.url, json=bare)
    return answer.json()["result"]["structuredContent"]["result"]


def fate(client: Mcp) -> list[str]:
    return ask(client, "seen")


@pytest.mark.parametrize("way", ["session", "alone", "modern", "bare"])
def test_s128_a_call_over_the_limit_gets_an_error_and_is_cancelled(client: Mcp, way: str) -> None:
    """request_timeout=0.3 with a nap of 5 s; what is shorter is served."""
    before = len(fate(client))

    def nap(seconds: float) -> Any:
        message = call("nap", 1, seconds=seconds)
        if way == "modern":
            return client.post(enveloped(message), modern_headers(message))
        if way == "bare":
            return client.client.post(
                client.url, json={"method": message["method"], "params": message["params"]}
            )
        return client.post(message, client.open() if way == "session" else None)

    begun = time.monotonic()
    [answer] = messages(nap(5))
    took = time.monotonic() - begun
    [rested] = messages(nap(0.01))

    assert answer["error"]["code"] == 408
    assert "0.3 seconds" in answer["error"]["message"]
    assert took < 4
    assert rested["result"]["content"][0]["text"] == "rested"
    assert fate(client)[before:] == ["cancelled", "rested"]


def test_s128_a_plain_function_keeps_nobody_waiting(client: Mcp) -> None:
    """Its thread cannot be stopped, but its client is told."""
    begun = time.monotonic()
    [answer] = messages(client.post(call("plain_nap", seconds=5)))

    assert answer["error"]["code"] == 408
    assert time.monotonic() - begun < 4


def test_s128_the_client_raises_the_error(limited: HttpServer) -> None:
    """With the code that says what it was."""

    async def main() -> McpError:
        async with Client(limited.url, timeout=SECONDS) as client:
            with pytest.raises(McpError) as caught:
                await client.call_tool("nap", {"seconds": 5})
            return caught.value

    assert asyncio.run(main()).code == 408


def test_s128_streams_to_listen_on_are_not_requests_that_take_long(client: Mcp) -> None:
    """Neither a session's stream nor subscriptions/listen is ended by the limit."""
    message = request("subscriptions/listen", 5, notifications={"toolsListChanged": True})

    with (
        client.stream(enveloped(message), modern_headers(message)) as modern,
        client.stream(headers=client.open()) as session,
    ):
        acknowledged = modern.message()
        deadline = time.monotonic() + 0.8
        while time.monotonic() < deadline:
            assert client.post(request("ping")).status_code == 200

        assert acknowledged["method"] == "notifications/subscriptions/acknowledged"
        assert session.status == 200
        assert not modern.response.is_closed
        assert not session.response.is_closed


def test_s129_a_larger_body_is_413_and_one_within_is_read(client: Mcp) -> None:
    """11 MB are refused, 9 MB are not."""
    over = client.post(call("swallow", text="a" * 11_000_000))
    within = client.post(call("swallow", text="a" * 9_000_000))

    assert over.status_code == 413
    assert str(10 * 1024 * 1024) in over.json()["error"]["message"]
    assert messages(within)[-1]["result"]["content"][0]["text"] == "9000000"


def test_s129_a_larger_body_is_not_read_to_memory(limited: HttpServer, client: Mcp) -> None:
    """Hundreds of megabytes, with a length and without one, leave no mark on the process."""

    def memory() -> int:
        return ask(client, "memory")

    def send(head: bytes, piece: bytes) -> bytes:
        with socket.create_connection(("127.0.0.1", limited.port), timeout=SECONDS) as raw:
            raw.sendall(b"POST /mcp HTTP/1.1\r\nHost: localhost\r\n" + head)
            try:
                for _ in range(300):
                    raw.sendall(piece)
            except ConnectionError:
                pass
            return raw.recv(1000)

    client.post(json.dumps(request("ping")).encode() + b" " * 9_900_000)
    before = memory()
    kind = b"Content-Type: application/json\r\n"
    megabyte = b" " * 1_000_000
    declared = send(kind + b"Content-Length: 300000000\r\n\r\n", megabyte)
    chunked = send(
        kind + b"Transfer-Encoding: chunked\r\n\r\n", b"%x\r\n%s\r\n" % (len(megabyte), megabyte)
    )

    assert declared.startswith(b"HTTP/1.1 413 ")
    assert chunked.startswith(b"HTTP/1.1 413 ")
    assert memory() - before < 40_000


def test_s129_a_compressed_body_is_no_way_round_it(client: Mcp) -> None:
    """Nothing is inflated: 415."""
    bomb = gzip.compress(b" " * 50_000_000)

    assert client.post(bomb, {"content-encoding": "gzip"}).status_code == 415
