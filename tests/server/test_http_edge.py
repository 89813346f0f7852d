"""What a connection may send: raw bytes to a real server, with each of the two parsers."""

from __future__ import annotations

import asyncio
import json
import re
import socket
import threading
import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import pytest
import uvicorn
from apps import SECONDS, call, initialize

from fastmcp import FastMCP
from fastmcp.server.http.serving import bounded_protocol as choosing
from fastmcp.server.http.serving.bounded_protocol import bounded_protocol

PATIENCE = 0.4
"""How long these servers wait, in seconds."""

HOST = b"Host: localhost\r\n"
HEADERS = HOST + b"Content-Type: application/json\r\n"
POST = b"POST /mcp HTTP/1.1\r\n" + HEADERS
CHUNKED = POST + b"Transfer-Encoding: chunked\r\n\r\n"
PING = b'{"method":"ping"}'


def post(text: str, *, close: bool = False) -> bytes:
    """A whole and valid call of `say`, which is remembered."""
    body = json.dumps(call("say", 1, text=text)).encode()
    end = b"Connection: close\r\n" if close else b""
    return POST + end + b"Content-Length: %d\r\n\r\n" % len(body) + body


def chunks(data: bytes, size: int = 1 << 20) -> bytes:
    """A chunked body."""
    parts = [data[at : at + size] for at in range(0, len(data), size)]
    return b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"


class Edge:
    """A server, what its tool was asked to say, and connections to it."""

    def __init__(self, parser: Any, loop: Any, *, patience: float = PATIENCE) -> None:
        kind: Any = bounded_protocol(parser)
        self.protocol = type(kind.__name__, (kind,), {})
        self.protocol.head_patience = self.protocol.body_patience = patience
        self.parser = parser
        self.loop = loop
        self.said: list[str] = []
        self.ended = threading.Event()
        self.released = threading.Event()

    @contextmanager
    def served(self) -> Generator[Edge]:
        """Listen on a free port for the time of the block."""
        with socket.create_server(("127.0.0.1", 0)) as listener:
            self.address = listener.getsockname()
            config = uvicorn.Config(
                self._application(),
                http=self.protocol,
                loop=self.loop,
                log_level="error",
                ws="none",
                timeout_graceful_shutdown=2,
            )
            self.server = uvicorn.Server(config)
            thread = threading.Thread(target=self.server.run, kwargs={"sockets": [listener]})
            thread.start()
            try:
                yield self
            finally:
                self.released.set()
                self.server.should_exit = True
                thread.join(SECONDS)
                assert not thread.is_alive()

    def _application(self) -> Any:
        mcp = FastMCP("edge")

        @mcp.tool
        async def say(text: str) -> str:
            self.said.append(text)
            return text

        @mcp.tool
        async def wait() -> str:
            try:
                while not self.released.is_set():
                    await asyncio.sleep(0.01)
            finally:
                self.ended.set()
            return "waited"

        return mcp.http_app(max_request_size=100_000)

    @contextmanager
    def connected(self) -> Generator[Line]:
        """A connection."""
        with socket.create_connection(self.address, timeout=SECONDS) as raw:
            yield Line(raw)

    def exchange(self, data: bytes) -> tuple[list[int], bytes]:
        """Send all of it, read until the end: the statuses that came, and everything."""
        with self.connected() as line:
            line.send(data)
            return line.read_all()

    def call(self, text: str = "alive") -> None:
        """A call on a connection of its own, which has to succeed."""
        statuses, data = self.exchange(post(text, close=True))
        assert statuses == [200], data
        assert self.said[-1] == text

    def wait_idle(self) -> None:
        """Wait until nobody is connected and nothing is served."""
        state = self.server.server_state
        deadline = time.monotonic() + SECONDS
        while state.connections or state.tasks:
            assert time.monotonic() < deadline, (state.connections, state.tasks)
            time.sleep(0.01)


class Line:
    """One connection, as bytes."""

    def __init__(self, raw: socket.socket) -> None:
        self.raw = raw
        self.seen = b""

    def send(self, data: bytes) -> None:
        """Send, whether it is still read or not."""
        with suppress(ConnectionError):
            self.raw.sendall(data)

    def read_all(self) -> tuple[list[int], bytes]:
        """Everything until the other side has closed: the statuses, and the bytes."""
        with suppress(ConnectionError):
            while data := self.raw.recv(65536):
                self.seen += data
        return statuses_in(self.seen), self.seen

    def read_until(self, pattern: bytes) -> bytes:
        """What comes, until that has come."""
        while re.search(pattern, self.seen) is None:
            data = self.raw.recv(65536)
            assert data, self.seen
            self.seen += data
        return self.seen


