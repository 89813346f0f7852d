"""What the workers of a server share, on one host or many: values, logs, topics and groups."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeAlias

Hear: TypeAlias = Callable[[bytes | None], None]
"""Takes a message of a topic; None says that some may have been missed."""


class Backplane(Protocol):
    """Shared by every worker that opens the same one. Names are texts, contents are bytes, times
    are seconds; what has a `ttl` is gone after it.

    Every method raises `StoreUnavailable` when the backplane cannot be reached; the next call
    tries anew. `open` and `close` are called in the event loop that uses it, in pairs, and it may
    be opened again.
    """

    async def open(self) -> None:
        """Connect, for one user more; what is open already is shared."""
        ...

    async def close(self) -> None:
        """One user less; the last one disconnects."""
        ...

    # Values

    async def get(self, key: str) -> bytes | None:
        """The value, None when there is none."""
        ...

    async def put(self, key: str, value: bytes, ttl: float | None = None) -> None:
        """Keep a value, whatever there was."""
        ...

    async def add(self, key: str, value: bytes, ttl: float | None = None) -> bool:
        """Keep a value where there is none; whether there was none."""
        ...

    async def swap(self, key: str, old: bytes, new: bytes, ttl: float | None = None) -> bool:
        """Keep `new` in the place of `old`; whether it was there."""
        ...

    async def touch(self, key: str, ttl: float) -> bool:
        """Let a value live for so long from now; whether it is there."""
        ...

    async def delete(self, key: str) -> bool:
        """Drop a value; whether there was one."""
        ...

    # Logs

    async def append(self, log: str, entry: bytes, *, limit: int, ttl: float) -> str:
        """Add an entry to a log, which keeps about `limit` of them for `ttl` after the last one.

        Returns its position: later ones are greater in the order of the log, none is given twice.
        Positions are made of letters, digits and `-`.
        """
        ...

    async def entries(self, log: str, after: str | None = None) -> list[tuple[str, bytes]]:
        """What a log has, in order: all, or what came after a position; [] for an unknown log.

        Raises:
            ValueError: this is no position.
        """
        ...

    # Topics

    async def publish(self, topic: str, message: bytes) -> bool:
        """Have everybody who subscribes to a topic hear a message, this worker included; False
        when nobody does, nor will.
        """
        ...

    async def subscribe(self, topic: str, hear: Hear) -> None:
        """Have `hear` called with each message of a topic from now on, in the event loop.

        It is called with None when messages may have been missed, as after a lost connection.
        """
        ...

    async def unsubscribe(self, topic: str, hear: Hear) -> None:
        """Hear no more; nothing, if it did not."""
        ...

    # Groups

    async def join(self, group: str, member: str, *, limit: int, ttl: float) -> bool:
        """Become, or stay, one of the `limit` members of a group, for so long from now; False
        when it is full.
        """
        ...

    async def leave(self, group: str, member: str) -> None:
        """Be no member any more."""
        ...
