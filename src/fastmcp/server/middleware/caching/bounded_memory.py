"""BoundedMemory: a key-value store in this process that cannot grow without limit."""

from __future__ import annotations

import math
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Any, SupportsFloat, TypeAlias

_Place: TypeAlias = tuple[str | None, str]


class BoundedMemory:
    """Keeps what was used last: at most so many values, and so many characters of text in them."""

    def __init__(
        self,
        *,
        max_entries: int = 10_000,
        max_size: int = 64 * 1024 * 1024,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._max_entries = max_entries
        self._max_size = max_size
        self._clock = clock
        self._lock = threading.Lock()
        self._values: OrderedDict[_Place, tuple[Mapping[str, Any], float]] = OrderedDict()
        self._size = 0

    async def get(self, key: str, *, collection: str | None = None) -> Mapping[str, Any] | None:
        return self.held(key, collection)

    def held(self, key: str, collection: str | None = None) -> Mapping[str, Any] | None:
        """The same at once."""
        place = (collection, key)
        with self._lock:
            found = self._values.get(place)
            if found is None:
                return None
            value, ends = found
            if ends <= self._clock():
                self._drop(place)
                return None
            self._values.move_to_end(place)
            return value

    async def put(
        self,
        key: str,
        value: Mapping[str, Any],
        *,
        collection: str | None = None,
        ttl: SupportsFloat | None = None,
    ) -> None:
        ends = math.inf if ttl is None else self._clock() + float(ttl)
        place = (collection, key)
        with self._lock:
            self._drop(place)
            self._values[place] = (value, ends)
            self._size += _size(value)
            while len(self._values) > self._max_entries or self._size > self._max_size:
                self._drop(next(iter(self._values)))

    async def delete(self, key: str, *, collection: str | None = None) -> bool:
        with self._lock:
            return self._drop((collection, key))

    def _drop(self, place: _Place) -> bool:
        held = self._values.pop(place, None)
        if held is not None:
            self._size -= _size(held[0])
        return held is not None


def _size(value: Mapping[str, Any]) -> int:
    return sum(len(each) for each in value.values() if isinstance(each, str))
