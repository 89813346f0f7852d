"""KeptAnswers: the way of a request that may be answered from a store."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final, NamedTuple

from fastmcp._runtime.exchange import Exchange
from fastmcp._runtime.key_value import KeyValueStore
from fastmcp.server.subscriptions import Change

from .bounded_memory import BoundedMemory
from .editions import Editions
from .flights import Flights
from .settings import MethodSettings
from .statistics import KVStoreCollectionStatistics

logger: Final = logging.getLogger("fastmcp.server.middleware")


class Cached(NamedTuple):
    """How one method is cached; `write` gives None for what is not to be kept."""

    method: str
    settings: MethodSettings
    write: Callable[[Any], bytes | None]
    read: Callable[[str], Any]


class KeptAnswers:
    """Finds answers in a store, and has those made that are not there: once for all who ask
    meanwhile. A store that fails is done without.
    """

    def __init__(self, store: KeyValueStore, max_item_size: int, ttl_of_resources: float) -> None:
        self._store = store
        self._memory = store if isinstance(store, BoundedMemory) else None
        self._max_item_size = max_item_size
        self._editions = Editions(store, ttl_of_resources)
        self._flights = Flights()
        self._failing = False
        self.statistics: dict[str, KVStoreCollectionStatistics] = {}

    def hear(self, change: Change) -> None:
        """What a change concerns is stale from now on; in any thread."""
        self._editions.hear(change)
        self._flights.forget()

    def at_hand(self, cached: Cached, key: str, uri: str | None) -> Any:
        """The answer that is kept in this process under a key; None if there is none."""
        if self._memory is None:
            return None
        edition = self._editions.at_hand(self._memory, cached.method, uri)
        if edition is None:
            return None
        answer = _read(cached, self._memory.held(key, cached.method), edition)
        if answer is not None:
            self._counted(cached).get.tell(True)
        return answer

    async def answer(
        self,
        cached: Cached,
        key: str,
        uri: str | None,
        exchange: Exchange,
        make: Callable[[], Awaitable[Any]],
    ) -> Any:
        """The answer that is kept under a key, or else what `make` gives."""
        while (flight := self._flights.find(key)) is not None:
            if flight.exchange is exchange:
                return await make()  # it waits for this one
            await flight.wait()
            if flight.text is not None:
                self._counted(cached).get.tell(True)
                return cached.read(flight.text)
            if not flight.abandoned:
                return await make()
        flight = self._flights.begin(key, exchange)
        try:
            edition = await self._tried(self._editions.current(cached.method, uri))
            found = None if edition is None else await self._found(cached, key, edition)
            if found is not None:
                answer, text = found
                flight.land(text)
                return answer
            result, text = await self._made(cached, exchange, make)
            flight.land(text)
            if text is not None and edition is not None:
                await self._keep(cached, key, edition, text)
            return result
        except asyncio.CancelledError:
            raise
        except BaseException:
            flight.land(None)
            raise
        finally:
            self._flights.end(key, flight)

    async def _found(self, cached: Cached, key: str, edition: str) -> tuple[Any, str] | None:
        """The answer, and its JSON."""
        kept = await self._tried(self._store.get(key, collection=cached.method))
        answer = _read(cached, kept, edition)
        self._counted(cached).get.tell(answer is not None)
        return None if answer is None else (answer, kept["json"])

    async def _made(
        self, cached: Cached, exchange: Exchange, make: Callable[[], Awaitable[Any]]
    ) -> tuple[Any, str | None]:
        """An answer, and its JSON if others may have it, too."""
        asked = exchange.asked
        result = await make()
        if exchange.asked != asked:
            return result, None  # what came of the client's answer is for that client alone
        try:
            written = cached.write(result)
        except (TypeError, ValueError):
            logger.debug("An answer to %s has no JSON, and is not cached", cached.method)
            return result, None
        return result, None if written is None else written.decode()

    async def _keep(self, cached: Cached, key: str, edition: str, text: str) -> None:
        if len(text) > self._max_item_size:
            return
        value = {"json": text, "edition": edition}
        self._counted(cached).put.count += 1
        ttl = cached.settings.ttl
        await self._tried(self._store.put(key, value, collection=cached.method, ttl=ttl))

    async def _tried(self, work: Awaitable[Any]) -> Any:
        """What the store gives; None when it fails, which is told once until it works again."""
        try:
            given = await work
        except Exception as error:  # a store can be anything, and the server has the answer
            if not self._failing:
                self._failing = True
                logger.warning("The response cache fails, and is done without: %r", error)
            return None
        self._failing = False
        return given

    def _counted(self, cached: Cached) -> KVStoreCollectionStatistics:
        found = self.statistics.get(cached.method)
        if found is None:
            found = self.statistics.setdefault(cached.method, KVStoreCollectionStatistics())
        return found


def _read(cached: Cached, kept: Mapping[str, Any] | None, edition: str) -> Any:
    """What is kept, unless it is of another edition, or nothing that can be read."""
    if kept is None or kept.get("edition") != edition:
        return None
    try:
        return cached.read(kept["json"])
    except (KeyError, TypeError, ValueError) as error:
        logger.warning("What is kept for %s cannot be read: %r", cached.method, error)
        return None
