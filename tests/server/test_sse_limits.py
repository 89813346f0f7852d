"""What HTTP+SSE refuses, and what it bounds: bodies, sessions, calls, readers, time."""

from __future__ import annotations

import asyncio
import json
import socket
import time
import warnings
from collections.abc import Generator, Iterator
from contextlib import ExitStack, contextmanager
from http.client import HTTPResponse
from typing import Any

import httpx2
import pytest
from apps import SECONDS, call, initialize, notification, request, served
from legacy_sse import introduced, opened
from settled import wait_until
from starlette.authentication import AuthCredentials, AuthenticationBackend, SimpleUser
from starlette.middleware import Middleware

from fastmcp import Context, FastMCP
from fastmcp.server.http.sse import backlog
from fastmcp.server.http.sse import session as sse_session

pytestmark = pytest.mark.filterwarnings("ignore:HTTP.SSE is deprecated")

CALLS: list[str] = []


def server() -> FastMCP:
    mcp = FastMCP("x")

    @mcp.tool
    def add(a: int, b: int) -> int:
        return a + b

    @mcp.tool
    def large(size: int) -> str:
        return "x" * size

    @mcp.tool
    async def flood(ctx: Context, times: int) -> None:
        """Log a kilobyte so many times."""
        CALLS.clear()
        try:
            for _ in range(times):
                await ctx.info("x" * 1024)
                CALLS.append("said")
        except asyncio.CancelledError:
            CALLS.append("cancelled")
            raise

    @mcp.tool
    async def wait() -> None:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            CALLS.append("cancelled")
            raise

    return mcp


@contextmanager
def serving(**options: Any) -> Generator[str]:
    with served(server().http_app(transport="sse", **options)) as base:
        yield base


@pytest.fixture(scope="module")
def base() -> Iterator[str]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with serving() as base:
            yield base


# What is refused


@pytest.mark.parametrize("method", ["HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"])
def test_a_stream_is_got_and_nothing_else(base: str, method: str) -> None:
    """405 that says so, as clients expect that try streamable HTTP first."""
    response = httpx2.request(method, base + "/sse")

    assert (response.status_code, response.headers["allow"]) == (405, "GET")


@pytest.mark.parametrize("method", ["HEAD", "GET", "PUT", "DELETE", "PATCH", "OPTIONS"])
def test_a_message_is_posted_and_nothing_else(base: str, method: str) -> None:
    """405 that says so."""
    response = httpx2.request(method, base + "/messages/?session_id=x")

    assert (response.status_code, response.headers["allow"]) == (405, "POST")


def test_who_takes_no_events_gets_no_stream(base: str) -> None:
    """406, and no session."""
    response = httpx2.get(base + "/sse", headers={"accept": "application/json"})

    assert response.status_code == 406


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("", 400),
        ("?sessionid=1", 400),
        ("?session_id=", 404),
        ("?session_id=" + "0" * 32, 404),
        ("?session_id=%00%ff&session_id=2", 404),
        ("?session_id=" + "x" * 5000, 404),
    ],
)
def test_a_message_without_a_living_session_is_refused(base: str, query: str, status: int) -> None:
    """A missing name is a mistake, a wrong one leads nowhere."""
    response = httpx2.post(f"{base}/messages/{query}", json=request("ping"))

    assert (response.status_code, response.json()["error"]["code"]) == (status, -32600)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"content-type": "text/plain"}, 415),
        ({"content-type": "application/x-www-form-urlencoded"}, 415),
        ({"content-type": ""}, 415),
        ({"content-encoding": "gzip"}, 415),
        ({"content-type": "Application/JSON; charset=utf-8"}, 202),
    ],
)
def test_messages_are_plain_json(base: str, headers: dict[str, str], status: int) -> None:
    """Which no form of a web page can send."""
    with opened(base) as legacy:
        response = legacy.post(initialize(), **{k.replace("-", "_"): v for k, v in headers.items()})

    assert response.status_code == status


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", -32700),
        (b"{", -32700),
        (b"\xff\xfe", -32700),
        (b"[" * 100_000, -32600),
        (b'{"a":' * 100_000, -32700),
        (b"null", -32600),
        (b"7", -32600),
        (b"[]", -32600),
        (b'{"jsonrpc":"1.0","id":1,"method":"ping"}', -32600),
        (b'{"jsonrpc":"2.0","id":null,"method":"ping"}', -32600),
        (b'{"jsonrpc":"2.0","id":1.5,"method":"ping"}', -32600),
        (b'{"jsonrpc":"2.0","id":1,"method":"ping","params":[]}', -32600),
        (b'{"jsonrpc":"2.0","id":[],"result":{}}', -32600),
    ],
)
def test_what_is_no_message_is_refused_where_it_came(base: str, body: bytes, code: int) -> None:
    """By 400 with the error, and the session goes on."""
    with opened(base) as legacy:
        response = legacy.post(body)
        assert legacy.introduce()["serverInfo"]["name"] == "x"

    assert (response.status_code, response.json()["error"]["code"]) == (400, code)


