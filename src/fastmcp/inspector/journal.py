"""What happened in an inspector, in order: for pages that are there, and for those that come."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from time import time
from typing import Any

from msgspec import json

MOST = 20_000
MOST_BYTES = 64 * 1024 * 1024
# So much is handed to a page at a time.
PIECE = 256 * 1024
# How often a quiet stream shows that it is alive, in seconds.
QUIET = 15.0


class Journal:
    """Events, as a Server-Sent Events stream has them. The oldest are dropped when there are more
    than `most`, or when they take more than `most_bytes`.
    """

    def __init__(self, most: int = MOST, most_bytes: int = MOST_BYTES) -> None:
        self._most = most
        self._most_bytes = most_bytes
        self._entries: dict[int, bytes] = {}
        self._first = 1
        self._next = 1
        self._bytes = 0
        self._changed = asyncio.Event()
        self._closed = False

    def add(self, event: str, **members: Any) -> int:
        """Note what has happened just now; its number."""
        number = self._next
        self._next += 1
        entry = encoded(event, {"seq": number, "at": time() * 1000, **members}, number)
        self._entries[number] = entry
        self._bytes += len(entry)
        while self._first < number and self._overflows:
            self._bytes -= len(self._entries.pop(self._first))
            self._first += 1
        self._changed.set()
        return number

    @property
    def _overflows(self) -> bool:
        return len(self._entries) > self._most or self._bytes > self._most_bytes

    def clear(self) -> None:
        """Forget what was."""
        self._entries.clear()
        self._first, self._bytes = self._next, 0

    def close(self) -> None:
        """End every stream."""
        self._closed = True
        self._changed.set()

    async def follow(
        self, after: int, snapshot: Callable[[], dict[str, Any]]
    ) -> AsyncGenerator[bytes]:
        """What happened after the event of that number, and what happens from now on; in between
        an event `snapshot` says what is so now, whatever was dropped. Another one follows where
        something was dropped before it was read.
        """
        end, position = self._next, after + 1
        while position < end:
            piece, position = self._piece(position)
            yield piece
        yield encoded("snapshot", {"first": self._first, **snapshot()})
        while not self._closed:
            overtaken = False
            while position < self._next:
                overtaken = overtaken or position < self._first
                piece, position = self._piece(position)
                yield piece
            if overtaken:
                yield encoded("snapshot", {"first": self._first, **snapshot()})
            self._changed.clear()
            try:
                async with asyncio.timeout(QUIET):
                    await self._changed.wait()
            except TimeoutError:
                yield b":\n\n"  # a page that has gone is noticed so

    def _piece(self, position: int) -> tuple[bytes, int]:
        """Events from that position on, and the position after them."""
        number = max(position, self._first)
        gathered: list[bytes] = []
        size = 0
        while number < self._next and size < PIECE:
            entry = self._entries[number]
            gathered.append(entry)
            size += len(entry)
            number += 1
        return b"".join(gathered), number


def encoded(event: str, members: dict[str, Any], number: int | None = None) -> bytes:
    """One event of a stream; JSON has no line ends in it."""
    head = f"event: {event}\n" if number is None else f"event: {event}\nid: {number}\n"
    return head.encode() + b"data: " + json.encode(members) + b"\n\n"