def statuses_in(data: bytes) -> list[int]:
    return [int(status) for status in re.findall(rb"HTTP/1\.1 (\d{3}) ", data)]


@pytest.fixture(scope="module", params=[("httptools", "auto"), ("h11", "asyncio")], ids="-".join)
def edge(request: pytest.FixtureRequest) -> Iterator[Edge]:
    with Edge(*request.param).served() as edge:
        yield edge


# Whose interpretation would be a matter of taste

SMUGGLED = post("smuggled")
AMBIGUOUS = {
    "length_and_chunked": POST
    + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "chunked_and_length": POST
    + b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
    "two_lengths": POST + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{} ",
    "the_same_length_twice": POST + b"Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}",
    "a_list_of_lengths": POST + b"Content-Length: 2, 2\r\n\r\n{}",
    "a_negative_length": POST + b"Content-Length: -2\r\n\r\n{}",
    "a_length_with_a_sign": POST + b"Content-Length: +2\r\n\r\n{}",
    "a_length_in_hex": POST + b"Content-Length: 0x2\r\n\r\n{}",
    "two_numbers_as_length": POST + b"Content-Length: 2 2\r\n\r\n{}",
    "no_number_as_length": POST + b"Content-Length: \r\n\r\n{}",
    "space_before_the_colon": POST + b"Content-Length : 2\r\n\r\n{}",
    "space_before_the_colon_of_chunked": POST + b"Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
    "an_unknown_coding": POST + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
    "a_quoted_coding": POST + b'Transfer-Encoding: "chunked"\r\n\r\n0\r\n\r\n',
    "a_coding_after_a_control": POST + b"Transfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n",
    "another_coding_first": POST + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
    "another_coding_last": POST + b"Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
    "chunked_twice": POST
    + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "chunked_and_identity": POST
    + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n",
    "chunked_in_a_folded_line": POST + b"Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n",
    "chunked_in_the_line_before": POST + b" Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "chunked_in_1.0": POST.replace(b"1.1", b"1.0") + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "a_folded_line": POST + b"X-A: 1\r\n\t2\r\n\r\n",
    "lines_without_cr": POST.replace(b"\r\n", b"\n") + b"\n",
    "one_line_without_cr": POST + b"X: 1\nContent-Length: 2\r\n\r\n{}",
    "an_end_without_cr": POST + b"\n",
    "cr_in_a_value": POST + b"X: 1\rContent-Length: 2\r\n\r\n{}",
    "nul_in_a_value": POST + b"X: a\x00b\r\n\r\n",
    "a_control_in_a_value": POST + b"X: a\x01b\r\n\r\n",
    "a_name_that_is_no_token": POST + b"X[]: a\r\n\r\n",
    "a_name_of_other_letters": POST + b"X\xe9: a\r\n\r\n",
    "no_name": POST + b": a\r\n\r\n",
    "no_colon": POST + b"abc\r\n\r\n",
    "a_bad_chunk_that_is_waited_for": CHUNKED.replace(HOST, HOST + b"Expect: 100-continue\r\n")
    + b"x\r\n",
    "a_negative_chunk": CHUNKED + b"-2\r\n{}\r\n0\r\n\r\n",
    "a_chunk_with_a_sign": CHUNKED + b"+2\r\n{}\r\n0\r\n\r\n",
    "a_chunk_with_a_prefix": CHUNKED + b"0x2\r\n{}\r\n0\r\n\r\n",
    "a_chunk_after_a_space": CHUNKED + b" 2\r\n{}\r\n0\r\n\r\n",
    "a_chunk_longer_than_it_says": CHUNKED + b"2\r\n{} \r\n0\r\n\r\n",
    "a_chunk_without_an_end": CHUNKED + b"2\r\n{}0\r\n\r\n",
    "a_chunk_in_lines_without_cr": CHUNKED + b"2\n{}\n0\n\n",
    "an_extension_without_cr": CHUNKED + b"2;\n{}\r\n0\r\n\r\n",
    "an_absolute_target_of_another_host": POST.replace(b"/mcp", b"http://a.example/mcp") + b"\r\n",
    "an_absolute_target_of_nobody": POST.replace(b"/mcp", b"http:///mcp") + b"\r\n",
    "an_absolute_target_with_a_user": POST.replace(b"/mcp", b"http://a@localhost/mcp") + b"\r\n",
    "an_absolute_target_with_a_fragment": POST.replace(b"/mcp", b"http://localhost/mcp#x")
    + b"\r\n",
    "a_target_of_another_scheme": POST.replace(b"/mcp", b"ftp://localhost/mcp") + b"\r\n",
    "an_authority_as_target": POST.replace(b"/mcp", b"localhost:80") + b"\r\n",
    "connect": POST.replace(b"POST /mcp", b"CONNECT localhost:80") + b"\r\n",
    "connect_to_a_path": POST.replace(b"POST", b"CONNECT") + b"\r\n",
    "an_asterisk_as_target": b"OPTIONS * HTTP/1.1\r\n" + HOST + b"\r\n",
    "a_fragment_in_the_target": POST.replace(b"/mcp", b"/mcp#x") + b"\r\n",
    "a_tab_in_the_target": POST.replace(b"/mcp", b"/mcp\tx") + b"\r\n",
    "other_letters_in_the_target": POST.replace(b"/mcp", b"/mcp\xe9") + b"\r\n",
    "no_version": b"GET /mcp\r\n",
    "no_version_and_an_empty_line": b"GET /mcp\r\n\r\n",
    "version_0.9": b"GET /mcp HTTP/0.9\r\n\r\n",
    "version_1.2": POST.replace(b"1.1", b"1.2") + b"\r\n",
    "version_2": POST.replace(b"1.1", b"2.0") + b"\r\n",
    "a_preface_of_http2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "a_hello_of_tls": b"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n",
    "no_host": b"GET /mcp HTTP/1.1\r\n\r\n",
    "two_hosts": POST + b"Host: evil.example\r\n\r\n",
    "the_same_host_twice": POST + HOST + b"\r\n",
    "no_host_name_as_host": b"GET /mcp HTTP/1.1\r\nHost: a b/@c\r\n\r\n",
}


