"""State kept in this process."""

from __future__ import annotations

import math
import threading
import time
from collections import OrderedDict, defaultdict
from collections.abc import Callable

from fastmcp.exceptions import ConfigurationError

from .store import Address


class _Session:
    """What one session keeps, each value with the time of its end; `ends` is the last of them."""

    __slots__ = ("ends", "values")

    def __init__(self) -> None:
        self.values: dict[tuple[str | None, str], tuple[bytes, float]] = {}
        self.ends = -math.inf


class MemoryStateStore:
    """Keeps state in this process, that of `max_sessions` sessions of a kind: beyond that, the
    session that was not used for the longest time loses its state.

    It is what a server has that is given no other store; servers that are given the same one
    share the sessions in it.
    """

    immediate = True

    def __init__(
        self, *, max_sessions: int = 10_000, clock: Callable[[], float] = time.monotonic
    ) -> None:
        if max_sessions < 1:
            raise ConfigurationError(f"max_sessions={max_sessions}: it has to be at least 1")
        self._limit = max_sessions
        self._clock = clock
        self._lock = threading.Lock()
        self._collections: defaultdict[str, OrderedDict[str, _Session]] = defaultdict(OrderedDict)

    async def get(self, address: Address) -> bytes | None:
        with self._lock:
            sessions = self._collections[address.collection]
            session = sessions.get(address.session)
            if session is None:
                return None
            sessions.move_to_end(address.session)
            item = address.principal, address.key
            data, ends = session.values.get(item, (None, math.inf))
            if ends <= self._clock():
                del session.values[item]
                return None
            return data

    async def put(self, address: Address, data: bytes, ttl: float | None) -> None:
        now = self._clock()
        ends = math.inf if ttl is None else now + ttl
        with self._lock:
            sessions = self._collections[address.collection]
            session = sessions.get(address.session)
            if session is None:
                self._make_room(sessions, now)
                session = sessions[address.session] = _Session()
            sessions.move_to_end(address.session)
            session.values[address.principal, address.key] = (data, ends)
            session.ends = max(session.ends, ends)

    def _make_room(self, sessions: OrderedDict[str, _Session], now: float) -> None:
        """Drop the oldest sessions as far as their time is over, or else one if it has to be."""
        while sessions and next(iter(sessions.values())).ends <= now:
            sessions.popitem(last=False)
        if len(sessions) >= self._limit:
            sessions.popitem(last=False)

    async def delete(self, address: Address) -> None:
        with self._lock:
            sessions = self._collections[address.collection]
            session = sessions.get(address.session)
            if session is not None:
                session.values.pop((address.principal, address.key), None)
                if not session.values:
                    del sessions[address.session]

    def forget(self, session: str) -> None:
        """A session has ended."""
        with self._lock:
            for sessions in self._collections.values():
                sessions.pop(session, None)
