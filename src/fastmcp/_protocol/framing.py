"""The two byte framings of MCP: newline-delimited messages and server-sent events."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from fastmcp.exceptions import InvalidRequest, RemoteProtocolError


class LineSplitter:
    """Cuts a byte stream into messages at `\\n` only (U+2028 and friends are data).

    A line over `limit` bytes is thrown away up to its end; `feed` reports it once as an error in
    the line's place, so that the reader goes on with the next one.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._buffer = bytearray()
        self._skipping = False

    def feed(self, data: bytes) -> Iterator[bytes | RemoteProtocolError]:
        buffer = self._buffer
        start = len(buffer)
        buffer += data
        begin = 0
        while (end := buffer.find(b"\n", start)) >= 0:
            if self._skipping:
                self._skipping = False
            elif end - begin > self._limit:
                yield self._too_long()
            else:
                line = bytes(buffer[begin:end]).strip(b" \t\r")
                if line:
                    yield line
            begin = start = end + 1
        del buffer[:begin]
        if len(buffer) > self._limit:
            buffer.clear()
            if not self._skipping:
                self._skipping = True
                yield self._too_long()

    def rest(self) -> bytes:
        """What stands after the last newline, for a stream that ended without one."""
        rest = b"" if self._skipping else bytes(self._buffer).strip(b" \t\r")
        self._buffer.clear()
        return rest

    def _too_long(self) -> RemoteProtocolError:
        return InvalidRequest(f"Invalid request: the message is longer than {self._limit} bytes")


class ServerSentEvent(Struct, frozen=True):
    """One event of a stream; `data` is empty for a priming event."""

    data: str
    event: str = "message"
    id: str | None = None
    retry: int | None = None


def encode_event(
    data: bytes, *, event: str | None = "message", id: str | None = None, retry: int | None = None
) -> bytes:
    """One server-sent event whose data is a single line (JSON has no raw newlines)."""
    head = b""
    if event is not None:
        head = b"event: " + event.encode() + b"\r\n"
    if id is not None:
        head += b"id: " + id.encode() + b"\r\n"
    if retry is not None:
        head += b"retry: %d\r\n" % retry
    return head + b"data: " + data + b"\r\n\r\n"


KEEP_ALIVE = b": keep-alive\r\n\r\n"


class EventParser:
    """Reads a `text/event-stream` incrementally (WHATWG HTML, section 9.2.6).

    Events over `limit` bytes are dropped. `last_id` and `retry` (milliseconds) are what a
    reconnection needs.
    """

    def __init__(self, limit: int = 64 * 1024 * 1024) -> None:
        self.last_id: str | None = None
        self.retry: int | None = None
        self._limit = limit
        self._buffer = b""
        self._data: list[str] = []
        self._size = 0
        self._event = "message"
        self._id: str | None = None
        self._seen_retry: int | None = None

    def feed(self, data: bytes) -> Iterator[ServerSentEvent]:
        # A trailing CR may be the first half of CRLF, so it waits for the next chunk.
        held = self._buffer + data
        cut = len(held) - 1 if held.endswith(b"\r") else len(held)
        complete = held[:cut].replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        lines = complete.split(b"\n")
        self._buffer = lines.pop() + held[cut:]
        if len(self._buffer) > self._limit:
            self._buffer = b""
        for line in lines:
            event = self._line(line.decode("utf-8", "replace"))
            if event is not None:
                yield event

    def _line(self, line: str) -> ServerSentEvent | None:
        if not line:
            return self._dispatch()
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if name == "data":
            self._size += len(value)
            if self._size <= self._limit:
                self._data.append(value)
        elif name == "event":
            self._event = value
        elif name == "id" and "\0" not in value:
            self._id = value
        elif name == "retry" and value.isascii() and value.isdigit():
            self._seen_retry = self.retry = int(value)
        return None

    def _dispatch(self) -> ServerSentEvent | None:
        if self._id is not None:
            self.last_id = self._id
        event = None
        if self._data or self._id is not None or self._seen_retry is not None:
            event = ServerSentEvent("\n".join(self._data), self._event, self._id, self._seen_retry)
        self._data, self._size, self._event = [], 0, "message"
        self._id = self._seen_retry = None
        return event
