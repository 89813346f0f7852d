"""Bytes on their way to one reader, who may be slow."""

from __future__ import annotations

import asyncio

# How many bytes may wait before those who can wait have to.
HIGH_WATER = 1024 * 1024
LOW_WATER = HIGH_WATER // 2
# How many more those may add who cannot.
OVERDRAFT = 1024 * 1024
# How much is taken at once: a reader who takes so much in a long time is slow, but is there.
PIECE = 64 * 1024


class Backlog:
    """Bytes on their way to one reader. `taken` counts those that it took."""

    __slots__ = ("_added", "_buffer", "_overdraft", "_room", "closed", "taken")

    def __init__(self) -> None:
        self.taken: int = 0
        self.closed: bool = False
        self._buffer = bytearray()
        self._overdraft = 0
        self._added: asyncio.Future[None] | None = None
        self._room: asyncio.Event | None = None

    @property
    def empty(self) -> bool:
        """Whether the reader has taken everything."""
        return not self._buffer

    @property
    def full(self) -> bool:
        """Whether the reader is so far behind that nobody should add more."""
        return len(self._buffer) > HIGH_WATER

    @property
    def overdrawn(self) -> bool:
        """Whether it was full, and yet so much was added that the reader has to be given up."""
        return self._overdraft > OVERDRAFT

    def push(self, data: bytes) -> None:
        """Add bytes, which nobody takes any more once this is closed."""
        if self.closed:
            return
        if self.full:
            self._overdraft += len(data)
        self._buffer += data
        self._wake()

    async def wait_room(self) -> None:
        """Wait until the reader has caught up, or nobody will read."""
        while self.full and not self.closed:
            if self._room is None:
                self._room = asyncio.Event()
            await self._room.wait()

    async def take(self) -> bytes | None:
        """The next piece for the reader; None when there is none and will be none."""
        while not self._buffer:
            if self.closed:
                return None
            self._added = asyncio.get_running_loop().create_future()
            await self._added
        with memoryview(self._buffer) as view:
            piece = bytes(view[:PIECE])
        del self._buffer[: len(piece)]
        self.taken += len(piece)
        if len(self._buffer) <= LOW_WATER:
            self._give_room()
        return piece

    def close(self, *, discard: bool) -> None:
        """Take no more; what waits is thrown away, or still there to be taken."""
        self.closed = True
        if discard:
            self._buffer.clear()
        self._wake()
        self._give_room()

    def _wake(self) -> None:
        if self._added is not None and not self._added.done():
            self._added.set_result(None)

    def _give_room(self) -> None:
        self._overdraft = 0
        if self._room is not None:
            self._room.set()
            self._room = None
