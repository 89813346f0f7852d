"""The client over HTTP+SSE, with a server that does what a test says."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Generator
from contextlib import contextmanager
from typing import Any

import pytest
from apps import HANDSHAKE, MODERN, served
from left_behind import nothing_left
from processes import free_port

from fastmcp import Client
from fastmcp.client.transports import SSETransport, sse
from fastmcp.exceptions import (
    ClientError,
    ConnectFailed,
    Disconnected,
    TimedOut,
    UnexpectedResponse,
)

ENDPOINT = b"event: endpoint\r\ndata: %s\r\n\r\n"
EVENTS = [(b"content-type", b"text/event-stream; charset=utf-8")]


class Stream:
    """The stream of one session, as the server writes it."""

    def __init__(self, receive: Any, send: Any) -> None:
        self._receive = receive
        self._send = send
        self.ended = asyncio.Event()

    async def start(self, status: int = 200, headers: Any = EVENTS) -> None:
        await self._send({"type": "http.response.start", "status": status, "headers": headers})

    async def write(self, data: bytes, *, more: bool = True) -> None:
        await self._send({"type": "http.response.body", "body": data, "more_body": more})

    async def tell(self, **message: Any) -> None:
        text = json.dumps({"jsonrpc": "2.0", **message})
        await self.write(f"event: message\ndata: {text}\n\n".encode())

    async def stay(self) -> None:
        """Wait until the client has gone, or the server is done."""
        gone = asyncio.ensure_future(self._gone())
        ended = asyncio.ensure_future(self.ended.wait())
        await asyncio.wait((gone, ended), return_when=asyncio.FIRST_COMPLETED)
        gone.cancel()
        ended.cancel()

    async def _gone(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass


Post = Callable[[Any, Stream], Awaitable[int]]


async def accept(message: Any, stream: Stream) -> int:
    """Answer every request, and see it off as the protocol has it."""
    results = {
        "initialize": {
            "protocolVersion": HANDSHAKE,
            "capabilities": {"tools": {}},
            "serverInfo": {"name": "legacy", "version": "1"},
        },
        "tools/call": {"content": [{"type": "text", "text": "said"}]},
    }
    if "method" in message and "id" in message:
        await stream.tell(id=message["id"], result=results.get(message["method"], {}))
    return 202


class Server:
    """An ASGI application: a stream at `/sse`, and messages to wherever its endpoint is."""

    def __init__(
        self,
        post: Post = accept,
        opening: bytes = ENDPOINT % b"messages?session_id=s1",
        status: int = 200,
        headers: Any = EVENTS,
        stays: bool = True,
    ) -> None:
        self.posts: list[tuple[str, dict[str, str], Any]] = []
        self.gets: list[dict[str, str]] = []
        self.streams: list[Stream] = []
        self._post = post
        self._opening = opening
        self._start = status, headers
        self._stays = stays

    def methods(self) -> list[str]:
        """What was sent, in order."""
        return [message.get("method", "an answer") for _, _, message in self.posts]

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        headers = {name.decode(): value.decode() for name, value in scope["headers"]}
        if scope["method"] == "GET":
            self.gets.append(headers)
            stream = Stream(receive, send)
            self.streams.append(stream)
            await stream.start(*self._start)
            await stream.write(self._opening)
            if self._stays:
                await stream.stay()
            await stream.write(b"", more=False)
            return
        body = b""
        while (part := await receive())["more_body"]:
            body += part["body"]
        message = json.loads(body + part["body"])
        self.posts.append((target(scope), headers, message))
        status = await self._post(message, self.streams[-1])
        await send({"type": "http.response.start", "status": status, "headers": []})
        await send({"type": "http.response.body", "body": b"Accepted"})


def target(scope: Any) -> str:
    query = scope["query_string"].decode()
    return scope["path"] + (f"?{query}" if query else "")


@contextmanager
def reached(server: Server) -> Generator[str]:
    """The URL of its stream; nothing of the client is left afterwards."""
    with nothing_left(), served(server, lifespan="off") as base:
        yield f"{base}/mount/sse"


def used(url: str, use: Callable[[Client], Awaitable[Any]] | None = None, **options: Any) -> Any:
    """What `use` gives, or else the text of a call."""
    transport = {
        name: options.pop(name)
        for name in ("headers", "auth", "sse_read_timeout")
        if name in options
    }

    async def main() -> Any:
        async with (
            asyncio.timeout(30),
            Client(SSETransport(url, **transport), **{"timeout": 20, **options}) as client,
        ):
            return await (use or call)(client)

    return asyncio.run(main())


async def call(client: Client) -> str:
    return (await client.call_tool("say")).text()


def failure(server: Server, **options: Any) -> ClientError:
    """The error of one line that opening ends with."""
    with reached(server) as url, pytest.raises(ClientError) as caught:
        used(url, **options)
    assert "\n" not in str(caught.value)
    assert str(caught.value).startswith(f"Connection to {url} failed: ")
    return caught.value


def test_messages_go_out_one_by_one_and_answers_come_over_the_stream() -> None:
    """With a handshake, and without a probe for what this transport cannot have."""
    server = Server()

    with reached(server) as url:
        assert used(url) == "said"

    assert server.methods() == ["initialize", "notifications/initialized", "tools/call"]
    assert server.gets[0]["accept"] == "text/event-stream"


def test_headers_and_credentials_go_with_every_request() -> None:
    """With the stream and with each message."""
    server = Server()

    with reached(server) as url:
        used(url, headers={"X-Who": "me"}, auth="t0ken")

    sent = [*server.gets, *(headers for _, headers, _ in server.posts)]
    assert {(each["x-who"], each["authorization"]) for each in sent} == {("me", "Bearer t0ken")}


@pytest.mark.parametrize(
    ("endpoint", "path"),
    [
        ("messages?session_id=s1", "/mount/messages?session_id=s1"),
        ("/messages/?session_id=s1", "/messages/?session_id=s1"),
        ("?session_id=s1", "/mount/sse?session_id=s1"),
        ("{base}/deep/er", "/deep/er"),
        ("//{host}/messages", "/messages"),
    ],
)
def test_messages_go_where_the_server_says(endpoint: str, path: str) -> None:
    """Relative to the stream's URL, or as a whole URL."""
    server = Server(opening=b"")

    async def post(message: Any, stream: Stream) -> int:
        return await accept(message, stream)

    server._post = post
    with reached(server) as url:
        base = url.removesuffix("/mount/sse")
        where = endpoint.format(base=base, host=base.removeprefix("http://"))
        server._opening = ENDPOINT % where.encode()
        assert used(url) == "said"

    assert {each for each, _, _ in server.posts} == {path}


