"""Event stores: what makes a stream of server-sent events resumable."""

from __future__ import annotations

import secrets
from collections import OrderedDict, deque
from collections.abc import Awaitable, Callable
from typing import Protocol, TypeAlias

Replay: TypeAlias = Callable[[str, bytes], Awaitable[None]]


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
    """Events in memory: the last `max_events_per_stream` of the last `max_streams` streams."""

    def __init__(self, max_events_per_stream: int = 100, max_streams: int = 10_000) -> None:
        self._max_events = max_events_per_stream
        self._max_streams = max_streams
        self._streams: OrderedDict[str, deque[tuple[int, bytes | None]]] = OrderedDict()
        self._counts: dict[str, int] = {}
        self._names: dict[str, str] = {}
        self._ids: dict[str, str] = {}

    async def store_event(self, stream_id: str, message: bytes | None) -> str:
        events = self._streams.get(stream_id)
        if events is None:
            events = self._open(stream_id)
        number = self._counts[stream_id] = self._counts[stream_id] + 1
        events.append((number, message))
        return f"{self._names[stream_id]}-{number}"

    async def stream_of(self, event_id: str) -> str | None:
        return self._ids.get(event_id.rpartition("-")[0])

    async def replay_events_after(self, last_event_id: str, send: Replay) -> str | None:
        name, _, last = last_event_id.rpartition("-")
        stream_id = self._ids.get(name)
        if stream_id is None or not (last.isdecimal() and len(last) < 19):
            return None
        for number, message in list(self._streams[stream_id]):
            if number > int(last) and message is not None:
                await send(f"{name}-{number}", message)
        return stream_id

    def _open(self, stream_id: str) -> deque[tuple[int, bytes | None]]:
        """Event ids name their stream by a random alias: they must not tell of other streams."""
        while len(self._streams) >= self._max_streams:
            oldest, _ = self._streams.popitem(last=False)
            del self._ids[self._names.pop(oldest)], self._counts[oldest]
        name = secrets.token_urlsafe(12)
        self._names[stream_id], self._ids[name], self._counts[stream_id] = name, stream_id, 0
        events = self._streams[stream_id] = deque(maxlen=self._max_events)
        return events
