"""What has changed on any worker: told to all, and kept for clients that do not listen just now."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Final, TypeAlias

from msgspec import json

from fastmcp.exceptions import StoreUnavailable

from ..backplane.backplane import Backplane
from ..subscriptions import Change
from .messages import ALL, Told, encode, readable

HearChange: TypeAlias = Callable[[Change], None]

# How many changes are kept, and how long, in seconds; and how long to wait before the backplane is
# tried again.
CHANGES: Final = 1000
KEPT: Final = 24 * 3600.0
RETRY: Final = 0.5
LOG: Final = "changes"

logger: Final = logging.getLogger("fastmcp.cluster")

_read_change = json.Decoder(Change).decode


class ChangeLog:
    """One worker's part in it.

    `position` is the latest change that is known of, None when there was none yet. `settled` is the
    one that was heard of last a while ago: all before it were heard, too. Of a later one, or of one
    of this worker's own, that is not certain.
    """

    def __init__(self, backplane: Backplane) -> None:
        self.position: str | None = None
        self.settled: str | None = None
        self._heard: str | None = None
        self._recent: str | None = None
        self._backplane = backplane
        self._worker = ""
        self._hear: list[HearChange] = []
        self._loop: asyncio.AbstractEventLoop | None = None
        self._waiting: dict[Change, None] = {}
        self._telling: Change | None = None
        self._changed = asyncio.Event()

    def listen(self, hear: HearChange) -> None:
        """Have `hear` called with each change that another worker tells of."""
        self._hear.append(hear)

    # Life

    def start(self, worker: str) -> None:
        """Take changes from now on, in the name of this worker."""
        self._worker = worker
        self._loop = asyncio.get_running_loop()
        self._changed = asyncio.Event()

    async def join(self) -> None:
        """Begin after what there is."""
        entries = await self._backplane.entries(LOG)
        if entries:
            self.position = entries[-1][0]
        self.settled = self._recent = self._heard = self.position

    def age(self) -> None:
        """Some time has passed since the last time, and nothing was missed."""
        self.settled, self._recent = self._recent, self._heard

    async def stop(self) -> None:
        """Tell what is left to tell, and take no more."""
        await asyncio.sleep(0)  # for what other threads have announced
        self._loop = None
        while self._waiting:
            await self._tell_next()

    # What changes here

    def announce(self, change: Change) -> None:
        """Let the others know of a change, from any thread; it does not wait for them.

        What concerns one session is told to its client where the session is shared.
        """
        loop = self._loop
        if loop is not None and change.session is None:
            try:
                loop.call_soon_threadsafe(self._take, change)
            except RuntimeError:
                pass  # the loop is closed, and the clients gone with it

    def _take(self, change: Change) -> None:
        self._waiting[change] = None
        self._changed.set()

    async def keep_telling(self) -> None:
        """Tell the others of each change, as soon as the backplane lets us."""
        while True:
            await self._changed.wait()
            self._changed.clear()
            while self._waiting:
                try:
                    await self._tell_next()
                except StoreUnavailable:
                    await asyncio.sleep(RETRY)
                except Exception:
                    logger.exception("Other workers could not be told of a change")

    async def _tell_next(self) -> None:
        change = self._telling = next(iter(self._waiting))
        del self._waiting[change]
        try:
            position = await self._backplane.append(LOG, encode(change), limit=CHANGES, ttl=KEPT)
            self.position = position
            await self._backplane.publish(ALL, encode(Told(self._worker, position, change)))
        except (StoreUnavailable, asyncio.CancelledError):
            self._waiting[change] = None
            raise
        finally:
            self._telling = None

    # What changes anywhere

    def hear(self, told: Told) -> None:
        """A worker, maybe this one, tells of a change."""
        self.position = self._heard = told.position
        if told.by != self._worker:
            self._announce(told.change)

    async def after(self, position: str | None) -> list[Change] | None:
        """What has changed since, each once; None when that may be more than is kept."""
        waiting = list(self._waiting)
        if self._telling is not None:
            waiting.append(self._telling)
        if position == self.position:
            return waiting
        entries = await self._backplane.entries(LOG, position)
        if len(entries) >= CHANGES:
            return None
        return list(dict.fromkeys([*_changes_in(entries), *waiting]))

    async def catch_up(self) -> None:
        """Tell of what was said while nothing could be heard."""
        entries = await self._backplane.entries(LOG, self.settled)
        if entries:
            self.position = self._heard = entries[-1][0]
        for change in dict.fromkeys(_changes_in(entries)):
            self._announce(change)

    def _announce(self, change: Change) -> None:
        for hear in self._hear:
            hear(change)


def _changes_in(entries: list[tuple[str, bytes]]) -> list[Change]:
    """The changes that can be read: workers of another version may know further ones."""
    read = (readable(_read_change, data) for _, data in entries)
    return [change for change in read if change is not None]
