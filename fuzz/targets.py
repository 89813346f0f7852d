"""Where cases go: a connection and the ASGI application in this process, and real processes.

Every target takes a case and raises `Wrong` when what comes back is not right. `check` sends a
valid request, which has to succeed whatever came before it.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import socket
import sys
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from fastmcp._protocol.framing import LineSplitter
from fastmcp._protocol.http import batches_allowed
from fastmcp.exceptions import RemoteProtocolError
from fastmcp.server.connection import ServerConnection
from fastmcp.server.event_store import EventStore
from fastmcp.wire import jsonrpc
from fastmcp.wire.revisions import REVISIONS

from . import grammar
from .grammar import FRESH, HANDSHAKES, MODERN, HttpCase
from .oracle import Expected, Wrong, expect, judge, judge_http, read_answer
from .server import make_server

PATIENCE = 10.0
BATCHES = {text for text, revision in REVISIONS.items() if batches_allowed(revision)}
SERVER = Path(__file__).with_name("server.py")


class Complaints(logging.Handler):
    """Keeps what the server or the event loop logs as an error: each one is a failure."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.texts: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.texts.append(logging.Formatter().format(record))

    def check(self) -> None:
        if self.texts:
            text = "\n".join(self.texts)
            self.texts.clear()
            raise Wrong(f"logged an error: {text[-2000:]}")


@contextlib.contextmanager
def complaints() -> Any:
    """What is logged as an error in this block."""
    handler = Complaints()
    names = ("fastmcp", "asyncio", "uvicorn.error")
    kept = [logging.getLogger(name).propagate for name in names]
    for name in names:
        logging.getLogger(name).addHandler(handler)
        logging.getLogger(name).propagate = False
    try:
        yield handler
    finally:
        for name, propagate in zip(names, kept, strict=True):
            logging.getLogger(name).removeHandler(handler)
            logging.getLogger(name).propagate = propagate


def valid_call(era: str, id: Any) -> bytes:
    """A request that succeeds in every era."""
    params = {"name": "echo", "arguments": {"text": "alive"}}
    return json.dumps(grammar.request("tools/call", params, era, id)).encode()


def is_alive(answer: bytes) -> bool:
    """Whether this is the answer to `valid_call`."""
    result = read_answer(answer).get("result", {})
    return result.get("content") == [{"type": "text", "text": "alive"}]


def lines_of(data: bytes) -> list[bytes]:
    """The messages in the bytes of a pipe, newline by newline."""
    lines = [line.strip(b" \t\r") for line in data.split(b"\n")]
    return [line for line in lines if line]


def expect_lines(data: bytes, era: str) -> tuple[list[Expected], bool]:
    """What the bytes of a pipe may bring, and whether they may cancel any of it."""
    batches = era in BATCHES
    return [expect(line, batches=batches) for line in lines_of(data)], b"cancelled" in data


def may_be_bare(case: HttpCase) -> bool:
    """Whether a call without the envelope of JSON-RPC is served: nothing says MCP but the path."""
    return not {b"mcp-session-id", b"mcp-protocol-version"} & dict(case.headers).keys()


class _Recorder:
    """A channel that keeps what it is given."""

    def __init__(self) -> None:
        self.sent: list[bytes] = []

    async def send(self, message: bytes, related: Any) -> None:
        self.sent.append(message)

    async def reply(self, id: Any, message: bytes) -> None:
        self.sent.append(message)

    async def call(
        self, id: Any, method: str, params: Any, message: bytes, related: Any = None
    ) -> None:
        self.sent.append(message)

    def abandon(self, id: Any, message: bytes) -> None:
        self.sent.append(message)

    def refuse(self, message: bytes) -> None:
        self.sent.append(message)

    def forget(self, id: Any) -> None:
        pass

    def release(self, id: Any) -> None:
        pass


