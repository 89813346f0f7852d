"""What backends offer together."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Final, TypeAlias

from msgspec import Struct

from fastmcp._components.current import current_scope
from fastmcp.server.providers.kinds import Kind

from .backend import Backend
from .balancer import Balancer
from .components import balanced
from .unavailable import BackendsUnavailable

KEPT: Final = 60.0
"""Seconds for which what was listed is not asked for again, unless a change is told."""
INCOMPLETE: Final = 1.0
"""The same where a backend has not said what it has."""
PATIENCE: Final = 10.0
"""Seconds that a backend has for a list."""
GRACE: Final = 1.0
"""Seconds that it has after another has answered; later it is heard, but not waited for."""
CALLERS: Final = 256
"""For how many callers lists are kept: what one is offered is not shown to another."""

logger: Final = logging.getLogger("fastmcp.proxy")

Caller: TypeAlias = str | None


class Offer(Struct):
    """All components of one kind, and by address."""

    items: Sequence[Any]
    by_address: dict[str, list[Any]]
    until: float


class Offers:
    """Lists what backends have and puts that together. A backend that cannot be asked now is taken
    to have what it listed last. `grown` hears of a list that came too late to be waited for.
    """

    def __init__(
        self,
        backends: Sequence[Backend],
        balancer: Balancer,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._backends = backends
        self._balancer = balancer
        self._clock = clock
        self._offers: OrderedDict[tuple[Kind, Caller], Offer] = OrderedDict()
        self._listed: OrderedDict[tuple[Backend, Kind, Caller], Sequence[Any]] = OrderedDict()
        self._late: set[asyncio.Task[bool]] = set()
        self.grown: Callable[[Kind], object] = _nothing

    def forget(self) -> None:
        """Ask again, next time."""
        self._offers.clear()

    async def of(self, kind: Kind) -> Offer:
        """What there is of a kind for the caller.

        Raises:
            BackendsUnavailable: no backend has ever said.
        """
        key = (kind, _caller())
        offer = self._offers.get(key)
        if offer is None or offer.until < self._clock():
            offer = await self._together(*key)
            _keep(self._offers, key, offer, CALLERS)
        return offer

    async def _together(self, kind: Kind, caller: Caller) -> Offer:
        backends = list(self._backends)
        fresh = await self._ask_all(kind, caller, backends)
        known = {
            backend: items
            for backend in backends
            if (items := self._listed.get((backend, kind, caller))) is not None
        }
        if backends and not known:
            failures = {each.name: each.health.last_error or "" for each in backends}
            raise BackendsUnavailable(
                f"{self._balancer.name!r} cannot reach any of its backends", failures
            )
        items = balanced(known, self._balancer)
        by_address: dict[str, list[Any]] = {}
        for item in items:
            by_address.setdefault(item._address, []).append(item)
        kept = KEPT if fresh and len(known) == len(backends) else INCOMPLETE
        return Offer(items, by_address, self._clock() + kept)

    async def _ask_all(self, kind: Kind, caller: Caller, backends: list[Backend]) -> bool:
        """Have the backends list; whether all of those that are there did in time."""
        asked = [each for each in backends if each.health.admits] or backends
        tasks = {asyncio.create_task(self._ask(each, kind, caller)): each for each in asked}
        waiting = set(tasks)
        try:
            while waiting:
                done, waiting = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
                if any(task.result() for task in done):
                    break
            if waiting:
                _, waiting = await asyncio.wait(waiting, timeout=GRACE)
        except asyncio.CancelledError:
            for task in tasks:
                task.cancel()
            raise
        for task in waiting:
            self._late.add(task)
            self._balancer.doubted(tasks[task])
            task.add_done_callback(partial(self._came_late, kind=kind))
        return not waiting and all(task.result() for task in tasks)

    async def _ask(self, backend: Backend, kind: Kind, caller: Caller) -> bool:
        try:
            async with asyncio.timeout(PATIENCE):
                items = await getattr(backend.provider, kind.listing)()
        except Exception as error:
            logger.info("The backend %r cannot list its %ss: %s", backend.name, kind.noun, error)
            if (fault := backend.fault_in(error)) is not None or isinstance(error, TimeoutError):
                self._balancer.failed(backend, fault or error)
            return False
        _keep(self._listed, (backend, kind, caller), items, CALLERS * max(1, len(self._backends)))
        return True

    def _came_late(self, task: asyncio.Task[bool], kind: Kind) -> None:
        self._late.discard(task)
        if not task.cancelled() and task.exception() is None and task.result():
            self.forget()
            self.grown(kind)


def _nothing(kind: Kind) -> None:
    pass


def _caller() -> Caller:
    return getattr(current_scope.get(None), "principal", None)


def _keep(kept: OrderedDict[Any, Any], key: Any, value: Any, most: int) -> None:
    kept[key] = value
    kept.move_to_end(key)
    while len(kept) > most:
        kept.popitem(last=False)
