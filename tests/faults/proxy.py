"""A TCP proxy in front of an HTTP server, which does to single exchanges what a test says."""

from __future__ import annotations

import asyncio
import json
import socket
import struct
import threading
from collections.abc import Coroutine
from contextlib import closing, suppress
from dataclasses import dataclass
from typing import Any, Literal

SECONDS = 20
End = Literal["reset", "end", "silence"]


@dataclass(frozen=True)
class Fault:
    """What becomes of one exchange: `given` stands in for the server's answer. Of the answer passes
    as much as goes up to the text `after` (all of it when that is None), in pieces of so many bytes
    with pauses in between; `then` is how it ends there.
    """

    given: bytes | None = None
    after: bytes | None = None
    then: End | None = None
    reaches_server: bool = True
    piece: int = 0
    pause: float = 0.0


def answered(status: int, body: bytes | str = b"", **headers: str) -> Fault:
    """The server is not asked, and this answered instead; `_` in a header's name stands for `-`."""
    content = body.encode() if isinstance(body, str) else body
    lines = [f"HTTP/1.1 {status} Anything", f"content-length: {len(content)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return Fault("\r\n".join([*lines, "", ""]).encode() + content, reaches_server=False)


def raw(answer: bytes, then: End = "end") -> Fault:
    """The server is not asked; these bytes come, and the connection is ended."""
    return Fault(answer, after=b"", then=then, reaches_server=False)


def reset(after: bytes = b"") -> Fault:
    """The server is asked, and the connection reset once that has come of its answer."""
    return Fault(after=after, then="reset")


def ended(after: bytes = b"") -> Fault:
    """The server is asked, and the connection closed once that has come of its answer."""
    return Fault(after=after, then="end")


def silent(after: bytes = b"") -> Fault:
    """The server is asked, and the connection stays open, but nothing more comes over it."""
    return Fault(after=after, then="silence")


def lost(then: End = "reset") -> Fault:
    """The request does not reach the server."""
    return Fault(b"", after=b"", then=then, reaches_server=False)


def slow(piece: int = 1, pause: float = 0.001) -> Fault:
    """The answer comes in small pieces."""
    return Fault(piece=piece, pause=pause)


@dataclass
class Asked:
    """A request that came by."""

    verb: str
    headers: dict[str, str]
    body: bytes

    @property
    def method(self) -> str:
        """The method of MCP, or that of HTTP where there is none: a GET, or a DELETE."""
        with suppress(ValueError, TypeError, KeyError):
            return json.loads(self.body)["method"]
        return self.verb


@dataclass
class _Rule:
    fault: Fault
    method: str
    times: int


class Proxy:
    """Listens at `url`, while it is entered, for a server on a port of this machine. What it does
    may be changed, and what it has seen be read, from any thread.
    """

    def __init__(self, server: int) -> None:
        self.server = server
        self.port = 0
        self.asked: list[Asked] = []
        self.open = 0
        """How many connections of clients there are."""
        self._rules: list[_Rule] = []
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run)
        self._listener: asyncio.Server | None = None
        self._connections: set[asyncio.Task[None]] = set()

    @property
    def url(self) -> str:
        """Where the server can be reached through this."""
        return f"http://127.0.0.1:{self.port}/mcp"

    def __enter__(self) -> Proxy:
        self._thread.start()
        self.listen()
        return self

    def __exit__(self, *_: object) -> None:
        self.refuse()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(SECONDS)
        assert not self._thread.is_alive()

    def meet(self, fault: Fault, method: str = "tools/call", times: int = 1) -> None:
        """Do that to so many of the next requests of a method; `*` is any."""
        self._rules.append(_Rule(fault, method, times))

    def count(self, method: str = "tools/call") -> int:
        """How many requests of a method came."""
        return sum(request.method == method for request in self.asked)

    def fault_for(self, request: Asked) -> Fault | None:
        """Take note of a request; what is to be done to it."""
        self.asked.append(request)
        for rule in self._rules:
            if rule.times and rule.method in ("*", request.method):
                rule.times -= 1
                return rule.fault
        return None

    def listen(self) -> None:
        """Take connections (again), at the same port."""
        self._do(self._listen())

    def refuse(self) -> None:
        """Take no more connections, and reset those that there are."""
        self._do(self._refuse())

    def _do(self, work: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(SECONDS)

    def _run(self) -> None:
        with closing(self._loop):
            self._loop.run_forever()

    async def _listen(self) -> None:
        self._listener = await asyncio.start_server(self._accept, "127.0.0.1", self.port)
        self.port = self._listener.sockets[0].getsockname()[1]

    async def _refuse(self) -> None:
        if self._listener is not None:
            self._listener.close()
            self._listener = None
        tasks = list(self._connections)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.sleep(0.01)  # for the transports, which close in a turn of their own

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._connections.add(task)
        self.open += 1
        pipe = _Pipe(self, reader, writer)
        try:
            await pipe.run()
        except (OSError, EOFError, asyncio.CancelledError):
            pass
        finally:
            await pipe.close("reset")
            self.open -= 1
            self._connections.discard(task)


class _Pipe:
    """One connection of a client, and the one to the server that goes with it."""

    def __init__(
        self, proxy: Proxy, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self._proxy = proxy
        self._reader = reader
        self._writer = writer
        self._server: asyncio.StreamWriter | None = None
        self._answers: asyncio.Task[None] | None = None
        self._fault: Fault | None = None
        self._come = b""

    async def run(self) -> None:
        """Serve the client until it leaves, or is made to."""
        while True:
            head, request = await self._read_request()
            fault = self._proxy.fault_for(request)
            if fault is not None and fault.given is not None:
                await self._write(fault.given, fault)
                await self._finish(fault)
            if fault is None or fault.reaches_server:
                self._fault, self._come = fault, b""
                await self._ask(head + request.body)

    async def _read_request(self) -> tuple[bytes, Asked]:
        head = await self._reader.readuntil(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")[:-2]
        pairs = [line.partition(":") for line in lines]
        headers = {name.lower(): value.strip() for name, _, value in pairs}
        body = await self._reader.readexactly(int(headers.get("content-length", 0)))
        return head, Asked(first.split(" ")[0], headers, body)

    async def _ask(self, request: bytes) -> None:
        if self._server is None:
            reader, self._server = await asyncio.open_connection("127.0.0.1", self._proxy.server)
            self._answers = asyncio.create_task(self._pass_on(reader))
        self._server.write(request)
        await self._server.drain()

    async def _pass_on(self, reader: asyncio.StreamReader) -> None:
        """What the server answers, as far as the fault of the request lets it."""
        try:
            while data := await reader.read(65536):
                fault = self._fault
                if fault is None or fault.after is None:
                    await self._write(data, fault)
                    continue
                self._come += data
                at = self._come.find(fault.after)
                surplus = 0 if at < 0 else len(self._come) - at - len(fault.after)
                await self._write(data[: len(data) - surplus], fault)
                if at >= 0 and fault.then == "silence":
                    return  # the client's leaving ends it
                if at >= 0:
                    self._leave(fault.then)
                    return
            self._leave("end")
        except OSError:
            self._leave("reset")

    async def _finish(self, fault: Fault) -> None:
        """End what was given in place of an answer."""
        if fault.then == "silence":
            while await self._reader.read(65536):
                pass
        if fault.then is not None:
            self._leave(fault.then)
            raise EOFError

    async def _write(self, data: bytes, fault: Fault | None) -> None:
        size = (fault.piece if fault is not None else 0) or len(data) or 1
        for at in range(0, len(data), size):
            self._writer.write(data[at : at + size])
            await self._writer.drain()
            if fault is not None and fault.pause:
                await asyncio.sleep(fault.pause)

    def _leave(self, how: End | None) -> None:
        if how == "reset":
            sock: socket.socket | None = self._writer.get_extra_info("socket")
            if sock is not None and sock.fileno() >= 0:
                now = struct.pack("ii", 1, 0)
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, now)
            self._writer.transport.abort()
        else:
            self._writer.close()

    async def close(self, how: End) -> None:
        """End both connections."""
        if not self._writer.is_closing():
            self._leave(how)
        if self._server is not None:
            self._server.close()
        if self._answers is not None:
            self._answers.cancel()
            await asyncio.gather(self._answers, return_exceptions=True)
