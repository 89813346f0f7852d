"""ConcurrencyLimitMiddleware: how many functions run at a time."""

from __future__ import annotations

import asyncio
import threading
from collections import Counter
from collections.abc import Mapping
from concurrent.futures import Future
from typing import Any

from msgspec import Struct

from fastmcp.exceptions import ConfigurationError, LimitError
from fastmcp.transports import check_positive

from ..state.session_names import values_of
from .called_tool import called_tool
from .middleware import CallNext, Middleware, MiddlewareContext

# In seconds: nobody knows when a function will be done.
_RETRY_AFTER = 1.0


class ConcurrencyLimitError(LimitError):
    """Too much is running already."""


class ConcurrencyLimitMiddleware(Middleware):
    """Lets so many functions of tools, resources and prompts run at a time.

    `max_concurrent` is for all of them, `per_tool` for each tool, `tools` for some by name; None is
    no limit. Further requests wait in the order in which they came: `max_queue` of them, each for
    `max_wait` seconds. What a function asks of its own server belongs to its request, and takes no
    second place among all; it does take one of the tool that it calls.

    Raises:
        ConfigurationError: no limit, or one below 1.
    """

    def __init__(
        self,
        max_concurrent: int | None = None,
        *,
        per_tool: int | None = None,
        tools: Mapping[str, int | None] | None = None,
        max_queue: int = 100,
        max_wait: float | None = 10.0,
    ) -> None:
        if max_concurrent is None and per_tool is None and not tools:
            raise ConfigurationError(
                "ConcurrencyLimitMiddleware() limits nothing: give it max_concurrent=, per_tool= "
                "or tools="
            )
        check_positive(max_concurrent=max_concurrent, per_tool=per_tool, max_wait=max_wait)
        check_positive(**{f"tools[{name!r}]": value for name, value in (tools or {}).items()})
        if max_queue < 0:
            raise ConfigurationError(f"max_queue={max_queue}: it must not be negative")
        self._per_tool = per_tool
        self._tools = dict(tools or {})
        self._places = _Places(max_concurrent, max_queue, max_wait)

    async def on_call_tool(
        self, context: MiddlewareContext[Any], call_next: CallNext[Any, Any]
    ) -> Any:
        """Have the tool called when there is a place."""
        name = called_tool(context)
        limit = self._tools.get(name, self._per_tool)
        return await self._within(name, limit, context, call_next)

    async def on_read_resource(
        self, context: MiddlewareContext[Any], call_next: CallNext[Any, Any]
    ) -> Any:
        """Have the resource read when there is a place."""
        return await self._within("", None, context, call_next)

    async def on_get_prompt(
        self, context: MiddlewareContext[Any], call_next: CallNext[Any, Any]
    ) -> Any:
        """Have the prompt rendered when there is a place."""
        return await self._within("", None, context, call_next)

    async def _within(
        self,
        name: str,
        limit: int | None,
        context: MiddlewareContext[Any],
        call_next: CallNext[Any, Any],
    ) -> Any:
        assert context.fastmcp_context is not None
        values = values_of(context.fastmcp_context.exchange)
        nested = self in values
        place = _Place(name, limit, not nested)
        if not self._places.try_enter(place):
            await self._places.wait(place)
        if not nested:
            values[self] = place
        try:
            return await call_next(context)
        finally:
            if not nested:
                del values[self]
            self._places.leave(place)


class _Place(Struct, frozen=True):
    """What a call needs: one of its tool's `limit`, and one among all, if that `counts`."""

    tool: str
    limit: int | None
    counts: bool


class _Places:
    """Who runs and who waits, of any event loop.

    Whoever waits could not run now. It holds nothing meanwhile, so those that wait for each other
    are only those that run inside of each other.
    """

    def __init__(self, limit: int | None, max_queue: int, max_wait: float | None) -> None:
        self._limit = limit
        self._max_queue = max_queue
        self._max_wait = max_wait
        self._lock = threading.Lock()
        self._running = 0
        self._of: Counter[str] = Counter()
        self._waiting: dict[Future[None], _Place] = {}

    def try_enter(self, place: _Place) -> bool:
        """Take the place, if it is free."""
        with self._lock:
            return self._take(place)

    async def wait(self, place: _Place) -> None:
        """Take the place when it is free.

        Raises:
            ConcurrencyLimitError: too many wait, or it takes too long.
        """
        turn: Future[None] = Future()
        turn.set_running_or_notify_cancel()  # a task that is cancelled does not cancel it
        with self._lock:
            if self._take(place):
                return
            if len(self._waiting) >= self._max_queue:
                raise self._refusal(place, f"{self._max_queue} requests wait already")
            self._waiting[turn] = place
        try:
            await asyncio.wait([asyncio.wrap_future(turn)], timeout=self._max_wait)
        except BaseException:
            if not self._withdraw(turn):
                self.leave(place)
            raise
        if self._withdraw(turn):
            raise self._refusal(place, f"none ended within {self._max_wait:g} seconds")

    def leave(self, place: _Place) -> None:
        """Give the place back, and let in those whose turn it is."""
        with self._lock:
            if place.counts:
                self._running -= 1
            if place.limit is not None:
                self._of[place.tool] -= 1
                if not self._of[place.tool]:
                    del self._of[place.tool]
            turns = [turn for turn, wanted in self._waiting.items() if self._take(wanted)]
            for turn in turns:
                del self._waiting[turn]
        for turn in turns:
            turn.set_result(None)

    def _take(self, place: _Place) -> bool:
        if place.counts and self._limit is not None and self._running >= self._limit:
            return False
        if place.limit is not None:
            if self._of[place.tool] >= place.limit:
                return False
            self._of[place.tool] += 1
        if place.counts:
            self._running += 1
        return True

    def _withdraw(self, turn: Future[None]) -> bool:
        """Wait no more; False when the place was given."""
        with self._lock:
            return self._waiting.pop(turn, None) is not None

    def _refusal(self, place: _Place, why: str) -> ConcurrencyLimitError:
        full = place.limit is not None and self._of[place.tool] >= place.limit
        what = f"calls of {place.tool!r}" if full else "requests"
        limit = place.limit if full else self._limit
        return ConcurrencyLimitError(
            f"Too many {what}: {limit} run at a time, and {why}; try again later", _RETRY_AFTER
        )
