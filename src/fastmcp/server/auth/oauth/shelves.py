"""Where an authorization server keeps what it has to remember."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable
from typing import Any, Generic, Protocol, TypeVar

from msgspec import Struct

from fastmcp._oauth.documents import OAuthClientInformationFull

from .kept import (
    Family,
    KeptAccessToken,
    KeptCode,
    KeptRefreshToken,
    SpentCode,
    SpentRefreshToken,
)

T = TypeVar("T")

_ROOM = 1_000


class ShelfLike(Protocol[T]):
    """Documents of one kind by key, each until its time is over: a `Shelf` of OAuth's storage."""

    async def get(self, key: str) -> T | None:
        """The document, None when there is none."""
        ...

    async def put(self, key: str, document: T, ttl: float | None = None) -> None:
        """Keep a document, whatever there was."""
        ...

    async def add(self, key: str, document: T, ttl: float | None = None) -> bool:
        """Keep a document where there is none; whether there was none."""
        ...

    async def swap(self, key: str, old: T, new: T, ttl: float | None = None) -> bool:
        """Keep `new` in the place of `old`; whether that was still there."""
        ...

    async def take(self, key: str) -> T | None:
        """The document, for one caller only."""
        ...

    async def delete(self, key: str) -> bool:
        """Drop a document; whether there was one."""
        ...


class DictShelf(Generic[T]):
    """Documents in a dict that others may look into, of one event loop at a time. `most` of them
    are kept; beyond that the oldest goes.
    """

    def __init__(
        self, documents: dict[str, T], clock: Callable[[], float], most: int = 100_000
    ) -> None:
        self._documents = documents
        self._clock = clock
        self._most = most
        self._ends: dict[str, float] = {}
        self._sweep_at = _ROOM

    async def get(self, key: str) -> T | None:
        if self._ends.get(key, math.inf) <= self._clock():
            self._drop(key)
        return self._documents.get(key)

    async def put(self, key: str, document: T, ttl: float | None = None) -> None:
        self._drop(key)
        self._documents[key] = document
        if ttl is not None:
            self._ends[key] = self._clock() + ttl
        if len(self._documents) > min(self._sweep_at, self._most):
            self._sweep()

    async def add(self, key: str, document: T, ttl: float | None = None) -> bool:
        if await self.get(key) is not None:
            return False
        await self.put(key, document, ttl)
        return True

    async def swap(self, key: str, old: T, new: T, ttl: float | None = None) -> bool:
        if await self.get(key) != old:
            return False
        await self.put(key, new, ttl)
        return True

    async def take(self, key: str) -> T | None:
        found = await self.get(key)
        self._drop(key)
        return found

    async def delete(self, key: str) -> bool:
        return await self.take(key) is not None

    def _drop(self, key: str) -> None:
        self._documents.pop(key, None)
        self._ends.pop(key, None)

    def _sweep(self) -> None:
        now = self._clock()
        for key in [key for key, end in self._ends.items() if end <= now]:
            self._drop(key)
        while len(self._documents) > self._most:
            self._drop(next(iter(self._documents)))
        self._sweep_at = max(_ROOM, 2 * len(self._documents))


class Shelves(Struct, frozen=True):
    """One for each kind."""

    clients: ShelfLike[OAuthClientInformationFull]
    codes: ShelfLike[KeptCode]
    spent_codes: ShelfLike[SpentCode]
    access_tokens: ShelfLike[KeptAccessToken]
    refresh_tokens: ShelfLike[KeptRefreshToken]
    spent_refresh_tokens: ShelfLike[SpentRefreshToken]
    families: ShelfLike[Family]


def shelves_of(storage: Any) -> Shelves:
    """Those in a storage of OAuth."""
    return Shelves(
        storage.shelf("client", OAuthClientInformationFull),
        storage.shelf("code", KeptCode),
        storage.shelf("spent-code", SpentCode),
        storage.shelf("access-token", KeptAccessToken),
        storage.shelf("refresh-token", KeptRefreshToken),
        storage.shelf("spent-refresh-token", SpentRefreshToken),
        storage.shelf("family", Family),
    )


def hashed(text: str) -> str:
    """The key of a secret text, which does not tell it."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
