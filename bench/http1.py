"""As much of an HTTP/1.1 client as the bench needs: a response parser and one connection."""

from __future__ import annotations

import asyncio
import socket
from dataclasses import dataclass


@dataclass(slots=True)
class Response:
    status: int
    head: bytes
    """Status line and headers, in lower case."""
    body: bytes

    def header(self, name: str) -> str | None:
        prefix = name.lower().encode() + b":"
        for line in self.head.split(b"\r\n"):
            if line.startswith(prefix):
                return line[len(prefix) :].strip().decode()
        return None


class ResponseReader:
    """Feed it what the socket gave; it returns the response when it is complete.

    Bodies end by Content-Length or by the last chunk. One request is in flight at a time.
    """

    def __init__(self) -> None:
        self._clear()

    def _clear(self) -> None:
        self.status = 0
        self.received = b""
        self._head = b""
        self._body_at = 0
        self._length: int | None = 0
        self._parts: list[bytes] = []

    def feed(self, data: bytes) -> Response | None:
        self.received = self.received + data if self.received else data
        if not self._body_at and not self._read_head():
            return None
        body = self._chunked_body() if self._length is None else self._sized_body(self._length)
        if body is None:
            return None
        response = Response(self.status, self._head, body)
        self._clear()
        return response

    def _read_head(self) -> bool:
        end = self.received.find(b"\r\n\r\n")
        if end < 0:
            return False
        head = self.received[: end + 2].lower()
        self.status = int(head[9:12])
        length = head.find(b"\r\ncontent-length:")
        if length >= 0:
            self._length = int(head[length + 17 : head.index(b"\r\n", length + 17)])
        else:
            self._length = None if b"\r\ntransfer-encoding: chunked" in head else 0
        self._head = head
        self._body_at = end + 4
        return True

    def _sized_body(self, length: int) -> bytes | None:
        if len(self.received) < self._body_at + length:
            return None
        return self.received[self._body_at : self._body_at + length]

    def _chunked_body(self) -> bytes | None:
        while True:
            line_end = self.received.find(b"\r\n", self._body_at)
            if line_end < 0:
                return None
            size = int(self.received[self._body_at : line_end].partition(b";")[0], 16)
            start = line_end + 2
            if len(self.received) < start + size + 2:
                return None
            if size == 0:
                return b"".join(self._parts)
            self._parts.append(self.received[start : start + size])
            self._body_at = start + size + 2


class Connection:
    """One keep-alive connection, used by one task at a time."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._response = ResponseReader()

    @classmethod
    async def open(cls, port: int, *, receive_buffer: int | None = None) -> Connection:
        sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        if receive_buffer is not None:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        sock.setblocking(False)
        await asyncio.get_running_loop().sock_connect(sock, ("127.0.0.1", port))
        limit = receive_buffer or 2**16
        return cls(*await asyncio.open_connection(sock=sock, limit=limit))

    async def send(self, request: bytes) -> None:
        self._writer.write(request)
        await self._writer.drain()

    async def receive(self) -> Response:
        """The rest of the response in flight."""
        while True:
            data = await self._reader.read(2**16)
            if not data:
                raise ConnectionError("the server closed the connection")
            response = self._response.feed(data)
            if response is not None:
                return response

    async def receive_until(self, marker: bytes) -> bool:
        """Read until `marker` has arrived; False when the response ended without it."""
        while marker not in self._response.received:
            data = await self._reader.read(2**16)
            if not data or self._response.feed(data) is not None:
                return False
        return True

    async def request(self, request: bytes) -> Response:
        await self.send(request)
        return await self.receive()

    def abort(self) -> None:
        """Drop the connection at once, whatever is in flight."""
        self._writer.transport.abort()

    async def close(self) -> None:
        self._writer.close()
        try:
            await self._writer.wait_closed()
        except OSError:
            pass
