"""Where OAuth's documents are kept, as bytes: the values of a backplane, and nothing else of it."""

from __future__ import annotations

from typing import Protocol


class Values(Protocol):
    """Every `Backplane` is one; all of its promises hold."""

    async def open(self) -> None:
        """Connect, for one user more."""
        ...

    async def close(self) -> None:
        """One user less; the last one disconnects."""
        ...

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

    async def delete(self, key: str) -> bool:
        """Drop a value; whether there was one."""
        ...
