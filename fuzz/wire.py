"""Bytes of HTTP/1.1 itself: both parsers have to read the same requests in them, or none.

There is no third reader to compare with. What the two say is compared, and what each of them says
of the same bytes in one piece and in many.
"""

from __future__ import annotations

import asyncio
import logging
from random import Random
from typing import Any, TypeAlias

from uvicorn import Config
from uvicorn.server import ServerState

from fastmcp.server.http.serving.bounded_protocol import bounded_protocol

from .oracle import Wrong
from .targets import Complaints

Seen: TypeAlias = tuple[str, bytes, bytes, bytes]

_BODY = b'{"method":"ping"}'
_TAIL = b"GET /tail HTTP/1.1\r\nHost: a\r\n\r\n"
_LINES = [
    b"Content-Length: 17",
    b"Content-Length: 5",
    b"Content-Length: 17, 17",
    b"Transfer-Encoding: chunked",
    b"transfer-encoding:chunked",
    b"Transfer-Encoding: identity",
    b"Transfer-Encoding: gzip, chunked",
    b"Connection: close",
    b"Connection: upgrade",
    b"Upgrade: h2c",
    b"Expect: 100-continue",
    b"Host: b",
    b"X: 1",
    b" folded",
]
_TARGETS = [b"/", b"/mcp", b"//a/b", b"/a?b=c", b"*", b"http://a/", b"a:80", b"/%00", b"/a#b"]
_VERSIONS = [b"HTTP/1.1", b"HTTP/1.1", b"HTTP/1.1", b"HTTP/1.0", b"HTTP/2.0", b"HTTP/0.9", b""]
_METHODS = [b"POST", b"POST", b"GET", b"OPTIONS", b"CONNECT", b"DELETE"]
_SIZES = [b"11", b"11;a=b", b"011", b"+11", b"0x11", b"5", b"-1", b"11 ", b"FFFFFFFFFFFFFFFFF"]
_SCRAPS = [b"\r", b"\n", b"\r\n", b" ", b"\t", b"\0", b":", b"\x0b", b"0\r\n\r\n", b"\xff", b";"]


def plain(rng: Random) -> bytes:
    """A request that nothing is wrong with, in one of its forms."""
    head = b"POST /plain HTTP/1.1\r\nHost: a\r\n"
    if rng.random() < 0.5:
        return head + b"Content-Length: 17\r\n\r\n" + _BODY
    return head + b"Transfer-Encoding: chunked\r\n\r\n11\r\n" + _BODY + b"\r\n0\r\n\r\n"


def odd(rng: Random) -> bytes:
    """A request of parts that may or may not go together."""
    head = [b" ".join((rng.choice(_METHODS), rng.choice(_TARGETS), rng.choice(_VERSIONS)))]
    head += [b"Host: a", *rng.choices(_LINES, k=rng.choice([0, 1, 1, 2, 3]))]
    body = rng.choice([b"", _BODY, rng.choice(_SIZES) + b"\r\n" + _BODY + b"\r\n0\r\n\r\n"])
    return b"\r\n".join([*head, b"", body])


def stream(rng: Random) -> bytes:
    """What a connection brings: requests, damaged or not, and one at the end."""
    data = b"".join(rng.choice((plain, plain, odd))(rng) for _ in range(rng.choice([1, 1, 2, 3])))
    for _ in range(rng.choice([0, 1, 1, 1, 2])):
        at = rng.randrange(len(data) + 1)
        cut = rng.choice([0, 0, 1, 2, 5])
        data = data[:at] + rng.choice([b"", *_SCRAPS, *_LINES]) + data[at + cut :]
    return data + _TAIL