class Connections:
    """A connection in this process for each era, fed through the framing of stdio."""

    def __init__(self, log: Complaints) -> None:
        self._log = log
        self._server = make_server()
        self._open: dict[str, tuple[ServerConnection, _Recorder]] = {}

    async def run(self, era: str, data: bytes) -> None:
        """Feed bytes, wait until all is answered, judge."""
        connection, channel = await self._connection(era)
        channel.sent.clear()
        splitter = LineSplitter(64 * 1024 * 1024)
        for piece in (*splitter.feed(data), splitter.rest()):
            if isinstance(piece, RemoteProtocolError):
                channel.refuse(jsonrpc.encode_failure(None, piece))
            elif piece:
                connection.session.feed(piece)
        await self._settle(connection)
        self._log.check()
        expected, cancels = expect_lines(data, era)
        judge(expected, channel.sent, cancels=cancels)
        if connection.session.connection.incoming:
            raise Wrong("requests that are still in flight after they were answered")

    async def check(self, era: str) -> None:
        """A valid request has to succeed."""
        if era == FRESH:
            return
        connection, channel = await self._connection(era)
        channel.sent.clear()
        connection.session.feed(valid_call(era, "alive"))
        await self._settle(connection)
        if len(channel.sent) != 1 or not is_alive(channel.sent[0]):
            raise Wrong(f"a valid request is answered with {channel.sent}")

    async def renew(self) -> None:
        """Begin again with new connections."""
        for connection, _ in self._open.values():
            connection.session.close()
        self._open.clear()

    async def _connection(self, era: str) -> tuple[ServerConnection, _Recorder]:
        found = self._open.get(era)
        if found is None or era == FRESH:
            channel = _Recorder()
            connection = self._server.connect(channel, "memory")
            found = self._open[era] = connection, channel
            if era in HANDSHAKES:
                connection.session.feed(grammar.initialize(era))
            elif era == MODERN:
                connection.session.feed(valid_call(era, "first"))
            await self._settle(connection)
        return found

    async def _settle(self, connection: ServerConnection) -> None:
        await connection.session.wait_tasks(PATIENCE)
        await connection.session.wait_tasks(0.1)
        if connection.session._tasks:
            raise Wrong("a request that is never done")


CONFIGURATIONS: list[dict[str, Any]] = [
    {},
    {"json_response": True},
    {"stateless_http": True},
    {"stateless_http": True, "json_response": True},
    {"event_store": True},
]