def test_what_comes_out_of_turn_is_answered_on_the_stream(base: str) -> None:
    """Before the handshake, and a second handshake."""
    with opened(base) as legacy:
        early = legacy.ask(request("tools/list", 1))
        assert legacy.ask(request("ping", 2))["result"] == {}
        legacy.introduce()
        twice = legacy.ask(initialize(id=3))
        legacy.send({"jsonrpc": "2.0", "id": 99, "result": {}}, notification("what/ever"))
        assert legacy.ask(request("nothing/there", 4))["error"]["code"] == -32601

    assert [answer["error"]["code"] for answer in (early, twice)] == [-32600, -32600]


def test_the_id_of_a_call_in_flight_is_taken(base: str) -> None:
    """400 for the second one; the first goes on."""
    with introduced(base) as legacy:
        legacy.send(call("wait", 1))
        response = legacy.post(call("wait", 1))
        legacy.send(notification("notifications/cancelled", requestId=1))
        assert legacy.ask(call("add", 1, a=1, b=2))["result"]["structuredContent"] == {"result": 3}

    assert (response.status_code, response.json()["id"]) == (400, 1)


@pytest.mark.parametrize("path", ["/sse", "/messages/?session_id=x"])
@pytest.mark.parametrize(
    ("headers", "status"),
    [({"host": "evil.example"}, 421), ({"origin": "https://evil.example"}, 403)],
)
def test_foreign_pages_reach_neither(
    base: str, path: str, headers: dict[str, str], status: int
) -> None:
    """The guard stands before the stream and before the messages."""
    method = "GET" if path == "/sse" else "POST"

    assert httpx2.request(method, base + path, headers=headers).status_code == status


def test_a_session_belongs_to_the_principal_that_opened_it() -> None:
    """Somebody else who knows its id is told that there is none."""

    class Named(AuthenticationBackend):
        async def authenticate(self, conn: Any) -> Any:
            name = conn.headers.get("x-name", "ada")
            user = SimpleUser(name)
            user.access_token = Token(name)  # type: ignore[attr-defined]
            return AuthCredentials(), user

    class Token:
        def __init__(self, name: str) -> None:
            self.client_id, self.claims, self.subject = name, {"sub": name}, name

    from starlette.middleware.authentication import AuthenticationMiddleware

    middleware = [Middleware(AuthenticationMiddleware, backend=Named())]
    with serving(middleware=middleware) as base, introduced(base) as legacy:
        assert legacy.post(request("ping"), x_name="eve").status_code == 404
        assert legacy.ask(request("ping", 2))["id"] == 2


# What is bounded


def test_a_body_over_the_limit_is_refused() -> None:
    """413, declared or not."""
    with serving(max_request_size=1000) as base, introduced(base) as legacy:
        large = call("add", 1, a=1, b=2, c="x" * 1000)
        declared = legacy.post(large)
        chunks = iter([json.dumps(large).encode()])
        streamed = legacy.client.post(
            legacy.url, content=chunks, headers={"content-type": "application/json"}
        )
        assert legacy.ask(request("ping", 2))["id"] == 2

    assert (declared.status_code, streamed.status_code) == (413, 413)


def test_there_are_so_many_streams_and_no_more() -> None:
    """503 for the next one, until another has ended."""
    with serving(max_sessions=2) as base, opened(base):
        with opened(base):
            assert httpx2.get(base + "/sse").status_code == 503

        def answers() -> bool:
            with httpx2.stream("GET", base + "/sse") as response:
                return response.status_code == 200

        wait_until(answers)


def test_a_client_that_says_nothing_for_too_long_is_sent_away() -> None:
    """Not while it waits for an answer, nor while it says something."""
    with serving(session_idle_timeout=0.3) as base, introduced(base) as busy:
        busy.send(call("wait", 1))
        with introduced(base) as idle:
            begun = time.monotonic()
            assert idle.events.rest() == []
            assert time.monotonic() - begun >= 0.25
            assert idle.post(request("ping")).status_code == 404
        assert busy.ask(request("ping", 2))["id"] == 2


def test_a_silent_stream_is_kept_alive(monkeypatch: pytest.MonkeyPatch) -> None:
    """By comments, which proxies see and clients do not."""
    monkeypatch.setattr(sse_session, "KEEP_ALIVE_INTERVAL", 0.05)
    with serving() as base, introduced(base) as legacy:
        assert [legacy.events.next() for _ in range(3)] == [{"": "keep-alive"}] * 3
        assert legacy.ask(request("ping"))["id"] == 1


