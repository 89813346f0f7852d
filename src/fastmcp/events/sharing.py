"""The events of all workers that have the same backplane."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, Final

from msgspec import Struct, json

from fastmcp._components.writing import to_json
from fastmcp.exceptions import ConfigurationError
from fastmcp.server.backplane.backplane import Backplane

from .event import Event
from .subscription import logger

# How long the log of events is kept after the last one, in seconds.
TTL: Final = 24 * 3600.0


class _Record(Struct):
    type: str
    data: Any
    id: str
    time: float


class Sharing:
    """Sends events to other workers and hears theirs.

    What could not be heard while the connection was lost is read from a log afterwards; the last
    `limit` events are in it.
    """

    def __init__(
        self, backplane: Backplane, name: str, limit: int, heard: Callable[[Event], object]
    ) -> None:
        self._backplane = backplane
        self._topic = f"events:{name}"
        self._limit = limit
        self._heard = heard
        self._known: dict[str, None] = {}
        self._catching_up: asyncio.Task[None] | None = None

    async def open(self) -> list[Event]:
        """Begin to hear; the events of the log."""
        await self._backplane.open()
        try:
            await self._backplane.subscribe(self._topic, self._hear)
            return await self._unknown()
        except BaseException:
            await self._backplane.close()
            raise

    async def close(self) -> None:
        """Hear no more."""
        try:
            if self._catching_up is not None:
                self._catching_up.cancel()
            await self._backplane.unsubscribe(self._topic, self._hear)
        finally:
            await self._backplane.close()

    async def send(self, event: Event) -> None:
        """Have all other workers hear of an event.

        Raises:
            ConfigurationError: its data has no JSON.
            StoreUnavailable: the backplane cannot be reached.
        """
        message = _written(event)
        self._is_new(event)
        await self._backplane.append(self._topic, message, limit=self._limit, ttl=TTL)
        await self._backplane.publish(self._topic, message)

    def _hear(self, message: bytes | None) -> None:
        if message is not None:
            event = _read(message)
            if event is not None and self._is_new(event):
                self._heard(event)
        elif self._catching_up is None or self._catching_up.done():
            self._catching_up = asyncio.get_running_loop().create_task(self._catch_up())

    async def _catch_up(self) -> None:
        try:
            for event in await self._unknown():
                self._heard(event)
        except Exception:
            logger.exception("Events that were missed cannot be read")

    async def _unknown(self) -> list[Event]:
        events = [_read(entry) for _, entry in await self._backplane.entries(self._topic)]
        return [event for event in events if event is not None and self._is_new(event)]

    def _is_new(self, event: Event) -> bool:
        """Whether it is heard of for the first time."""
        if event.id in self._known:
            return False
        self._known[event.id] = None
        if len(self._known) > 2 * self._limit:
            del self._known[next(iter(self._known))]
        return True


def _written(event: Event) -> bytes:
    try:
        return to_json({"type": event.type, "data": event.data, "id": event.id, "time": event.time})
    except ValueError as error:
        raise ConfigurationError(
            f"The data of the event {event.type!r} cannot be sent to other workers: {error}"
        ) from error


def _read(message: bytes) -> Event | None:
    try:
        record = json.decode(message, type=_Record)
    except ValueError:
        logger.warning("Something in the backplane is no event: %r", message[:100])
        return None
    return Event(record.type, record.data, record.id, record.time)