@pytest.mark.parametrize(
    "endpoint",
    [
        "http://elsewhere.example/messages",
        "//elsewhere.example/messages",
        "http://127.0.0.1:1/messages",
        "https://127.0.0.1/messages",
        "http://127.0.0.1@elsewhere.example/messages",
        "file:///etc/passwd",
        "http://[",
    ],
)
def test_messages_go_to_no_other_origin(endpoint: str) -> None:
    """Nothing is sent at all."""
    server = Server(opening=ENDPOINT % endpoint.encode())

    error = failure(server, auth="t0ken")

    assert isinstance(error, ConnectFailed)
    assert "endpoint" in str(error)
    assert server.posts == []


def test_a_stream_that_names_no_endpoint_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """After a while, or within the time for opening."""
    monkeypatch.setattr(sse, "PATIENCE", 0.2)
    server = Server(opening=b": hello\n\nevent: message\ndata: hello\n\n")

    error = failure(server)
    with reached(server) as url, pytest.raises(TimedOut, match=r"0\.1 seconds"):
        used(url, init_timeout=0.1)

    assert "names no endpoint" in str(error)


PAGE = [(b"content-type", b"text/html")]
HINTED = {"an HTML page", "JSON of som", "404 Not Found", "405 Method Not Allowed", "204"}


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"headers": PAGE, "opening": b"<h1>Hello</h1>"}, "an HTML page"),
        ({"headers": [(b"content-type", b"application/json")], "opening": b"{}"}, "JSON of som"),
        ({"status": 404, "headers": PAGE, "opening": b"nothing here"}, "404 Not Found"),
        ({"status": 405, "headers": []}, "405 Method Not Allowed"),
        ({"status": 503, "headers": [(b"retry-after", b"7")]}, "503 Service Unavailable"),
        ({"status": 401, "headers": []}, "401 Unauthorized"),
        ({"status": 204, "headers": [], "opening": b""}, "204"),
    ],
)
def test_what_is_no_stream_of_events_is_told(options: dict[str, Any], words: str) -> None:
    """With the status and what came instead."""
    error = failure(Server(**options, stays=False))

    assert isinstance(error, UnexpectedResponse)
    assert error.status == options.get("status", 200)
    assert words in str(error)
    assert ("is that the URL of an MCP server?" in str(error)) == (words in HINTED)


def test_a_stream_that_ends_at_once_is_told() -> None:
    """There is no connection."""
    error = failure(Server(opening=b": goodbye\n\n", stays=False))

    assert isinstance(error, ConnectFailed)
    assert "ended the stream" in str(error)


def test_a_server_that_is_not_there_is_told() -> None:
    """ConnectFailed with the URL."""
    url = f"http://127.0.0.1:{free_port()}/sse"

    with nothing_left(), pytest.raises(ConnectFailed, match=f"Connection to {url} failed: "):
        used(url)


def only_calls(then: Post) -> Post:
    """Everything is answered but calls of tools, about which `then` is asked."""

    async def post(message: Any, stream: Stream) -> int:
        if message.get("method") == "tools/call":
            return await then(message, stream)
        return await accept(message, stream)

    return post


