"""What stands around every request of a server: traces, metrics."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Any, TypeAlias

from fastmcp._runtime.dispatch import Answer, Dispatcher, Observe
from fastmcp._runtime.exchange import Exchange

Serve: TypeAlias = Callable[[Exchange], Awaitable[Answer]]


class Observers:
    """Several of them as one, the first outermost."""

    def __init__(self, members: Sequence[Observe]) -> None:
        self.members: tuple[Observe, ...] = tuple(members)
        self._outer, *self._inner = members
        self._inner.reverse()

    def __call__(self, exchange: Exchange, serve: Serve) -> Awaitable[Answer]:
        for each in self._inner:
            serve = partial(_observed, each, serve)
        return self._outer(exchange, serve)


def _observed(observe: Observe, serve: Serve, exchange: Exchange) -> Awaitable[Answer]:
    return observe(exchange, serve)


def observers_of(dispatcher: Dispatcher[Any]) -> Sequence[Observe]:
    """What stands around the requests of a dispatcher, outermost first."""
    present = dispatcher.observe
    if present is None:
        return ()
    return present.members if isinstance(present, Observers) else (present,)


def stand_around(dispatcher: Dispatcher[Any], observe: Observe, *, outermost: bool = False) -> None:
    """Have `observe` around the requests as well: outside of what is there, or inside of it."""
    present = observers_of(dispatcher)
    members = (observe, *present) if outermost else (*present, observe)
    dispatcher.observe = Observers(members) if present else observe


def stand_back(dispatcher: Dispatcher[Any], observe: Observe) -> None:
    """Have `observe` around the requests no more."""
    left = [each for each in observers_of(dispatcher) if each is not observe]
    dispatcher.observe = Observers(left) if len(left) > 1 else next(iter(left), None)
