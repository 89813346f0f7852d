"""Documents of OAuth in a key-value store of any kind."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Awaitable
from typing import TypeVar
from weakref import WeakKeyDictionary

from fastmcp._runtime.key_value import KeyValueStore
from fastmcp.exceptions import StoreUnavailable

T = TypeVar("T")

COLLECTION = "fastmcp-oauth"


class KeyValueValues:
    """Keeps values in a store of py-key-value-aio, which others open and close.

    Deleting tells one caller only that there was a value, whichever process it is in. `add` and
    `swap` are one step in this process alone: such a store has nothing better.
    """

    def __init__(self, store: KeyValueStore) -> None:
        self._store = store
        self._turns: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Lock] = (
            WeakKeyDictionary()
        )

    async def open(self) -> None:
        """Nothing has to be opened."""

    async def close(self) -> None:
        """It is closed by who made it."""

    async def get(self, key: str) -> bytes | None:
        kept = await _asked(self._store.get(key, collection=COLLECTION))
        return None if kept is None else base64.b64decode(kept["data"])

    async def put(self, key: str, value: bytes, ttl: float | None = None) -> None:
        kept = {"data": base64.b64encode(value).decode()}
        await _asked(self._store.put(key, kept, collection=COLLECTION, ttl=ttl))

    async def add(self, key: str, value: bytes, ttl: float | None = None) -> bool:
        async with self._turn():
            if await self.get(key) is not None:
                return False
            await self.put(key, value, ttl)
            return True

    async def swap(self, key: str, old: bytes, new: bytes, ttl: float | None = None) -> bool:
        async with self._turn():
            if await self.get(key) != old or not await self.delete(key):
                return False
            await self.put(key, new, ttl)
            return True

    async def delete(self, key: str) -> bool:
        return bool(await _asked(self._store.delete(key, collection=COLLECTION)))

    def _turn(self) -> asyncio.Lock:
        return self._turns.setdefault(asyncio.get_running_loop(), asyncio.Lock())


async def _asked(answer: Awaitable[T]) -> T:
    try:
        return await answer
    except Exception as error:
        raise StoreUnavailable(f"The store of OAuth failed: {type(error).__name__}") from error
