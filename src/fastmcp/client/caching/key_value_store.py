"""Responses kept in a store of py-key-value."""

from __future__ import annotations

import json
import logging
import time
from typing import Any, Final

from fastmcp._runtime.key_value import KeyValueStore
from fastmcp.exceptions import ConfigurationError

from .entries import CacheEntry, CacheKey

logger: Final = logging.getLogger("fastmcp.client")

DEFAULT_CACHE_COLLECTION: Final = "fastmcp_response_cache"


class KeyValueResponseCacheStore:
    """Keeps responses in any store of py-key-value, under names that tell nothing; a memory of its
    own by default. `clear` concerns its `collection` alone.
    """

    def __init__(
        self, storage: KeyValueStore | None = None, *, collection: str = DEFAULT_CACHE_COLLECTION
    ) -> None:
        self._storage: KeyValueStore = _own_memory() if storage is None else storage
        self._collection = collection

    async def get(self, key: CacheKey) -> CacheEntry | None:
        kept = await self._storage.get(_name(key), collection=self._collection)
        if kept is None:
            return None
        scope = "public" if kept["scope"] == "public" else "private"
        return CacheEntry(kept["json"], scope, kept["expires_at"])

    async def set(self, key: CacheKey, entry: CacheEntry) -> None:
        text = entry.value if isinstance(entry.value, str) else bytes(entry.value).decode()
        kept = {"json": text, "scope": entry.scope, "expires_at": entry.expires_at}
        left = None if entry.expires_at is None else entry.expires_at - time.time()
        ttl = left if left is not None and left > 0 else None
        await self._storage.put(_name(key), kept, collection=self._collection, ttl=ttl)

    async def delete(self, key: CacheKey) -> None:
        await self._storage.delete(_name(key), collection=self._collection)

    async def clear(self) -> None:
        """Forget everything, as far as the store can list its keys or destroy a collection;
        otherwise what is kept goes when its time is over.
        """
        storage: Any = self._storage
        if hasattr(storage, "keys"):
            for name in await storage.keys(collection=self._collection):
                await storage.delete(name, collection=self._collection)
        elif hasattr(storage, "destroy_collection"):
            await storage.destroy_collection(collection=self._collection)
        else:
            logger.warning(
                "A %s can neither list its keys nor destroy a collection, so its responses stay "
                "until their time is over",
                type(storage).__name__,
            )


def _name(key: CacheKey) -> str:
    from hashlib import sha256  # OpenSSL takes its time to load

    return sha256(json.dumps([key.method, key.params_key, key.partition]).encode()).hexdigest()


def _own_memory() -> KeyValueStore:
    try:
        from key_value.aio.stores.memory import MemoryStore
    except ImportError:
        raise ConfigurationError(
            "KeyValueResponseCacheStore() without a storage needs a package: "
            "pip install 'py-key-value-aio[memory]'"
        ) from None
    return MemoryStore()
