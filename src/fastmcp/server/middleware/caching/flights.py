"""Flights: of concurrent identical requests one is served, and the others wait for its answer."""

from __future__ import annotations

import asyncio
from typing import Any, TypeAlias

_Place: TypeAlias = tuple[asyncio.AbstractEventLoop, str]


class Flight:
    """A request that is being served; `text` is its answer, None for one that is nobody else's.
    With `abandoned` it ended without any, and another has to be served in its place.
    """

    __slots__ = ("_landed", "abandoned", "exchange", "text")

    def __init__(self, exchange: Any) -> None:
        self._landed: asyncio.Event | None = None
        self.exchange: Any = exchange
        self.text: str | None = None
        self.abandoned: bool = True

    def land(self, text: str | None) -> None:
        """It was served."""
        self.text = text
        self.abandoned = False

    def end(self) -> None:
        """Let the others go on."""
        if self._landed is not None:
            self._landed.set()

    async def wait(self) -> None:
        """Wait until it has ended."""
        if self._landed is None:
            self._landed = asyncio.Event()
        await self._landed.wait()


class Flights:
    """The requests that are being served, by their keys, in each event loop."""

    def __init__(self) -> None:
        self._flights: dict[_Place, Flight] = {}

    def find(self, key: str) -> Flight | None:
        """The one with that key."""
        return self._flights.get((asyncio.get_running_loop(), key))

    def begin(self, key: str, exchange: Any) -> Flight:
        """Begin to serve one."""
        flight = Flight(exchange)
        self._flights[asyncio.get_running_loop(), key] = flight
        return flight

    def end(self, key: str, flight: Flight) -> None:
        """It has ended, however it did."""
        place = (asyncio.get_running_loop(), key)
        if self._flights.get(place) is flight:
            del self._flights[place]
        flight.end()

    def forget(self) -> None:
        """Let nobody join those that have begun: something has changed."""
        self._flights.clear()