@pytest.mark.parametrize("name", AMBIGUOUS)
def test_what_two_readers_could_read_differently_is_400_and_the_end(edge: Edge, name: str) -> None:
    """Nothing of what follows on the connection is served, whoever thinks it a request."""
    edge.said.clear()

    statuses, data = edge.exchange(AMBIGUOUS[name] + SMUGGLED)

    assert statuses == [400], data
    assert b"connection: close" in data.lower()
    assert edge.said == []


@pytest.mark.parametrize(
    "start",
    [
        CHUNKED + b"FFFFFFFFFFFFFFFFF\r\n",
        CHUNKED + b"10000000000000002\r\n",
        CHUNKED + b"7FFFFFFFFFFFFFFF\r\n",
        POST + b"Content-Length: 18446744073709551618\r\n\r\n",
    ],
    ids=["17_digits", "65_bits", "63_bits", "length_of_65_bits"],
)
def test_a_huge_length_does_not_wrap_around(edge: Edge, start: bytes) -> None:
    """It is refused, or more waited for in vain; never is the end of the body guessed."""
    edge.said.clear()

    statuses, data = edge.exchange(start + b"{}\r\n0\r\n\r\n" + SMUGGLED)

    assert statuses in ([400], [408], [413]), data
    assert edge.said == []


ONE = json.dumps(call("say", 1, text="one")).encode()
SERVED = {
    "an_absolute_target": post("one").replace(b"/mcp", b"http://LOCALHOST/mcp?a=b"),
    "chunked": CHUNKED + chunks(ONE, 7),
    "chunked_in_capitals": CHUNKED.replace(b"chunked", b"CHUNKED") + chunks(ONE),
    "a_tab_before_the_coding": CHUNKED.replace(b": chunked", b":\tchunked") + chunks(ONE),
    "an_extension": CHUNKED + b"%x;a=b\r\n%s\r\n0\r\n\r\n" % (len(ONE), ONE),
    "a_trailer": CHUNKED + chunks(ONE)[:-2] + b"Mcp-Session-Id: stolen\r\nHost: evil\r\n\r\n",
    "h2c": post("one").replace(
        HOST, HOST + b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: A\r\n"
    ),
    "h2c_chunked": CHUNKED.replace(HOST, HOST + b"Connection: Upgrade\r\nUpgrade: h2c\r\n")
    + chunks(ONE),
    "websocket": post("one").replace(HOST, HOST + b"Connection: upgrade\r\nUpgrade: websocket\r\n"),
}


