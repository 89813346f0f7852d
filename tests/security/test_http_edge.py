"""The HTTP edge: what a page, a stranger or a broken client may send to it."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Generator
from typing import Any

import pytest
from apps import SECONDS, Mcp, http, request
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket

from fastmcp import FastMCP

from .hostile_json import HOSTILE


@pytest.fixture(scope="module")
def client() -> Generator[Mcp]:
    """A client of a server whose tool takes anything."""
    mcp = FastMCP("taking")

    @mcp.tool
    def take(value: Any) -> str:
        return type(value).__name__

    with http(mcp, rest=True) as client:
        yield client


@pytest.mark.parametrize("what", HOSTILE)
def test_cve_2025_53366_a_malformed_request_ends_nothing(client: Mcp, what: str) -> None:
    """It is refused, or answered by an error, and the next one is served."""
    answer = client.post(HOSTILE[what])

    assert answer.status_code in (200, 202, 400), answer.text[:200]
    assert len(answer.content) < 3 * max(len(HOSTILE[what]), 200)
    assert b"Traceback" not in answer.content
    assert client.post(request("ping")).status_code == 200


@pytest.mark.parametrize("what", [what for what in HOSTILE if what.startswith("deep")])
def test_deep_nesting_is_400(client: Mcp, what: str) -> None:
    """Never a 500, and nothing is called."""
    answer = client.post(HOSTILE[what])

    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == -32700


@pytest.mark.parametrize(
    "body",
    [b"[" * 200_000, b'{"value":' + b"9" * 6000 + b"}", b'{"value":NaN}', b'{"value":"\xff"}'],
)
def test_the_rest_view_refuses_the_same(client: Mcp, body: bytes) -> None:
    """With a status of the caller's fault."""
    answer = client.client.post(
        f"{client.base}/tools/take", content=body, headers={"content-type": "application/json"}
    )

    assert answer.status_code in (400, 422)


def test_a_page_cannot_use_the_rest_view_by_a_simple_request(client: Mcp) -> None:
    """A form of any page sends these types without asking first; none of them is taken."""
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data", None):
        headers = {} if kind is None else {"content-type": kind}
        answer = client.client.post(
            f"{client.base}/tools/take", content=b'{"value":1}', headers=headers
        )
        assert answer.status_code == 415


@pytest.mark.parametrize(
    ("host", "origin", "accepted"),
    [
        (b"localhost:8000", None, True),
        (b"localhost:8000", b"http://localhost:3000", True),
        (b"localhost:8000", b"http://evil.example", False),
        (b"evil.example", None, False),
        (b"evil.example", b"http://localhost:3000", False),
    ],
)
def test_cve_2026_59950_a_websocket_is_guarded_as_every_request(
    host: bytes, origin: bytes | None, accepted: bool
) -> None:
    """One that a user adds is closed before it is accepted."""

    async def greet(websocket: WebSocket) -> None:
        await websocket.accept()
        await websocket.close()

    app = FastMCP("sockets").http_app()
    app.routes.append(WebSocketRoute("/ws", greet))
    headers = [(b"host", host), *([(b"origin", origin)] if origin else [])]
    sent = asyncio.run(_connected(app, "/ws", headers))

    assert (sent[0]["type"] == "websocket.accept") is accepted


def test_cve_2026_59950_the_endpoint_is_no_websocket() -> None:
    """There is none that could be forgotten."""
    app = FastMCP("sockets").http_app()
    sent = asyncio.run(_connected(app, "/mcp", [(b"host", b"localhost")]))

    assert [each["type"] for each in sent] == ["websocket.close"]


async def _connected(app: Any, path: str, headers: list[tuple[bytes, bytes]]) -> list[Any]:
    """What a server is told to send to somebody who opens a WebSocket."""
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        return {"type": "websocket.connect"}

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {
        "type": "websocket",
        "path": path,
        "query_string": b"",
        "headers": headers,
        "subprotocols": [],
        "server": ("127.0.0.1", 8000),
    }
    async with app.lifespan(app):
        await app(scope, receive, send)
    return sent


def test_cve_2025_53365_a_reset_in_the_middle_of_an_answer_ends_nothing() -> None:
    """Clients that go without a word, at any moment of a call, disturb no other."""
    mcp = FastMCP("slow")

    @mcp.tool
    async def slow() -> str:
        await asyncio.sleep(0.02)
        return "x" * 500_000

    body = b'{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"slow"}}'
    head = (
        b"POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        b"Accept: application/json, text/event-stream\r\nContent-Length: %d\r\n\r\n" % len(body)
    )
    with http(mcp) as client:
        address = client.base.removeprefix("http://").split(":")
        for after in (10, len(head), len(head) + 20, len(head) + len(body)):
            with socket.create_connection((address[0], int(address[1])), timeout=SECONDS) as raw:
                # Closing with this set resets the connection.
                raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
                raw.sendall((head + body)[:after])
                if after == len(head) + len(body):
                    assert raw.recv(1)
        assert client.post(request("ping")).json()["result"] == {}


@pytest.mark.parametrize("host", ["localhost/health", "localhost?x", "localhost#x", "a@localhost"])
def test_cve_2026_48710_a_host_is_no_path(client: Mcp, host: str) -> None:
    """One that would be read as more than a name is refused before any path is looked at."""
    for path in ("/mcp", "/tools"):
        answer = client.client.get(client.base + path, headers={"host": host})
        assert answer.status_code in (400, 421)