class Wire(asyncio.Transport):
    """The other end of a protocol's connection, without a socket."""

    def __init__(self) -> None:
        super().__init__({"sockname": ("127.0.0.1", 1), "peername": ("127.0.0.1", 2)})
        self.written = b""
        self.closed = self.paused = self.ended = False

    def write(self, data: Any) -> None:
        if self.ended:
            raise RuntimeError("written after the end")
        if not self.closed:
            self.written += data

    def can_write_eof(self) -> bool:
        return True

    def write_eof(self) -> None:
        self.ended = True

    def is_closing(self) -> bool:
        return self.closed

    def close(self) -> None:
        self.closed = True

    abort = close

    def pause_reading(self) -> None:
        self.paused = True

    def resume_reading(self) -> None:
        self.paused = False


class Parsers:
    """Both parsers, each with an application that keeps what it is asked."""

    def __init__(self, log: Complaints) -> None:
        self._log = log
        self._seen: list[Seen] = []
        self._configs: dict[str, Config] = {}
        logging.getLogger("uvicorn.error").setLevel(logging.ERROR)
        for name in ("httptools", "h11"):
            http = bounded_protocol(name)  # type: ignore[arg-type]
            config = Config(
                self._answer,
                http=http,
                interface="asgi3",
                log_config=None,
                access_log=False,
                proxy_headers=False,
                lifespan="off",
                ws="none",
            )
            config.load()
            self._configs[name] = config

    async def _answer(self, scope: Any, receive: Any, send: Any) -> None:
        body, more = b"", True
        while more:
            message = await receive()
            if message["type"] != "http.request":
                return
            body += message["body"]
            more = message["more_body"]
        names = b",".join(sorted(name for name, _ in scope["headers"] if name != b"upgrade"))
        self._seen.append((scope["method"], scope["raw_path"], names, body))
        headers = [(b"content-length", b"2")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"ok"})

    async def run(self, data: bytes) -> None:
        """Feed the bytes to each, whole and in pieces, and compare."""
        if not data:
            return
        rng = Random(data)
        whole = {name: await self._read(name, [data]) for name in self._configs}
        cuts = sorted({rng.randrange(1, len(data) + 1) for _ in range(rng.choice([1, 3, 10]))})
        pieces = [data[a:b] for a, b in zip([0, *cuts], [*cuts, len(data)], strict=True) if a < b]
        for name, seen in whole.items():
            again = await self._read(name, pieces)
            if again != seen:
                raise Wrong(f"{name} in pieces: {again} and not {seen}")
        self._log.check()
        for one, other in zip(whole["httptools"], whole["h11"], strict=False):
            if one != other:
                raise Wrong(f"two readings: {one} by httptools and {other} by h11")

    async def check(self, rng: Random) -> None:
        """What nothing is wrong with has to be served."""
        for name in self._configs:
            seen = await self._read(name, [plain(rng) + plain(rng) + _TAIL])
            if [path for _, path, _, _ in seen] != [b"/plain", b"/plain", b"/tail"]:
                raise Wrong(f"{name} served {seen}")

    async def _read(self, name: str, pieces: list[bytes]) -> list[Seen]:
        self._seen = []
        state, wire = ServerState(), Wire()
        config = self._configs[name]
        protocol: Any = config.http_protocol_class(config=config, server_state=state, app_state={})
        protocol.connection_made(wire)
        for piece in pieces:
            if not wire.closed:
                protocol.data_received(piece)
                await _settle(wire)
        answers = wire.written.count(b"HTTP/1.1 200 ")
        protocol.connection_lost(None)
        if state.tasks:
            _, stuck = await asyncio.wait(state.tasks, timeout=5)
            if stuck:
                raise Wrong(f"{name} leaves its application waiting")
        if answers != len(self._seen):
            raise Wrong(f"{name} served {len(self._seen)} requests with {answers} answers")
        return self._seen


async def _settle(wire: Wire) -> None:
    """Let the application come to rest: it writes something every few steps until then."""
    before = -1
    while before != len(wire.written):
        before = len(wire.written)
        for _ in range(4):
            await asyncio.sleep(0)