@pytest.mark.parametrize("whole", [True, False], ids=["in_one_piece", "byte_by_byte"])
@pytest.mark.parametrize("name", SERVED)
def test_what_can_be_read_in_one_way_is_served(edge: Edge, name: str, whole: bool) -> None:
    """So is the next request after it; a trailer is no header, and a wish to upgrade is ignored,
    with which Java's client begins."""
    edge.said.clear()
    data = SERVED[name] + post("two", close=True)

    with edge.connected() as line:
        line.raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for piece in [data] if whole else [data[at : at + 1] for at in range(len(data))]:
            line.send(piece)
        statuses, answer = line.read_all()

    assert statuses == [200, 200], answer
    assert edge.said == ["one", "two"]


def test_pipelined_requests_are_answered_in_order(edge: Edge) -> None:
    """As many as are sent at once."""
    edge.said.clear()
    names = [str(number) for number in range(20)]

    statuses, data = edge.exchange(b"".join(map(post, names)) + post("last", close=True))

    assert statuses == [200] * 21
    assert edge.said == [*names, "last"]
    assert re.findall(rb'"text":"(\w+)"', data) == [name.encode() for name in edge.said]


def test_what_is_wrong_costs_no_answer_before_it(edge: Edge) -> None:
    """A refusal does not overtake the answer to a request that is being served."""
    edge.said.clear()

    statuses, data = edge.exchange(post("first") + b"NONSENSE\r\n\r\n" + SMUGGLED)

    assert statuses in ([200], [200, 400])
    assert b'"text":"first"' in data
    assert edge.said == ["first"]


def test_nothing_is_served_after_the_last_request_of_a_connection(edge: Edge) -> None:
    """`Connection: close` is the client's last word."""
    edge.said.clear()

    statuses, _ = edge.exchange(post("last", close=True) + SMUGGLED)

    assert statuses == [200]
    assert edge.said == ["last"]


@pytest.mark.parametrize(
    ("start", "status"),
    [
        (b"PUT /mcp", 405),
        (b"PATCH /mcp", 405),
        (b"OPTIONS /mcp", 405),
        (b"TRACE /mcp", 405),
        (b"GET /mcp", 400),
        (b"DELETE /mcp", 400),
        (b"POST /other", 404),
        (b"GET /../../etc/passwd", 404),
        (b"GET /%2e%2e/mcp", 404),
        (b"GET //mcp", 404),
    ],
    ids=str,
)
def test_other_methods_and_paths_have_their_status(edge: Edge, start: bytes, status: int) -> None:
    """Whatever came with them."""
    body = b"Connection: close\r\nContent-Length: 17\r\n\r\n" + PING

    statuses, data = edge.exchange(start + b" HTTP/1.1\r\n" + HEADERS + body)

    assert statuses == [status], data


@pytest.mark.parametrize(
    "id", [b"", b"0" * 32, b"x" * 10_000, b"../../etc", b"\xff\xfe", b"a,b", b"' OR 1=1", b"*"]
)
def test_a_session_that_never_was_is_404(edge: Edge, id: bytes) -> None:
    """For each method, and nothing that the id says is acted upon."""
    for method in (b"POST", b"GET", b"DELETE"):
        head = POST.replace(b"POST", method) + b"Mcp-Session-Id: " + id + b"\r\n"
        end = b"Connection: close\r\nContent-Length: %d\r\n\r\n"
        body = json.dumps(call("say", 1, text="stolen")).encode()

        statuses, data = edge.exchange(head + end % len(body) + body)

        assert statuses == [404], data
    assert "stolen" not in edge.said