def test_a_call_may_take_so_long_and_no_longer() -> None:
    """As over the other transports: it is cancelled, and answered by an error."""
    with serving(request_timeout=0.2) as base, introduced(base) as legacy:
        assert legacy.ask(call("wait", 1))["error"]["code"] == 408


def test_one_client_has_so_many_calls_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """The next one is answered with an error, and everything else goes on."""
    monkeypatch.setattr(sse_session, "MAX_CALLS", 3)
    with serving() as base, introduced(base) as legacy:
        legacy.send(*(call("wait", id) for id in (1, 2, 3)))
        refused = legacy.ask(request("ping", 4))
        legacy.send(notification("notifications/cancelled", requestId=2))
        assert legacy.ask(request("ping", 5))["result"] == {}

    assert (refused["id"], refused["error"]["code"]) == (4, -32000)


class Lazy:
    """A client that posts, and reads its stream only when it is told to."""

    def __init__(self, base: str, stack: ExitStack) -> None:
        host, port = base.removeprefix("http://").split(":")
        self.socket = socket.socket()
        stack.enter_context(self.socket)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        self.socket.settimeout(SECONDS)
        self.socket.connect((host, int(port)))
        self.socket.sendall(b"GET /sse HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n")
        self.stream = stack.enter_context(HTTPResponse(self.socket))
        self.stream.begin()
        place = self.line(b"data: ").decode().strip()
        self.url = base + place
        self.client = stack.enter_context(httpx2.Client(timeout=SECONDS))
        self.post(initialize())
        self.line(b"data: ")
        self.post(notification("notifications/initialized"))

    def hurry(self) -> None:
        """Read as fast as others do."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1024 * 1024)

    def line(self, head: bytes) -> bytes:
        """What follows on the next line that begins so."""
        for line in self.stream:
            if line.startswith(head):
                return line.removeprefix(head)
        raise AssertionError("the stream ended")

    def post(self, message: Any) -> int:
        return self.client.post(self.url, json=message).status_code


@pytest.fixture
def lazy(base: str) -> Iterator[Lazy]:
    with ExitStack() as stack:
        yield Lazy(base, stack)


def test_a_slow_reader_stops_its_own_calls_and_no_others(base: str, lazy: Lazy) -> None:
    """A call waits until there is room for what it says; when the client reads, it goes on."""
    assert lazy.post(call("flood", 1, times=20_000)) == 202
    said = -1
    while said != len(CALLS):
        said = len(CALLS)
        with introduced(base) as other:
            answers = [other.ask(call("add", n, a=n, b=n)) for n in range(1, 50)]
            assert all("result" in answer for answer in answers)
        wait_until(lambda: len(CALLS) > 500)

    assert 500 < said < 20_000
    lazy.hurry()
    while b'"id":1,"result"' not in lazy.line(b"data: "):
        pass
    assert CALLS == ["said"] * 20_000


def test_a_client_that_never_reads_is_given_up(lazy: Lazy, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its calls are cancelled, and its session is gone."""
    monkeypatch.setattr(sse_session, "KEEP_ALIVE_INTERVAL", 0.05)
    monkeypatch.setattr(sse_session, "STANDSTILL", 0.2)
    with serving() as base, ExitStack() as stack:
        patient, stuck = Lazy(base, stack), Lazy(base, stack)
        assert stuck.post(call("flood", 1, times=20_000)) == 202
        wait_until(lambda: "cancelled" in CALLS)
        wait_until(lambda: stuck.post(request("ping", 2)) == 404)
        assert patient.post(request("ping", 3)) == 202


def test_errors_that_nobody_reads_end_the_session(monkeypatch: pytest.MonkeyPatch) -> None:
    """What cannot wait does not grow for ever either."""
    monkeypatch.setattr(backlog, "OVERDRAFT", 10_000)
    monkeypatch.setattr(sse_session, "MAX_CALLS", 1)
    with serving() as base, ExitStack() as stack:
        stuck = Lazy(base, stack)
        assert stuck.post(call("flood", 1, times=20_000)) == 202
        wait_until(lambda: stuck.post(request("ping", 2)) == 404)

    assert CALLS[-1] == "cancelled"


def test_results_that_nobody_reads_are_not_piled_up(lazy: Lazy) -> None:
    """Each waits with its call; when the client reads, all come."""
    for id in range(1, 31):
        assert lazy.post(call("large", id, size=400_000)) == 202
    lazy.hurry()
    answers = [json.loads(lazy.line(b"data: ")) for _ in range(30)]

    assert sorted(answer["id"] for answer in answers) == list(range(1, 31))
    assert all(len(answer["result"]["content"][0]["text"]) == 400_000 for answer in answers)
