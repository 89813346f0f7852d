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
        self._begun = False
        self._after_cr = False
        self._held: list[bytes] = []
        self._line_size = 0
        self._size = 0
        self._data: list[str] = []
        self._event = "message"
        self._id: str | None = None
        self._seen_retry: int | None = None

    def feed(self, data: bytes) -> Iterator[ServerSentEvent]:
        # A CR ends its line at once, so an LF at the start of the next chunk ends none.
        if self._after_cr and data.startswith(b"\n"):
            data, self._after_cr = data[1:], False
        if not data:
            return
        self._after_cr = data.endswith(b"\r")
        *lines, rest = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
        for line in lines:
            self._hold(line)
            event = self._end_line()
            if event is not None:
                yield event
        self._hold(rest)

    def _hold(self, piece: bytes) -> None:
        self._line_size += len(piece)
        self._size += len(piece)
        if self._size > self._limit:
            self._held.clear()
        elif piece:
            self._held.append(piece)

    def _end_line(self) -> ServerSentEvent | None:
        line, size = b"".join(self._held), self._line_size
        self._held.clear()
        self._line_size = 0
        if not size:
            return self._dispatch()
        if not self._begun:
            self._begun = True
            line = line.removeprefix(b"\xef\xbb\xbf")
        self._line(line.decode("utf-8", "replace"))
        return None

    def _line(self, line: str) -> None:
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if name == "data":
            self._data.append(value)
        elif name == "event":
            self._event = value or "message"
        elif name == "id" and "\0" not in value:
            self._id = value
        elif name == "retry" and value.isascii() and value.isdigit() and len(value) < 10:
            self._seen_retry = self.retry = int(value)

    def _dispatch(self) -> ServerSentEvent | None:
        if self._id is not None:
            self.last_id = self._id
        event = None
        said = self._data or self._id is not None or self._seen_retry is not None
        if said and self._size <= self._limit:
            event = ServerSentEvent("\n".join(self._data), self._event, self._id, self._seen_retry)
        self._data, self._size, self._event = [], 0, "message"
        self._id = self._seen_retry = None
        return event
