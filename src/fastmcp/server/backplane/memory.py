"""A backplane in this process."""

from __future__ import annotations

import asyncio
import itertools
import math
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Generic, TypeVar

from .backplane import Hear
from .positions import number_of

T = TypeVar("T")

# So many names are kept before the first look for those whose time is over.
_ROOM = 1_000


class MemoryBackplane:
    """Keeps everything in this process, for all servers that are given the same one, whichever
    threads they run in.
    """

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._values: _Shelf[bytes] = _Shelf(clock)
        self._logs: _Shelf[deque[tuple[int, bytes]]] = _Shelf(clock)
        self._groups: _Shelf[_Members] = _Shelf(clock)
        self._topics: dict[str, list[tuple[asyncio.AbstractEventLoop, Hear]]] = {}
        # Greater than those of a process that ran before.
        self._numbers = itertools.count(time.time_ns() // 1_000)

    async def open(self) -> None:
        """Nothing has to be opened."""

    async def close(self) -> None:
        """What is kept stays for whoever opens it next."""

    # Values

    async def get(self, key: str) -> bytes | None:
        with self._lock:
            return self._values.get(key)

    async def put(self, key: str, value: bytes, ttl: float | None = None) -> None:
        with self._lock:
            self._values.put(key, value, ttl)

    async def add(self, key: str, value: bytes, ttl: float | None = None) -> bool:
        with self._lock:
            if self._values.get(key) is not None:
                return False
            self._values.put(key, value, ttl)
            return True

    async def swap(self, key: str, old: bytes, new: bytes, ttl: float | None = None) -> bool:
        with self._lock:
            if self._values.get(key) != old:
                return False
            self._values.put(key, new, ttl)
            return True

    async def touch(self, key: str, ttl: float) -> bool:
        with self._lock:
            value = self._values.get(key)
            if value is None:
                return False
            self._values.put(key, value, ttl)
            return True

    async def delete(self, key: str) -> bool:
        with self._lock:
            return self._values.pop(key) is not None

    # Logs

    async def append(self, log: str, entry: bytes, *, limit: int, ttl: float) -> str:
        with self._lock:
            entries = self._logs.get(log)
            if entries is None or entries.maxlen != limit:
                entries = deque(entries or (), maxlen=limit)
            number = next(self._numbers)
            entries.append((number, entry))
            self._logs.put(log, entries, ttl)
            return str(number)

    async def entries(self, log: str, after: str | None = None) -> list[tuple[str, bytes]]:
        last = -1 if after is None else number_of(after)
        with self._lock:
            entries = self._logs.get(log) or ()
            return [(str(number), entry) for number, entry in entries if number > last]

    # Topics

    async def publish(self, topic: str, message: bytes) -> bool:
        with self._lock:
            listeners = tuple(self._topics.get(topic, ()))
        heard = False
        for loop, hear in listeners:
            try:
                loop.call_soon_threadsafe(self._tell, topic, (loop, hear), message)
                heard = True
            except RuntimeError:  # that loop is closed
                self._forget(topic, (loop, hear))
        return heard

    def _tell(
        self, topic: str, listener: tuple[asyncio.AbstractEventLoop, Hear], message: bytes
    ) -> None:
        with self._lock:
            there = listener in self._topics.get(topic, ())
        if there:
            listener[1](message)

    async def subscribe(self, topic: str, hear: Hear) -> None:
        listener = asyncio.get_running_loop(), hear
        with self._lock:
            listeners = self._topics.setdefault(topic, [])
            if listener not in listeners:
                listeners.append(listener)

    async def unsubscribe(self, topic: str, hear: Hear) -> None:
        self._forget(topic, (asyncio.get_running_loop(), hear))

    def _forget(self, topic: str, listener: tuple[asyncio.AbstractEventLoop, Hear]) -> None:
        with self._lock:
            listeners = self._topics.get(topic, [])
            if listener in listeners:
                listeners.remove(listener)
                if not listeners:
                    del self._topics[topic]

    # Groups

    async def join(self, group: str, member: str, *, limit: int, ttl: float) -> bool:
        now = self._clock()
        with self._lock:
            members = self._groups.get(group)
            if members is None:
                members = _Members()
            joined = members.join(member, now, now + ttl, limit)
            self._groups.put(group, members, members.last - now)
            return joined

    async def leave(self, group: str, member: str) -> None:
        with self._lock:
            members = self._groups.get(group)
            if members is not None:
                members.ends.pop(member, None)


class _Members:
    """Those of a group, each until its time is over; `last` is when it is for all of them."""

    def __init__(self) -> None:
        self.ends: dict[str, float] = {}
        self.last = -math.inf
        # Before that it is for none of them.
        self._first = math.inf

    def join(self, member: str, now: float, end: float, limit: int) -> bool:
        if member not in self.ends and len(self.ends) >= limit:
            self._drop_what_is_over(now)
            if len(self.ends) >= limit:
                return False
        self.ends[member] = end
        self._first = min(self._first, end)
        self.last = max(self.last, end)
        return True

    def _drop_what_is_over(self, now: float) -> None:
        if self._first <= now:
            self.ends = {name: end for name, end in self.ends.items() if end > now}
            self._first = min(self.ends.values(), default=math.inf)


class _Shelf(Generic[T]):
    """Things by name, each until its time is over.

    What nobody asks for again is found when there are twice as many names as after the last look.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._things: dict[str, tuple[T, float]] = {}
        self._room = _ROOM

    def get(self, name: str) -> T | None:
        held = self._things.get(name)
        if held is None:
            return None
        if held[1] <= self._clock():
            del self._things[name]
            return None
        return held[0]

    def put(self, name: str, thing: T, ttl: float | None) -> None:
        self._things[name] = thing, math.inf if ttl is None else self._clock() + ttl
        if len(self._things) > self._room:
            now = self._clock()
            self._things = {name: held for name, held in self._things.items() if held[1] > now}
            self._room = max(_ROOM, 2 * len(self._things))

    def pop(self, name: str) -> T | None:
        thing = self.get(name)
        self._things.pop(name, None)
        return thing
