"""OAuthStorage: documents by kind and key, each until its time is over."""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any, Final, Generic, TypeVar

import msgspec

from .values import Values

T = TypeVar("T")

logger: Final = logging.getLogger("fastmcp.server.auth.storage")


class OAuthStorage:
    """Keeps documents in `values`. It is opened by its first use; `open` and `close` do it in
    order, in pairs, in the event loop that uses it.

    Everything raises `StoreUnavailable` when the store cannot be reached.
    """

    def __init__(self, values: Values) -> None:
        self._values = values

    async def open(self) -> None:
        """Connect, for one user more."""
        await self._values.open()

    async def close(self) -> None:
        """One user less; the last one disconnects."""
        await self._values.close()

    @asynccontextmanager
    async def opened(self) -> AsyncGenerator[None]:
        """Open inside of it."""
        await self.open()
        try:
            yield
        finally:
            await self.close()

    def shelf(self, kind: str, of: type[T] | Any = dict[str, Any]) -> Shelf[T]:
        """The documents of one kind, which are of one type: a struct of msgspec, or a mapping."""
        return Shelf(self._values, kind, of)


class Shelf(Generic[T]):
    """Documents of one kind, by key; times are in seconds, None is for good.

    A document that is not of the shelf's type, as of another version, is as if it were not there.
    """

    def __init__(self, values: Values, kind: str, of: Any) -> None:
        self._values = values
        self._kind = kind
        self._decoder = msgspec.json.Decoder(of)

    async def get(self, key: str) -> T | None:
        """The document, None when there is none."""
        return self._read(await self._values.get(self._name(key)))

    async def put(self, key: str, document: T, ttl: float | None = None) -> None:
        """Keep a document, whatever there was."""
        await self._values.put(self._name(key), msgspec.json.encode(document), ttl)

    async def add(self, key: str, document: T, ttl: float | None = None) -> bool:
        """Keep a document where there is none; whether there was none."""
        return await self._values.add(self._name(key), msgspec.json.encode(document), ttl)

    async def swap(self, key: str, old: T, new: T, ttl: float | None = None) -> bool:
        """Keep `new` in the place of `old`, as it was got; whether that was still there."""
        before, after = msgspec.json.encode(old), msgspec.json.encode(new)
        return await self._values.swap(self._name(key), before, after, ttl)

    async def take(self, key: str) -> T | None:
        """The document, for one caller only: it is gone, and nobody else gets it."""
        name = self._name(key)
        found = await self._values.get(name)
        if found is None or not await self._values.delete(name):
            return None
        return self._read(found)

    async def delete(self, key: str) -> bool:
        """Drop a document; whether there was one."""
        return await self._values.delete(self._name(key))

    def _name(self, key: str) -> str:
        return f"oauth/{self._kind}/{key}"

    def _read(self, kept: bytes | None) -> T | None:
        if kept is None:
            return None
        try:
            return self._decoder.decode(kept)
        except msgspec.ValidationError:
            logger.warning("A document in %r is not of this version; it is left out", self._kind)
            return None
