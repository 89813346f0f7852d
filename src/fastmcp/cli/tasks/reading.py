"""Reading many tasks of a store."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Final

from .telling import Summary

if TYPE_CHECKING:
    from fastmcp.server.tasks.store import TaskStore

AT_ONCE: Final = 100


async def latest(store: TaskStore, limit: int, statuses: Collection[str]) -> list[Summary]:
    """The latest tasks, of these statuses if any are given; the latest first."""
    ids = await store.ids()
    found: list[Summary] = []
    for start in range(0, len(ids), AT_ONCE):
        read = await _read(store, ids[start : start + AT_ONCE])
        found += [each for each in read if each and (not statuses or each.status in statuses)]
        if len(found) >= limit:
            break
    return found[:limit]


class Board:
    """The tasks of a store as they were at the last `refresh`."""

    def __init__(self) -> None:
        self._known: dict[str, Summary | None] = {}
        self._changed: set[str] = set()

    def heard(self, id: str | None) -> None:
        """A task has changed; None: any may have."""
        if id is None:
            self._changed.update(self._known)
        else:
            self._changed.add(id)

    async def refresh(self, store: TaskStore) -> list[Summary]:
        """Read those that are new or have changed since the last time: they, the oldest first."""
        changed, self._changed = self._changed, set()
        ids = list(reversed(await store.ids()))
        due = [id for id in ids if id in changed or id not in self._known]
        for start in range(0, len(due), AT_ONCE):
            some = due[start : start + AT_ONCE]
            self._known.update(zip(some, await _read(store, some), strict=True))
        self._known = {id: self._known[id] for id in ids}
        return [read for id in due if (read := self._known[id]) is not None]

    @property
    def all(self) -> list[Summary]:
        """All of them: those that run, those that wait, and those that have ended, the latest
        first.
        """
        known = [each for each in self._known.values() if each is not None]
        return sorted(known, key=lambda each: (each.ended, each.waits, -each.updated_at))


async def _read(store: TaskStore, ids: Sequence[str]) -> list[Summary | None]:
    records = await asyncio.gather(*map(store.get, ids))
    return [None if record is None else Summary.of(record) for record in records]
