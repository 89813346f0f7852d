"""One write for all that a turn of the event loop has to say on a connection.

uvicorn writes the head of a response and its body one after the other. Each write is a system call
and a segment for which the client wakes up: the two of a small answer cost more than the rest of
its way through uvicorn. uvloop's transports gather them; asyncio's do not.
"""

from __future__ import annotations

import asyncio
from typing import Any, Final

# What goes out without waiting for the end of the turn, in bytes: so much that another system call
# is cheaper than a copy, and what bounds the buffer, of which flow control knows nothing.
MUCH: Final = 16 * 1024


def gathering(transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> asyncio.Transport:
    """A transport that gathers what is written in one turn of the loop; the same, if it does."""
    if type(transport).__module__.startswith("uvloop"):
        return transport
    return GatheringTransport(transport, loop)


class GatheringTransport(asyncio.Transport):
    """Another transport, which is written to once in each turn of the loop."""

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__()
        self._transport = transport
        self._loop = loop
        self._parts: list[bytes | bytearray | memoryview] = []
        self._size = 0

    def write(self, data: bytes | bytearray | memoryview) -> None:
        if len(data) > MUCH:
            self._flush()
            self._transport.write(data)
            return
        if not self._parts:
            self._loop.call_soon(self._flush)
        self._parts.append(data)
        self._size += len(data)
        if self._size > MUCH:
            self._flush()

    def _flush(self) -> None:
        if not self._parts:
            return
        parts, self._parts, self._size = self._parts, [], 0
        if not self._transport.is_closing():
            # writelines() of Python 3.12 and 3.13 forgot to tell when it is too much.
            self._transport.write(b"".join(parts))

    def close(self) -> None:
        self._flush()
        self._transport.close()

    def write_eof(self) -> None:
        self._flush()
        self._transport.write_eof()

    def abort(self) -> None:
        self._parts, self._size = [], 0
        self._transport.abort()

    def get_write_buffer_size(self) -> int:
        return self._size + self._transport.get_write_buffer_size()

    # What is the other transport's alone

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return self._transport.get_extra_info(name, default)

    def is_closing(self) -> bool:
        return self._transport.is_closing()

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        self._transport.set_protocol(protocol)

    def get_protocol(self) -> asyncio.BaseProtocol:
        return self._transport.get_protocol()

    def is_reading(self) -> bool:
        return self._transport.is_reading()

    def pause_reading(self) -> None:
        self._transport.pause_reading()

    def resume_reading(self) -> None:
        self._transport.resume_reading()

    def can_write_eof(self) -> bool:
        return self._transport.can_write_eof()

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        self._transport.set_write_buffer_limits(high, low)

    def get_write_buffer_limits(self) -> tuple[int, int]:
        return self._transport.get_write_buffer_limits()