class Application:
    """The ASGI application, called as a server calls it, in one configuration."""

    def __init__(self, log: Complaints, number: int) -> None:
        self._log = log
        self._options = dict(CONFIGURATIONS[number])
        if self._options.pop("event_store", False):
            self._options["event_store"] = EventStore()
        self.sessions: dict[str, bytes] = {}

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[Application]:
        """With its lifespan, and a session of every handshake revision."""
        self._app = make_server().http_app(
            max_sessions=10**9, max_request_size=150_000, **self._options
        )
        async with self._app.router.lifespan_context(self._app):
            await self.renew()
            yield self

    async def renew(self) -> None:
        """End our sessions and open new ones."""
        for id in self.sessions.values():
            headers = [(b"host", b"localhost"), (b"mcp-session-id", id)]
            await self._exchange(HttpCase("DELETE", headers, b""))
        self.sessions = {}
        if "stateless_http" in self._options:
            return
        for era in HANDSHAKES:
            case = self._case(grammar.initialize(era), FRESH)
            status, headers, _ = await self._exchange(case)
            if status != 200:
                raise Wrong(f"initialize is answered with {status}")
            self.sessions[era] = headers[b"mcp-session-id"]

    async def run(self, case: HttpCase) -> None:
        """Send a request, take the whole response, judge."""
        try:
            async with asyncio.timeout(PATIENCE):
                status, headers, body = await self._exchange(case)
        except TimeoutError:
            raise Wrong("no response, or one without an end") from None
        except Exception as error:
            raise Wrong(f"raised {type(error).__name__}: {error}") from error
        self._log.check()
        if status == 0:
            if not case.leaves:
                raise Wrong("no response")
            return
        batches = self._may_batch(case)
        judge_http(
            expect(case.body, batches=batches, bare=may_be_bare(case)),
            status,
            headers,
            body,
            strict=case.strict and case.method == "POST" and b"cancelled" not in case.body,
        )

    def _may_batch(self, case: HttpCase) -> bool:
        return dict(case.headers).get(b"mcp-protocol-version", b"2025-03-26") == b"2025-03-26"

    async def check(self, era: str) -> None:
        """A valid request has to succeed."""
        case = self._case(valid_call(era, "alive"), era)
        status, headers, body = await self._exchange(case)
        if headers.get(b"content-type", b"").startswith(b"text/event-stream"):
            body = body.rstrip().rpartition(b"data: ")[2]
        if status != 200 or not is_alive(body):
            raise Wrong(f"a valid request is answered with {status} {body[:300]!r}")

    def _case(self, body: bytes, era: str) -> HttpCase:
        headers = grammar.headers_for(json.loads(body), era, self.sessions.get(era))
        return HttpCase("POST", headers, body)

    async def _exchange(self, case: HttpCase) -> tuple[int, dict[bytes, bytes], bytes]:
        path = "/mcp"
        scope: dict[str, Any] = {
            "type": "http",
            "http_version": "1.1",
            "method": case.method,
            "scheme": "http",
            "path": path,
            "raw_path": path.encode(),
            "root_path": "",
            "query_string": b"",
            "headers": case.headers,
            "client": ("127.0.0.1", 1),
            "server": ("127.0.0.1", 8000),
            "state": {},
        }
        parts = _split(case.body, case.chunks)
        if case.leaves and case.method == "POST":
            parts.pop()
        status, headers, body = 0, {}, b""
        ended = asyncio.Event()

        async def receive() -> dict[str, Any]:
            if parts:
                chunk = parts.pop(0)
                more = bool(parts) or (case.leaves and case.method == "POST")
                return {"type": "http.request", "body": chunk, "more_body": more}
            if not case.leaves:
                await ended.wait()
            return {"type": "http.disconnect"}

        async def send(message: Any) -> None:
            nonlocal status, headers, body
            if message["type"] == "http.response.start":
                if status:
                    raise Wrong("two responses")
                status, headers = message["status"], dict(message["headers"])
            else:
                if ended.is_set():
                    raise Wrong("more after the end of the response")
                body += message.get("body", b"")
                if not message.get("more_body"):
                    ended.set()

        await self._app(scope, receive, send)
        if status and not ended.is_set() and not case.leaves:
            raise Wrong("a response without an end")
        length = headers.get(b"content-length")
        if length is not None and int(length) != len(body):
            raise Wrong(f"content-length {length!r} of {len(body)} bytes")
        return status, headers, body


