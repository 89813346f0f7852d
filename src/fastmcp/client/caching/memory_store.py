"""Responses kept in this process."""

from __future__ import annotations

from collections import OrderedDict

from fastmcp.exceptions import ConfigurationError

from .entries import CacheEntry, CacheKey

MAX_BYTES = 64 * 1024 * 1024


class InMemoryResponseCacheStore:
    """Keeps at most so many responses, and so many bytes of them: those that were used last. With
    0 there is no such limit.
    """

    def __init__(self, *, max_entries: int = 1024, max_bytes: int = MAX_BYTES) -> None:
        for name, limit in (("max_entries", max_entries), ("max_bytes", max_bytes)):
            if limit < 0:
                raise ConfigurationError(f"{name}={limit}: it must not be negative")
        self._max_entries = max_entries
        self._max_bytes = max_bytes
        self._bytes = 0
        self._entries: OrderedDict[CacheKey, CacheEntry] = OrderedDict()

    async def get(self, key: CacheKey) -> CacheEntry | None:
        entry = self._entries.get(key)
        if entry is not None:
            self._entries.move_to_end(key)
        return entry

    async def set(self, key: CacheKey, entry: CacheEntry) -> None:
        self._drop(key)
        size = _size(key, entry)
        if self._max_bytes and size > self._max_bytes:
            return
        self._entries[key] = entry
        self._bytes += size
        while self._is_full():
            self._drop(next(iter(self._entries)))

    async def delete(self, key: CacheKey) -> None:
        self._drop(key)

    async def clear(self) -> None:
        self._entries.clear()
        self._bytes = 0

    def _is_full(self) -> bool:
        too_many = 0 < self._max_entries < len(self._entries)
        return too_many or 0 < self._max_bytes < self._bytes

    def _drop(self, key: CacheKey) -> None:
        entry = self._entries.pop(key, None)
        if entry is not None:
            self._bytes -= _size(key, entry)


def _size(key: CacheKey, entry: CacheEntry) -> int:
    value = entry.value
    return len(key.params_key) + (len(value) if isinstance(value, (bytes, str)) else 0)