def test_a_stream_that_is_lost_fails_what_waits() -> None:
    """Disconnected; the next request opens another one."""
    seen: list[Any] = []

    async def end(message: Any, stream: Stream) -> int:
        seen.append(message)
        if len(seen) > 1:
            return await accept(message, stream)
        stream.ended.set()
        return 202

    async def use(client: Client) -> str:
        with pytest.raises(Disconnected, match="the server ended the stream"):
            await call(client)
        return await call(client)

    server = Server(only_calls(end))
    with reached(server) as url:
        assert used(url, use) == "said"

    assert len(server.gets) == 2


@pytest.mark.parametrize("status", [400, 413, 500])
def test_a_message_that_is_refused_fails_its_request_alone(status: int) -> None:
    """UnexpectedResponse with the status."""

    async def refuse(message: Any, stream: Stream) -> int:
        return status

    async def use(client: Client) -> bool:
        with pytest.raises(UnexpectedResponse) as caught:
            await call(client)
        assert caught.value.status == status
        return await client.ping()

    server = Server(only_calls(refuse))
    with reached(server) as url:
        assert used(url, use) is True

    assert len(server.gets) == 1


def test_a_session_that_the_server_has_forgotten_is_opened_anew() -> None:
    """And the request sent again, as it was not carried out."""
    server = Server()

    async def forget(message: Any, stream: Stream) -> int:
        return 404 if len(server.gets) == 1 else await accept(message, stream)

    server._post = only_calls(forget)
    with reached(server) as url:
        assert used(url) == "said"

    assert server.methods().count("tools/call") == 2
    assert len(server.gets) == 2


def test_an_answer_may_come_before_its_request_is_seen_off() -> None:
    """A server may keep the request open as long as it likes."""

    async def linger(message: Any, stream: Stream) -> int:
        await accept(message, stream)
        await asyncio.sleep(600)
        return 202

    with reached(Server(only_calls(linger))) as url:
        assert used(url) == "said"


def test_garbage_in_the_stream_is_left_out() -> None:
    """Comments, other events, and what is no message; lines may end in any way."""
    garbage = (
        b": comment\n\n"
        b"event: other\ndata: {}\n\n"
        b"event: endpoint\ndata: http://elsewhere.example/\n\n"
        b"event: message\ndata: no JSON\n\n"
        b"data: [1]\r\rdata:\n\n"
        b"retry: soon\nid: 5\n\n"
        b'data: {"jsonrpc": "2.0",\ndata: "id": 99, "result": {}}\r\n\r\n'
    )

    async def litter(message: Any, stream: Stream) -> int:
        await stream.write(garbage)
        return await accept(message, stream)

    with reached(Server(only_calls(litter))) as url:
        assert used(url) == "said"


def test_the_servers_own_requests_are_answered() -> None:
    """By a message to the endpoint."""

    async def ask(message: Any, stream: Stream) -> int:
        await stream.tell(id="theirs", method="ping")
        return await accept(message, stream)

    server = Server(only_calls(ask))
    with reached(server) as url:

        async def use(client: Client) -> None:
            await call(client)
            while "an answer" not in server.methods():
                await asyncio.sleep(0.01)

        used(url, use)

    assert [each for _, _, each in server.posts if "result" in each] == [
        {"jsonrpc": "2.0", "id": "theirs", "result": {}}
    ]


async def silence(message: Any, stream: Stream) -> int:
    """See a message off, and never answer it."""
    return 202


def test_a_call_without_an_answer_ends_in_time() -> None:
    """The server is told, and the session goes on."""

    async def use(client: Client) -> bool:
        with pytest.raises(TimedOut):
            await client.call_tool("say", timeout=0.2)
        return await client.ping()

    server = Server(only_calls(silence))
    with reached(server) as url:
        assert used(url, use) is True

    assert "notifications/cancelled" in server.methods()


def test_a_stream_that_is_silent_for_too_long_is_lost() -> None:
    """sse_read_timeout=, in seconds."""
    with (
        reached(Server(only_calls(silence))) as url,
        pytest.raises(Disconnected, match="silent for too long"),
    ):
        used(url, sse_read_timeout=0.3)


def test_closing_ends_what_waits() -> None:
    """Nobody waits for a stream that is closed."""

    async def use(client: Client) -> None:
        waiting = asyncio.create_task(call(client))
        await asyncio.sleep(0)
        await client.close()
        with pytest.raises(Disconnected):
            await waiting

    with reached(Server(only_calls(silence))) as url:
        used(url, use)


def test_later_revisions_are_not_spoken() -> None:
    """The transport is older than they are."""
    with reached(Server()) as url, pytest.raises(ClientError, match="StreamableHttpTransport"):
        used(url, mode=MODERN)


def test_opening_can_be_cancelled_at_any_moment() -> None:
    """Nothing is left."""

    async def main(url: str, moment: int) -> None:
        client = Client(SSETransport(url))
        opening = asyncio.create_task(client.__aenter__())
        for _ in range(moment):
            await asyncio.sleep(0.001)
        opening.cancel()
        await asyncio.wait((opening,))
        await client.close()

    with reached(Server()) as url:
        for moment in range(0, 20, 2):
            asyncio.run(main(url, moment))
