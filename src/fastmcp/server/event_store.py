"""Event stores: what makes a stream of server-sent events resumable."""

from __future__ import annotations

import asyncio
import math
import secrets
import time
from collections import OrderedDict, deque
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Protocol, TypeAlias
from weakref import WeakValueDictionary

from fastmcp._runtime.key_value import KeyValueStore
from fastmcp.exceptions import ConfigurationError

from .backplane.backplane import Backplane
from .backplane.opening import backplane_of

Replay: TypeAlias = Callable[[str, bytes], Awaitable[None]]

_STREAMS = "fastmcp_streams"
_EVENTS = "fastmcp_events"
_AGREE_EVERY = 60.0


class EventLog(Protocol):
    """Keeps the events of streams until a client has had the chance to read them."""

    async def store_event(self, stream_id: str, message: bytes | None) -> str:
        """Keep a message (None for a priming event) and return its id, unique in the store."""
        ...

    async def stream_of(self, event_id: str) -> str | None:
        """The stream that an event belongs to; None for an unknown one."""
        ...

    async def replay_events_after(self, last_event_id: str, send: Replay) -> str | None:
        """Send, in order, the messages of the same stream that came later; the stream's id."""
        ...


class EventStore:
    """The last `max_events_per_stream` events of each stream, for `ttl` seconds after its last one.

    They are kept in memory, those of the `max_streams` streams that were used last; or in a
    `storage`, any store of py-key-value-aio, where one process at a time writes a stream.
    """

    def __init__(
        self,
        storage: KeyValueStore | None = None,
        max_events_per_stream: int = 100,
        ttl: float | None = 3600,
        *,
        max_streams: int = 10_000,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        _check_limits(max_events_per_stream, ttl)
        self._log: EventLog
        if storage is None:
            self._log = _MemoryLog(max_events_per_stream, ttl, max_streams, clock)
        elif all(callable(getattr(storage, name, None)) for name in ("get", "put", "delete")):
            self._log = _KeyValueLog(storage, max_events_per_stream, ttl)
        else:
            raise ConfigurationError(
                "EventStore(storage=) is a store of py-key-value-aio; "
                "for a backplane there is BackplaneEventStore(backplane)"
            )

    async def store_event(self, stream_id: str, message: bytes | None) -> str:
        return await self._log.store_event(stream_id, message)

    async def stream_of(self, event_id: str) -> str | None:
        return await self._log.stream_of(event_id)

    async def replay_events_after(self, last_event_id: str, send: Replay) -> str | None:
        return await self._log.replay_events_after(last_event_id, send)


class BackplaneEventStore:
    """The last events of each stream, about `max_events_per_stream`, for `ttl` seconds after its
    last one, in a backplane or the one that a URL names: any process that shares it can replay
    them.

    It is opened by its first use, if it was not before.
    """

    def __init__(
        self, backplane: Backplane | str, max_events_per_stream: int = 100, ttl: float = 3600
    ) -> None:
        _check_limits(max_events_per_stream, ttl)
        opened = backplane_of(backplane)
        if opened is None:
            raise ConfigurationError(
                f"BackplaneEventStore() takes a backplane, or the URL of one, not {backplane!r}"
            )
        self._backplane = opened
        self._max_events = max_events_per_stream
        self._ttl = ttl
        self._secret = secrets.token_bytes(32)
        self._agreed_until = 0.0

    async def open(self) -> None:
        """Connect; to be closed as often."""
        await self._backplane.open()

    async def close(self) -> None:
        await self._backplane.close()

    async def store_event(self, stream_id: str, message: bytes | None) -> str:
        alias = await self._alias_of(stream_id)
        stream = stream_id.encode()
        kept = b"%d %b" % (len(stream), stream) + (b"" if message is None else b" " + message)
        position = await self._backplane.append(
            f"events:{alias}", kept, limit=self._max_events, ttl=self._ttl
        )
        return f"{alias}-{position}"

    async def stream_of(self, event_id: str) -> str | None:
        alias, _, position = event_id.partition("-")
        if not position:
            return None
        kept = await self._backplane.entries(f"events:{alias}")
        return _kept_in(kept[-1][1])[0] if kept else None

    async def replay_events_after(self, last_event_id: str, send: Replay) -> str | None:
        alias, _, position = last_event_id.partition("-")
        try:
            later = await self._backplane.entries(f"events:{alias}", position)
        except ValueError:
            return None
        stream_id = None
        for position, kept in later:
            stream_id, message = _kept_in(kept)
            if message is not None:
                await send(f"{alias}-{position}", message)
        return stream_id or await self.stream_of(last_event_id)

    async def _alias_of(self, stream_id: str) -> str:
        """What event ids call a stream: they must not tell of the session, or of other streams.

        All processes call it the same by a secret that is kept in the backplane. They agree on it
        now and then, since a backplane may lose what it had.
        """
        from hashlib import blake2b  # OpenSSL takes its time to load

        if time.monotonic() >= self._agreed_until:
            if not await self._backplane.add("events", self._secret):
                self._secret = await self._backplane.get("events") or self._secret
            self._agreed_until = time.monotonic() + _AGREE_EVERY
        return blake2b(stream_id.encode(), key=self._secret, digest_size=16).hexdigest()


def _kept_in(entry: bytes) -> tuple[str, bytes | None]:
    """The stream of an entry, and its message."""
    size, _, rest = entry.partition(b" ")
    stream, message = rest[: int(size)], rest[int(size) + 1 :]
    return stream.decode(), message if len(rest) > int(size) else None


def _check_limits(max_events: int, ttl: float | None) -> None:
    if max_events < 1:
        raise ConfigurationError(f"max_events_per_stream={max_events}: it has to be at least 1")
    if ttl is not None and not ttl > 0:
        raise ConfigurationError(f"ttl={ttl}: give seconds, more than 0")


class _Stream:
    """What is kept of a stream; `ends` is when it is over."""

    __slots__ = ("alias", "count", "ends", "events", "id")

    def __init__(self, id: str, limit: int) -> None:
        self.id = id
        # Event ids name their stream by it: they must not tell of other streams.
        self.alias = secrets.token_hex(12)
        self.count = 0
        self.ends = math.inf
        self.events: deque[tuple[int, bytes | None]] = deque(maxlen=limit)


class _MemoryLog:
    """Events in this process; the stream that was used last is the last of its streams."""

    def __init__(
        self, max_events: int, ttl: float | None, max_streams: int, clock: Callable[[], float]
    ) -> None:
        self._max_events = max_events
        self._ttl = math.inf if ttl is None else ttl
        self._max_streams = max_streams
        self._clock = clock
        self._streams: OrderedDict[str, _Stream] = OrderedDict()
        self._by_alias: dict[str, _Stream] = {}

    async def store_event(self, stream_id: str, message: bytes | None) -> str:
        self._drop_what_is_over()
        stream = self._streams.get(stream_id)
        if stream is None:
            while len(self._streams) >= self._max_streams:
                self._drop_oldest()
            stream = self._streams[stream_id] = _Stream(stream_id, self._max_events)
            self._by_alias[stream.alias] = stream
        self._streams.move_to_end(stream_id)
        stream.ends = self._clock() + self._ttl
        stream.count += 1
        stream.events.append((stream.count, message))
        return f"{stream.alias}-{stream.count}"

    async def stream_of(self, event_id: str) -> str | None:
        stream = self._find(event_id)[0]
        return None if stream is None else stream.id

    async def replay_events_after(self, last_event_id: str, send: Replay) -> str | None:
        stream, last = self._find(last_event_id)
        if stream is None:
            return None
        for number, message in tuple(stream.events):
            if number > last and message is not None:
                await send(f"{stream.alias}-{number}", message)
        return stream.id

    def _find(self, event_id: str) -> tuple[_Stream | None, int]:
        self._drop_what_is_over()
        alias, number = _parts(event_id)
        return self._by_alias.get(alias), number

    def _drop_what_is_over(self) -> None:
        now = self._clock()
        while self._streams and next(iter(self._streams.values())).ends <= now:
            self._drop_oldest()

    def _drop_oldest(self) -> None:
        _, stream = self._streams.popitem(last=False)
        del self._by_alias[stream.alias]


class _KeyValueLog:
    """Events in a store of py-key-value-aio: each stream by its name and by its alias, and each
    event. Such a store cannot count, so whoever writes a stream waits for the writer before.
    """

    def __init__(self, storage: KeyValueStore, max_events: int, ttl: float | None) -> None:
        self._storage = storage
        self._max_events = max_events
        self._ttl = ttl
        self._writing: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def store_event(self, stream_id: str, message: bytes | None) -> str:
        from hashlib import sha256  # OpenSSL takes its time to load

        name = sha256(stream_id.encode()).hexdigest()
        lock = self._writing.setdefault(name, asyncio.Lock())
        async with lock:
            kept = await self._get(_STREAMS, name) or {"alias": secrets.token_hex(12), "count": 0}
            alias, count = kept["alias"], kept["count"] + 1
            event = {"message": None if message is None else message.decode()}
            await self._put(_EVENTS, f"{alias}-{count}", event)
            await self._put(_STREAMS, alias, {"stream": stream_id, "count": count})
            await self._put(_STREAMS, name, {"alias": alias, "count": count})
            if count > self._max_events:
                over = f"{alias}-{count - self._max_events}"
                await self._storage.delete(over, collection=_EVENTS)
        return f"{alias}-{count}"

    async def stream_of(self, event_id: str) -> str | None:
        kept = await self._get(_STREAMS, _parts(event_id)[0])
        return None if kept is None else kept.get("stream")

    async def replay_events_after(self, last_event_id: str, send: Replay) -> str | None:
        alias, last = _parts(last_event_id)
        kept = await self._get(_STREAMS, alias)
        if kept is None or "stream" not in kept:
            return None
        first = max(last, kept["count"] - self._max_events) + 1
        for number in range(first, kept["count"] + 1):
            event = await self._get(_EVENTS, f"{alias}-{number}")
            if event is not None and event["message"] is not None:
                await send(f"{alias}-{number}", event["message"].encode())
        return kept["stream"]

    async def _get(self, collection: str, key: str) -> Mapping[str, Any] | None:
        return await self._storage.get(key, collection=collection)

    async def _put(self, collection: str, key: str, value: Mapping[str, Any]) -> None:
        await self._storage.put(key, value, collection=collection, ttl=self._ttl)


def _parts(event_id: str) -> tuple[str, int]:
    """The alias and the number in an event id; what is no such id has an alias of nobody."""
    alias, _, number = event_id.partition("-")
    if not (alias and number.isascii() and number.isdecimal() and len(number) < 19):
        return "-", 0
    return alias, int(number)
