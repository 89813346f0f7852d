"""Remembering what a modern server answered for as long as it says that one may (SEP-2549)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastmcp._lazy import lazy_names

if TYPE_CHECKING:
    from .config import MAX_TTL_MS as MAX_TTL_MS
    from .config import CacheConfig as CacheConfig
    from .entries import CacheEntry as CacheEntry
    from .entries import CacheKey as CacheKey
    from .entries import CacheMode as CacheMode
    from .entries import ResponseCacheStore as ResponseCacheStore
    from .key_value_store import DEFAULT_CACHE_COLLECTION as DEFAULT_CACHE_COLLECTION
    from .key_value_store import KeyValueResponseCacheStore as KeyValueResponseCacheStore
    from .memory_store import InMemoryResponseCacheStore as InMemoryResponseCacheStore

__all__ = [
    "DEFAULT_CACHE_COLLECTION",
    "MAX_TTL_MS",
    "CacheConfig",
    "CacheEntry",
    "CacheKey",
    "CacheMode",
    "InMemoryResponseCacheStore",
    "KeyValueResponseCacheStore",
    "ResponseCacheStore",
]

lazy_names(
    __name__,
    {
        "DEFAULT_CACHE_COLLECTION": ".key_value_store",
        "MAX_TTL_MS": ".config",
        "CacheConfig": ".config",
        "CacheEntry": ".entries",
        "CacheKey": ".entries",
        "CacheMode": ".entries",
        "InMemoryResponseCacheStore": ".memory_store",
        "KeyValueResponseCacheStore": ".key_value_store",
        "ResponseCacheStore": ".entries",
    },
)