def _split(body: bytes, chunks: int) -> list[bytes]:
    if chunks == 0:
        return [body, b""]
    size = max(1, -(-len(body) // chunks))
    return [body[at : at + size] for at in range(0, len(body), size)] or [b""]


class Process:
    """A real server on stdio; `run` takes a whole batch, as only its sum can be told apart."""

    def __init__(self, era: str) -> None:
        self._era = era
        self._number = 0

    async def __aenter__(self) -> Process:
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the process
        self._child = await asyncio.create_subprocess_exec(
            sys.executable,
            str(SERVER),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=self._errors,
            limit=64 * 1024 * 1024,
        )
        opening = valid_call(MODERN, "o") if self._era == MODERN else grammar.initialize(self._era)
        await self._write(opening)
        await self._line()
        return self

    async def __aexit__(self, *exception: object) -> None:
        assert self._child.stdin is not None
        self._child.stdin.close()
        try:
            async with asyncio.timeout(PATIENCE):
                code = await self._child.wait()
        except TimeoutError:
            self._child.kill()
            raise Wrong("the process does not end with its input") from None
        self._errors.seek(0)
        text = self._errors.read()
        self._errors.close()
        if exception[0] is None and (code != 0 or b"Traceback" in text):
            raise Wrong(f"the process ended with {code}: {text[-2000:]!r}")

    async def run(self, cases: list[bytes]) -> None:
        """Send the cases as lines, then a valid request; judge all that came up to its answer."""
        data = b"\n".join(cases) + b"\n"
        writing = asyncio.ensure_future(self._write(data))
        answers: list[bytes] = []
        try:
            # Twice: what was begun before the first is certainly answered before the second.
            for _ in range(2):
                self._number += 1
                mark = f"alive {self._number}"
                writing = asyncio.ensure_future(
                    self._write_after(writing, valid_call(self._era, mark))
                )
                await self._until(mark, answers)
        finally:
            await asyncio.gather(writing, return_exceptions=True)
        expected, cancels = expect_lines(data, self._era)
        judge(expected, answers, cancels=cancels)

    async def _until(self, mark: str, answers: list[bytes]) -> None:
        while True:
            line = await self._line()
            if f'"{mark}"'.encode() in line and read_answer(line).get("id") == mark:
                if not is_alive(line):
                    raise Wrong(f"a valid request is answered with {line!r}")
                return
            answers.append(line)

    async def _write_after(self, before: asyncio.Future[None], data: bytes) -> None:
        await before
        await self._write(data)

    async def _write(self, data: bytes) -> None:
        assert self._child.stdin is not None
        try:
            self._child.stdin.write(data + b"\n")
            await self._child.stdin.drain()
        except ConnectionError:
            raise Wrong("the process reads no more") from None

    async def _line(self) -> bytes:
        assert self._child.stdout is not None
        try:
            async with asyncio.timeout(PATIENCE * 3):
                line = await self._child.stdout.readline()
        except TimeoutError:
            raise Wrong("the process answers no more") from None
        if not line:
            raise Wrong(f"the process ended with {await self._child.wait()}")
        return line.rstrip(b"\n")


class WebServer:
    """A real server over HTTP, spoken to through a socket."""

    sessions: dict[str, bytes]

    async def __aenter__(self) -> WebServer:
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the process
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self._port: int = probe.getsockname()[1]
        self._child = await asyncio.create_subprocess_exec(
            sys.executable,
            str(SERVER),
            str(self._port),
            stdout=self._errors,
            stderr=self._errors,
            env={**os.environ, "FASTMCP_LOG_LEVEL": "error"},
        )
        self._stream: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        async with asyncio.timeout(PATIENCE * 3):
            while self._stream is None:
                try:
                    self._stream = await asyncio.open_connection("127.0.0.1", self._port)
                except OSError:
                    await asyncio.sleep(0.05)
        await self.renew()
        return self

    async def renew(self) -> None:
        """Open a session of every handshake revision."""
        self.sessions = {}
        for era in HANDSHAKES:
            _, headers, _ = await self._exchange(self._case(grammar.initialize(era), FRESH))
            self.sessions[era] = headers[b"mcp-session-id"]

    async def __aexit__(self, *exception: object) -> None:
        await self._hang_up()
        self._child.terminate()
        try:
            async with asyncio.timeout(PATIENCE):
                await self._child.wait()
        except TimeoutError:
            self._child.kill()
            raise Wrong("the process does not end when it is told to") from None
        self._errors.seek(0)
        text = self._errors.read()
        self._errors.close()
        if exception[0] is None and b"Traceback" in text:
            raise Wrong(f"the process logged {text[-2000:]!r}")

    async def run(self, case: HttpCase) -> None:
        """Send a request, take the whole response, judge."""
        status, headers, body = await self._exchange(case)
        if status == 400 and headers.get(b"content-type", b"").startswith(b"text/plain"):
            await self._hang_up()
            if case.strict:
                raise Wrong(f"the HTTP library refuses the request: {body!r}")
            return
        batches = dict(case.headers).get(b"mcp-protocol-version", b"2025-03-26") == b"2025-03-26"
        strict = case.strict and case.method == "POST" and b"cancelled" not in case.body
        head = case.method == "HEAD"
        judge_http(
            expect(case.body, batches=batches, bare=may_be_bare(case)),
            status,
            headers,
            body,
            strict=strict,
            head=head,
        )

    async def run_raw(self, data: bytes) -> None:
        """Send bytes that are no HTTP at all, and see that something sane comes, or nothing."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
        writer.write(data)
        with contextlib.suppress(OSError):
            writer.write_eof()
        try:
            async with asyncio.timeout(PATIENCE):
                answer = await reader.read()
        except (TimeoutError, ConnectionError):
            answer = b""
        finally:
            writer.close()
        if b"Traceback" in answer or answer[9:12] == b"500":
            raise Wrong(f"answered {answer[:300]!r}")

    async def check(self, era: str) -> None:
        """A valid request has to succeed."""
        status, _, body = await self._exchange(self._case(valid_call(era, "alive"), era))
        answers = [line.removeprefix(b"data: ") for line in body.splitlines() if b'"id"' in line]
        if status != 200 or not answers or not is_alive(answers[-1]):
            raise Wrong(f"a valid request is answered with {status} {body[:300]!r}")

    def _case(self, body: bytes, era: str) -> HttpCase:
        headers = grammar.headers_for(json.loads(body), era, self.sessions.get(era))
        return HttpCase("POST", headers, body)

    async def _hang_up(self) -> None:
        if self._stream is not None:
            self._stream[1].close()
            self._stream = None

    async def _exchange(self, case: HttpCase) -> tuple[int, dict[bytes, bytes], bytes]:
        if self._stream is None:
            self._stream = await asyncio.open_connection("127.0.0.1", self._port)
        reader, writer = self._stream
        head = case.method.encode() + b" /mcp HTTP/1.1\r\n"
        lengths = [value for name, value in case.headers if name == b"content-length"]
        headers = case.headers
        if not lengths:
            headers = [*headers, (b"content-length", b"%d" % len(case.body))]
        head += b"".join(name + b": " + value + b"\r\n" for name, value in headers) + b"\r\n"
        try:
            async with asyncio.timeout(PATIENCE):
                writer.write(head + case.body)
                if lengths:
                    # The body may be shorter than it says: only the end tells the server so.
                    writer.write_eof()
                status, found, body = await _read_response(reader, case.method == "HEAD")
        except (ConnectionError, asyncio.IncompleteReadError):
            await self._hang_up()
            if case.strict:
                raise Wrong("the connection ended before the response did") from None
            return 405, {}, b""
        except TimeoutError:
            await self._hang_up()
            raise Wrong("no response, or one without an end") from None
        if lengths or found.get(b"connection") == b"close":
            await self._hang_up()
        return status, found, body


async def _read_response(
    reader: asyncio.StreamReader, bodiless: bool
) -> tuple[int, dict[bytes, bytes], bytes]:
    line, *rest = (await reader.readuntil(b"\r\n\r\n"))[:-4].split(b"\r\n")
    pairs = [item.partition(b":") for item in rest]
    headers = {name.lower(): value.strip() for name, _, value in pairs}
    status = int(line.split(b" ")[1])
    if bodiless:
        return status, headers, b""
    if b"chunked" not in headers.get(b"transfer-encoding", b""):
        return status, headers, await reader.readexactly(int(headers.get(b"content-length", 0)))
    body = b""
    while size := int((await reader.readuntil(b"\r\n")).strip(), 16):
        body += await reader.readexactly(size)
        await reader.readexactly(2)
    await reader.readexactly(2)
    return status, headers, body
