"""The client's own HTTP/1.1: when it is used, what it sends, and what becomes of connections."""

from __future__ import annotations

import asyncio
import json
import socket
import ssl
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import httpx2
import pytest
from faults.proxy import Fault, Proxy, raw
from left_behind import nothing_left
from processes import free_port
from starlette.requests import Request
from starlette.responses import Response
from without_httptools import hide_httptools

from fastmcp import Client
from fastmcp.client.auth import BearerAuth
from fastmcp.client.retrying import RetryPolicy
from fastmcp.client.transports import StreamableHttpTransport
from fastmcp.client.transports.http1 import Http1
from fastmcp.client.transports.http1_parsing import Incoming
from fastmcp.client.transports.http_sender import Timeouts
from fastmcp.exceptions import ConnectFailed, Disconnected, UnexpectedResponse

from .scripted_http import result, scripted, used

MODERN: dict[str, Any] = {"mode": "2026-07-28", "retry": RetryPolicy(attempts=1)}
BODY = json.dumps({"jsonrpc": "2.0", "id": 1, "result": {"tools": []}}).encode()
ANSWER = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%b" % (
    len(BODY),
    BODY,
)

Handle = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@pytest.fixture(params=["httptools", "httpx2"])
def parser(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """What reads the answers: what is ours has to do as httpx2 does."""
    if request.param == "httpx2":
        hide_httptools(monkeypatch)
    return request.param


def empty(message: Any, **headers: str) -> Response:
    return result(message, {"tools": [], "resultType": "complete"}, **headers)


# When it is used


def sender_of(**options: Any) -> str:
    return type(StreamableHttpTransport("http://127.0.0.1/mcp", **options).make_sender()).__name__


def test_it_sends_what_needs_no_more_than_a_token() -> None:
    """The common case."""
    for auth in (None, "token", BearerAuth("token")):
        assert sender_of(auth=auth) == "Http1"


def test_a_library_does_what_it_does_not_know(monkeypatch: pytest.MonkeyPatch) -> None:
    """Other credentials, clients of one's own, and proxies."""

    class Own(BearerAuth):
        """What it sends may be something else."""

    for options in (
        {"auth": httpx2.BasicAuth("u", "p")},
        {"auth": ("u", "p")},
        {"auth": Own("token")},
        {"httpx_client_factory": httpx2.AsyncClient},
    ):
        assert sender_of(**options) == "LibrarySender"
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")
    assert sender_of() == "LibrarySender"


def test_a_library_does_it_where_httptools_is_not_installed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It is an extra."""
    hide_httptools(monkeypatch)

    assert sender_of() == "LibrarySender"


# What it sends


def seen(url: Callable[[str], str], **options: Any) -> Request:
    """The request for the list of tools, as the server at the changed URL sees it."""
    requests: list[Request] = []

    def handler(request: Request, message: Any) -> Response:
        requests.append(request)
        return empty(message)

    async def use(client: Client) -> Any:
        return await client.request("tools/list")

    with scripted(handler) as base:
        used(StreamableHttpTransport(url(base), **options), use, **MODERN)
    return requests[-1]


def test_it_says_who_it_is_and_wants_no_compression() -> None:
    """Whoever wants to be called otherwise says so."""
    plain = seen(str)
    named = seen(str, headers={"User-Agent": "me", "Host": "there"})

    assert plain.headers["user-agent"].startswith("peregrine/")
    assert plain.headers["accept-encoding"] == "identity"
    assert named.headers.getlist("user-agent") == ["me"]
    assert named.headers.getlist("host") == ["there"]


@pytest.mark.parametrize(
    ("user", "header"),
    [("u:p@", "Basic dTpw"), ("u%40x:%3A@", "Basic dUB4Ojo="), ("u@", "Basic dTo=")],
)
def test_credentials_of_a_url_are_sent(parser: str, user: str, header: str) -> None:
    """And those that are given go first."""

    def with_user(url: str) -> str:
        return url.replace("//", f"//{user}")

    assert seen(with_user).headers["authorization"] == header
    assert seen(with_user, auth="t").headers["authorization"] == "Bearer t"
    given = seen(str, auth="t", headers={"Authorization": "other"})
    assert given.headers.getlist("authorization") == ["Bearer t"]


@pytest.mark.parametrize(
    ("query", "sent"),
    [("a=1&b=%20", "a=1&b=%20"), ("a b", "a%20b"), ("ä", "%C3%A4"), ("x=[]#part", "x=[]")],
)
def test_a_query_is_sent_as_it_is(parser: str, query: str, sent: str) -> None:
    """What a URL cannot have is encoded, and what is encoded is left."""
    request = seen(lambda url: f"{url}?{query}")

    assert request.scope["query_string"].decode().replace("%5B%5D", "[]") == sent


def test_a_cookie_is_sent_until_it_is_taken_back(parser: str) -> None:
    """By a lifetime of nothing."""
    cookies: list[str] = []

    def handler(request: Request, message: Any) -> Response:
        cookies.append(request.headers.get("cookie", ""))
        response = empty(message)
        if len(cookies) == 1:
            response.set_cookie("a", "1")
            response.set_cookie("b", "2", path="/mcp", httponly=True)
        if len(cookies) == 2:
            response.delete_cookie("a")
        return response

    async def use(client: Client) -> None:
        for _ in range(3):
            await client.request("tools/list")

    with scripted(handler) as url:
        used(url, use, **MODERN)

    assert [set(cookie.split("; ")) for cookie in cookies] == [{""}, {"a=1", "b=2"}, {"b=2"}]


@pytest.mark.parametrize("value", ["a\r\nx: y", "a\nb", "a\rb", "a\0b", "\u20ac"])
def test_a_header_that_ends_its_line_is_not_sent(value: str) -> None:
    """Nor one that no header can be."""

    async def main() -> None:
        async with sending() as http:
            with pytest.raises(ConnectFailed, match="characters that may not be in one"):
                await http.send("GET", f"http://127.0.0.1:{free_port()}", {"a": value}, None)

    asyncio.run(main())


@pytest.mark.parametrize("url", ["http:///mcp", "http://x:99999/mcp", "http://x:y/mcp"])
def test_a_url_that_leads_nowhere_is_one_line(url: str) -> None:
    """It is said before anything is sent."""
    with pytest.raises(ConnectFailed, match=r"^Connection to .* failed: .") as caught:
        used(StreamableHttpTransport(url), Client.ping, **MODERN)

    assert "\n" not in str(caught.value)


# Its connections


def ports_of(work: Callable[[Client], Awaitable[Any]], **headers: str) -> list[int]:
    """From which ports of the client the server is asked."""
    ports: list[int] = []

    def handler(request: Request, message: Any) -> Response:
        assert request.client is not None
        ports.append(request.client.port)
        return empty(message, **headers)

    with nothing_left(), scripted(handler) as url:
        used(url, work, **MODERN)
    return ports


async def five_in_turn(client: Client) -> None:
    for _ in range(5):
        await client.request("tools/list")


async def five_at_once(client: Client) -> None:
    for _ in range(3):
        await asyncio.gather(*(client.request("tools/list") for _ in range(5)))


def test_a_connection_is_used_again(parser: str) -> None:
    """By what is asked in turn."""
    ports = ports_of(five_in_turn)

    assert len(ports) >= 5
    assert len(set(ports)) == 1


def test_there_are_as_many_connections_as_requests_at_once(parser: str) -> None:
    """And no more of them later."""
    assert len(set(ports_of(five_at_once))) == 5


def test_a_connection_that_the_server_ends_is_not_used_again(parser: str) -> None:
    """It says so with its answer."""
    ports = ports_of(five_in_turn, connection="close")

    assert len(set(ports)) == len(ports)


def test_a_connection_that_was_left_unseen_is_not_used_again(parser: str) -> None:
    """The server has ended it while the event loop was busy."""

    async def use(client: Client) -> None:
        await client.request("tools/list")
        deadline = time.monotonic() + 10
        while proxy.open:
            assert time.monotonic() < deadline
            time.sleep(0.005)  # without the loop
        proxy.meet(raw(ANSWER.replace(b'"id": 1', b'"id": 2')), "*")
        await client.request("tools/list")

    with nothing_left(), Proxy(free_port()) as proxy:
        proxy.meet(raw(ANSWER), "*")
        used(proxy.url, use, **MODERN)


@asynccontextmanager
async def sending() -> AsyncGenerator[Http1]:
    """A sender for a test that speaks HTTP itself."""
    http = Http1(Timeouts(), ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT))
    async with asyncio.timeout(30):
        try:
            yield http
        finally:
            await http.close()


@asynccontextmanager
async def listening(handle: Handle, host: str = "127.0.0.1") -> AsyncGenerator[str]:
    """A server that does no more than the test says; its URL."""
    left = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await reader.readuntil(b"\r\n\r\n")
            await handle(reader, writer)
        except ConnectionError:
            pass
        finally:
            left.set()
            if not writer.is_closing():
                writer.transport.abort()

    server = await asyncio.start_server(serve, host, 0)
    port = server.sockets[0].getsockname()[1]
    try:
        yield f"http://{f'[{host}]' if ':' in host else host}:{port}/mcp"
    finally:
        server.close()
        async with asyncio.timeout(10):
            await left.wait()


def test_a_server_is_stopped_while_nobody_reads() -> None:
    """What it sends is not kept in memory; all of it comes when it is read."""
    piece, count = b"x" * 65536, 1024
    sent = 0

    async def pour(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        for _ in range(count):
            writer.write(piece)
            await writer.drain()
            sent += 1
        writer.close()
        await writer.wait_closed()

    async def main() -> int:
        async with listening(pour) as url, sending() as http:
            answer = await http.send("GET", url, {}, None)
            before = -1
            while sent != before:
                before = sent
                for _ in range(100):
                    await asyncio.sleep(0)
            assert sent < count / 2
            size = 0
            async for data in answer.aiter_bytes():
                size += len(data)
            await answer.aclose()
        return size

    with nothing_left():
        assert asyncio.run(main()) == len(piece) * count


def test_an_answer_before_the_request_is_taken_is_heard() -> None:
    """A server need not read what it refuses."""

    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 413 No\r\ncontent-length: 0\r\n\r\n")
        await asyncio.wait_for(gone.wait(), 20)

    gone = asyncio.Event()

    async def main() -> None:
        async with listening(refuse) as url, Client(url, **MODERN) as client:
            with pytest.raises(UnexpectedResponse, match="413"):
                await client.request("tools/list", {"x": "y" * 30_000_000})
            gone.set()

    with nothing_left():
        asyncio.run(main())


def test_an_answer_that_is_left_ends_its_connection() -> None:
    """What is under way over it is of no use to the next request."""

    async def hold(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 999999\r\n\r\nx")
        assert await reader.read() == b""

    async def main() -> None:
        async with listening(hold) as url, sending() as http:
            answer = await http.send("GET", url, {}, None)
            await answer.aclose()
            await answer.aclose()
            assert [data async for data in answer.aiter_bytes()] == []

    with nothing_left():
        asyncio.run(main())


def test_a_slow_answer_is_not_a_silent_one(parser: str) -> None:
    """Only silence counts; a longer one than that is named."""

    def asked(fault: Fault) -> Any:
        async def use(client: Client) -> Any:
            return json.loads(bytes(await client.request("tools/list")))

        with Proxy(free_port()) as proxy:
            proxy.meet(fault, "*")
            transport = StreamableHttpTransport(proxy.url, sse_read_timeout=0.5)
            return used(transport, use, **MODERN)

    slow = Fault(ANSWER, after=b"", then="end", reaches_server=False, piece=10, pause=0.06)
    with nothing_left():
        assert asked(slow) == {"tools": []}
        with pytest.raises(Disconnected, match="silent for too long"):
            asked(raw(ANSWER[:-1], then="silence"))


def test_a_compressed_answer_is_refused() -> None:
    """It was not asked for."""

    async def use(client: Client) -> Any:
        return await client.request("tools/list")

    with nothing_left(), Proxy(free_port()) as proxy:
        proxy.meet(raw(ANSWER.replace(b"length", b"encoding: gzip\r\ncontent-length", 1)), "*")
        with pytest.raises(Disconnected, match="encodes its answer as 'gzip'"):
            used(proxy.url, use, **MODERN)


@pytest.mark.skipif(not socket.has_ipv6, reason="there is no IPv6")
def test_an_address_of_ipv6_is_reached() -> None:
    """In brackets, as URLs have it."""

    async def greet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 204 Gone\r\n\r\n")
        assert await reader.read() == b""

    async def main() -> int:
        async with listening(greet, "::1") as url, sending() as http:
            answer = await http.send("GET", url, {}, None)
            await answer.aclose()
            return answer.status_code

    assert asyncio.run(main()) == 204


# How answers are read


@pytest.mark.parametrize("size", [1, 2, 3, 7, 1000])
def test_it_does_not_matter_how_an_answer_is_cut(size: int) -> None:
    """The network cuts it anywhere."""
    answer = (
        b"HTTP/1.1 103 Soon\r\nlink: a\r\nset-cookie: z=0\r\n\r\n"
        b"HTTP/1.1 200 OK\r\nX-A: 1\r\nx-a:  2 \r\nset-cookie: a=1\r\nset-cookie: b=2\r\n"
        b"transfer-encoding: chunked\r\n\r\n3\r\nabc\r\n4;x=y\r\ndefg\r\n0\r\nx-b: 1\r\n\r\n"
    )
    incoming = Incoming()

    for at in range(0, len(answer), size):
        assert not incoming.is_complete
        incoming.feed(answer[at : at + size])

    assert incoming.is_complete
    assert incoming.keeps
    assert incoming.status == 200
    assert incoming.headers == {"x-a": "1, 2", "transfer-encoding": "chunked"}
    assert incoming.cookies == ["a=1", "b=2"]
    assert incoming.take() == b"abcdefg"


@pytest.mark.parametrize("size", [1, 1000])
@pytest.mark.parametrize("more", [b"x", b"HTTP/1.1 200 OK\r\ncontent-length: 1\r\na: b\r\n\r\nx"])
def test_what_comes_after_an_answer_is_not_of_it(more: bytes, size: int) -> None:
    """The connection is not used again."""
    whole = ANSWER + more
    incoming = Incoming()

    for at in range(0, len(whole), size):
        incoming.feed(whole[at : at + size])

    assert incoming.take() == BODY
    assert "a" not in incoming.headers
    assert incoming.trouble is None
    assert not incoming.keeps


@pytest.mark.parametrize(
    "beginning",
    [b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\n"],
    ids=["head", "after the body"],
)
def test_headers_without_an_end_are_refused(beginning: bytes) -> None:
    """So that they do not fill the memory."""
    incoming = Incoming()
    incoming.feed(beginning)

    for _ in range(20):
        incoming.feed(b"x: %s\r\n" % (b"y" * 4096))

    assert incoming.trouble is not None
    assert not incoming.keeps
