"""Who waits in this process for the next change of a task."""

from __future__ import annotations

import asyncio
from collections.abc import Generator
from contextlib import contextmanager


class Watchers:
    """Wakes those who wait for changes of a task."""

    def __init__(self) -> None:
        self._events: dict[str, set[asyncio.Event]] = {}

    @contextmanager
    def watching(self, id: str) -> Generator[asyncio.Event]:
        """An event that is set at each change, from now on; clear it before you look."""
        event = asyncio.Event()
        self._events.setdefault(id, set()).add(event)
        try:
            yield event
        finally:
            events = self._events[id]
            events.discard(event)
            if not events:
                del self._events[id]

    def changed(self, id: str | None) -> None:
        """A task has changed; None: any may have."""
        found = self._events.values() if id is None else (self._events.get(id, set()),)
        for events in list(found):
            for event in events:
                event.set()