# How much


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (POST + b"X: " + b"a" * 40_000 + b"\r\n\r\n", 431),
        (POST + (b"X: " + b"a" * 500 + b"\r\n") * 80 + b"\r\n", 431),
        (POST + b"X: 1\r\n" * 200 + b"\r\n", 431),
        (POST + b"X" * 40_000 + b": 1\r\n\r\n", 431),
        (b"GET /" + b"a" * 10_000 + b" HTTP/1.1\r\n" + HOST + b"\r\n", 414),
        (b"GET /" + b"a" * 50_000, 414),
        (POST + b"X: " + b"a" * 20_000_000, 431),
    ],
    ids=["one", "many", "count", "name", "target", "endless_target", "endless"],
)
def test_a_head_has_bounds(edge: Edge, request_: bytes, status: int) -> None:
    """Its bytes, the number of its headers, and its target; the answer comes, and the end."""
    statuses, data = edge.exchange(request_)

    assert statuses in ([status], [431]), data
    assert b"connection: close" in data


def test_a_head_may_be_large(edge: Edge) -> None:
    """Tokens and cookies of 20 KiB in a hundred headers pass."""
    extra = b"".join(b"X-%d: %s\r\n" % (number, b"a" * 200) for number in range(100))

    statuses, data = edge.exchange(post("large", close=True).replace(HOST, HOST + extra))

    assert statuses == [200], data


@pytest.mark.parametrize(
    "endless",
    [b"X: " + b"a" * 1000, b"X: 1\r\n", b"1;" + b"a" * 500],
    ids=["trailer", "trailers", "extension"],
)
def test_what_surrounds_a_body_has_bounds(edge: Edge, endless: bytes) -> None:
    """Trailers and extensions of chunks are no way round the limit."""
    last = b"" if endless[:1] == b"1" else b"0\r\n"

    with edge.connected() as line:
        line.send(CHUNKED + last)
        for _ in range(2000):
            line.send(endless * 10)
        statuses, _ = line.read_all()

    assert statuses in ([], [400], [408], [413], [431])
    edge.call()


def test_so_many_requests_may_wait_on_a_connection(edge: Edge) -> None:
    """Those within the bound are answered, and then it is closed."""
    edge.said.clear()

    statuses, _ = edge.exchange(post("x") * 500 + post("last", close=True))

    # h11 reads a request when it has answered the one before it, so that none ever wait.
    assert len(edge.said) == 501 if edge.parser == "h11" else 65 <= len(edge.said) < 500
    assert statuses == [200] * len(edge.said)


# How long


def test_a_connection_that_says_nothing_is_closed(edge: Edge) -> None:
    """Without a word."""
    assert edge.exchange(b"") == ([], b"")


def test_a_head_has_to_come_in_time(edge: Edge) -> None:
    """408, also when it comes in drops, each of which is prompt."""
    begun = time.monotonic()
    with edge.connected() as line:
        line.send(POST)
        line.raw.settimeout(0.02)
        while True:
            line.send(b"X: 1\r\n")
            with suppress(TimeoutError):
                data = line.raw.recv(1000)
                break
            assert time.monotonic() - begun < SECONDS

    assert data.startswith(b"HTTP/1.1 408 ")
    assert time.monotonic() - begun >= PATIENCE * 0.9


def test_empty_lines_are_no_reason_to_wait(edge: Edge) -> None:
    """They begin no request, and keep no connection open."""
    begun = time.monotonic()
    with edge.connected() as line:
        line.raw.settimeout(0.02)
        while time.monotonic() - begun < SECONDS:
            line.send(b"\r\n")
            with suppress(TimeoutError, ConnectionError):
                if not line.raw.recv(1000):
                    break

    assert time.monotonic() - begun < SECONDS


@pytest.mark.parametrize("start", [b"Content-Length: 100\r\n\r\n{", b"Content-Length: 100\r\n\r\n"])
def test_a_body_has_to_come_in_time(edge: Edge, start: bytes) -> None:
    """408, and the end."""
    statuses, data = edge.exchange(POST + start)

    assert statuses == [408], data


def test_a_body_that_comes_byte_by_byte_is_refused(edge: Edge) -> None:
    """A body has to get on, not just to go on."""
    begun = time.monotonic()
    with edge.connected() as line:
        line.send(POST + b"Content-Length: 90000\r\n\r\n")
        line.raw.settimeout(0.02)
        while True:
            line.send(b" ")
            with suppress(TimeoutError):
                data = line.raw.recv(1000)
                break
            assert time.monotonic() - begun < SECONDS

    assert data.startswith(b"HTTP/1.1 408 ")


