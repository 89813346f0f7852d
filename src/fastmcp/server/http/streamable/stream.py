"""Messages on their way to one HTTP response of a session."""

from __future__ import annotations

import asyncio
import secrets
from collections import deque
from collections.abc import Sequence
from typing import Protocol, TypeAlias

from fastmcp.wire.jsonrpc import RequestId

# How many messages, and how many bytes of them, may wait for a client that reads more slowly than
# they come; and how long such a one may take nothing at all until it is given up, in seconds.
BACKLOG = 256
HIGH_WATER = 1024 * 1024
STANDSTILL = 30.0

Item: TypeAlias = tuple[str | None, bytes]
"""A message with the id of its event, which a stream that cannot be resumed has not."""


class Stream:
    """Messages on their way to one HTTP response.

    `awaiting` are the requests it answers; when all are answered it is done. The last reader
    that attached takes the messages; while there is none, the event store alone keeps them.
    `challenge` is that of a caller whose token lacks scopes for what was asked.
    """

    __slots__ = (
        "_id",
        "_items",
        "_moved",
        "_reader",
        "_size",
        "_taken",
        "awaiting",
        "challenge",
        "closed",
        "quiet",
    )

    def __init__(self, id: str, awaiting: set[RequestId], *, quiet: bool = False) -> None:
        self._id = id
        self.awaiting: set[int | str] = awaiting
        self.quiet: bool = quiet
        self.challenge: str | None = None
        self._reader: object = self
        self.closed: bool = False
        self._items: deque[Item] = deque()
        self._size = self._taken = 0
        self._moved: asyncio.Event | None = None

    @property
    def id(self) -> str:
        """Its name. One that was given with a slash at its end is completed by chance when it is
        asked for: without an event store nobody does.
        """
        if self._id[-1] == "/":
            self._id += secrets.token_hex(8)
        return self._id

    @property
    def attached(self) -> bool:
        """Whether a response takes the messages, or is about to."""
        return self._reader is not None

    @property
    def done(self) -> bool:
        """Whether nothing more can come."""
        return self.closed or not self.awaiting

    @property
    def waiting(self) -> int:
        """How many messages have not been taken."""
        return len(self._items)

    @property
    def full(self) -> bool:
        """Whether its reader is so far behind that nobody should add more."""
        behind = len(self._items) > BACKLOG or self._size > HIGH_WATER
        return behind and self.attached and not self.closed

    def push(self, message: bytes, event_id: str | None) -> None:
        """Add a message."""
        if self.attached:
            self._items.append((event_id, message))
            self._size += len(message)
        self._move()

    async def wait_room(self) -> None:
        """Wait until whoever writes the response has caught up, or is given up."""
        while self.full:
            taken = self._taken
            try:
                async with asyncio.timeout(STANDSTILL):
                    while self.full and self._taken == taken:
                        await self._wait_move()
            except TimeoutError:
                self.detach()

    async def take(self, reader: object) -> Item | None:
        """The next message; None when the stream is done, or is no longer this reader's."""
        while self._reader is reader and not self._items:
            if self.done:
                return None
            await self._wait_move()
        if self._reader is not reader:
            return None
        item = self._items.popleft()
        self._size -= len(item[1])
        self._taken += 1
        self._move()
        return item

    def settle(self, id: RequestId) -> None:
        """A request is answered, or never will be."""
        self.awaiting.discard(id)
        self._move()

    def detach(self, reader: object = None) -> None:
        """The response ended before the stream did; nothing, if another one took over."""
        if reader is None or reader is self._reader:
            self._reader = None
            self._items.clear()
            self._size = 0
            self._move()

    def taken_from(self, reader: object) -> bool:
        """Whether another response goes on with the stream."""
        return self.attached and self._reader is not reader

    def attach(self, reader: object) -> None:
        """This response goes on with the stream, in place of the one before."""
        self._reader = reader
        self._move()

    def close(self) -> None:
        """End it."""
        self.closed = True
        self._move()

    def _move(self) -> None:
        if self._moved is not None:
            self._moved.set()
            self._moved = None

    async def _wait_move(self) -> None:
        if self._moved is None:
            self._moved = asyncio.Event()
        await self._moved.wait()


class Readable(Protocol):
    """What a response takes its messages from: `stream`, if that is here."""

    @property
    def stream(self) -> Stream | None: ...

    async def take(self) -> Item | None:
        """The next message; None at the end."""
        ...

    def leave(self) -> None:
        """The response ends before the messages do."""
        ...


class Reader:
    """Takes a stream's messages for one response, in the place of whoever did before.

    `backlog` are messages of the stream that were kept elsewhere, and come first.
    """

    __slots__ = ("_backlog", "_seen", "stream")

    def __init__(self, stream: Stream | None) -> None:
        self.stream: Stream | None = stream
        self._backlog: deque[Item] = deque()
        self._seen: set[str | None] = set()
        if stream is not None:
            stream.attach(self)

    def first(self, backlog: Sequence[Item]) -> None:
        """Take these first; of what the stream brings, not what is among them."""
        self._backlog.extend(backlog)
        self._seen = {event_id for event_id, _ in backlog} - {None}

    async def take(self) -> Item | None:
        """The next message; None at the end, or when another reader goes on with the stream."""
        if self._backlog:
            return self._backlog.popleft()
        if self.stream is None:
            return None
        item = await self.stream.take(self)
        while item is not None and item[0] in self._seen:
            item = await self.stream.take(self)
        return item

    def leave(self) -> None:
        """The response ends before the stream does."""
        if self.stream is not None:
            self.stream.detach(self)