def test_a_body_that_gets_on_may_take_long(edge: Edge) -> None:
    """Several times the patience, as long as each brings something."""
    body = json.dumps(call("say", 1, text="slow")).encode() + b" " * 20_000
    with edge.connected() as line:
        line.send(POST + b"Connection: close\r\nContent-Length: %d\r\n\r\n" % len(body))
        for at in range(0, len(body), 2000):
            line.send(body[at : at + 2000])
            time.sleep(PATIENCE / 4)
        statuses, data = line.read_all()

    assert statuses == [200], data


@pytest.mark.parametrize("pieces", [1, 2, 3])
def test_patience_is_for_requests_and_not_for_answers(edge: Edge, pieces: int) -> None:
    """A call may take long, however its request came."""
    edge.released.clear()
    body = json.dumps(call("wait")).encode()
    head = POST + b"Connection: close\r\nContent-Length: %d\r\n\r\n" % len(body)
    parts = {1: [head + body], 2: [head, body], 3: [head[:30], head[30:], body]}[pieces]
    with edge.connected() as line:
        for part in parts:
            line.send(part)
            time.sleep(0.05)
        time.sleep(PATIENCE * 2)
        edge.released.set()
        statuses, data = line.read_all()

    assert statuses == [200]
    assert b"waited" in data


def test_many_that_send_slowly_hinder_nobody(edge: Edge) -> None:
    """Calls are served among 200 connections that are stuck in their heads, and those end."""
    lines = [socket.create_connection(edge.address, timeout=SECONDS) for _ in range(200)]
    for line in lines:
        line.sendall(POST[:-5])
    for _ in range(5):
        edge.call()
    answers = [line.recv(1000)[:13] for line in lines]
    for line in lines:
        line.close()

    assert set(answers) == {b"HTTP/1.1 408 "}
    edge.wait_idle()


def test_a_request_behind_a_stream_does_not_hide_that_its_client_left(edge: Edge) -> None:
    """Whoever leaves leaves all that it asked for."""
    opened, data = edge.exchange(
        POST
        + b"Connection: close\r\nContent-Length: %d\r\n\r\n" % len(json.dumps(initialize()))
        + json.dumps(initialize()).encode()
    )
    assert opened == [200]
    id = re.search(rb"mcp-session-id: (\w+)", data)
    assert id is not None
    stream = (
        b"GET /mcp HTTP/1.1\r\n" + HOST + b"Accept: text/event-stream\r\nMcp-Session-Id: " + id[1]
    )

    with edge.connected() as line:
        line.send(stream + b"\r\n\r\n")
        line.read_until(rb"200 OK")
        line.send(stream + b"\r\n\r\n")
        time.sleep(0.1)

    if edge.parser == "httptools":  # h11 reads no more behind a request, not even the end
        edge.wait_idle()
    edge.call()


def test_a_refused_body_lets_its_client_read_the_refusal(edge: Edge) -> None:
    """413 arrives although the client goes on sending what nobody wants."""
    with edge.connected() as line:
        line.send(POST + b"Content-Length: 9000000\r\n\r\n")
        for _ in range(90):
            line.send(b" " * 100_000)
        statuses, data = line.read_all()

    assert statuses == [413], data
    assert b"100000 bytes" in data


def test_a_server_ends_while_a_refusal_lingers(edge: Edge) -> None:
    """What still waits to be thrown away does not hold up the end, or break it."""
    with Edge(edge.parser, edge.loop).served() as other, other.connected() as line:
        line.send(b"GET * HTTP/1.1\r\n" + HOST + b"\r\n")
        line.read_until(rb"HTTP/1.1 400 ")
        other.server.should_exit = True


def test_limits_are_kept_behind_other_servers_as_well(monkeypatch: pytest.MonkeyPatch) -> None:
    """A body that does not come is 408 without a protocol of ours."""
    from fastmcp.server.http import body

    monkeypatch.setattr(body, "BODY_PATIENCE", 0.2)
    edge = Edge("httptools", "auto")
    edge.protocol = "h11"
    with edge.served():
        statuses, data = edge.exchange(POST + b"Content-Length: 100\r\n\r\n{")

    assert statuses == [408], data


def _not_installed(name: str) -> None: ...


def test_the_parser_is_httptools_where_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    """And h11 otherwise, or when it is asked for."""
    assert "HttpTools" in bounded_protocol().__name__
    assert "H11" in bounded_protocol("h11").__name__
    monkeypatch.setattr(choosing, "find_spec", _not_installed)
    assert "H11" in bounded_protocol().__name__
