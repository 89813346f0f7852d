"""How a backend is chosen among those that are there."""

from __future__ import annotations

import random
from collections.abc import Sequence
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, Final, Protocol, runtime_checkable
from weakref import WeakKeyDictionary

from fastmcp._spelling import nearest
from fastmcp.exceptions import ConfigurationError

from .asked import Asked

if TYPE_CHECKING:
    from .backend import Backend


@runtime_checkable
class Strategy(Protocol):
    """Chooses a backend. It may go by what a `Backend` tells: its `name`, `weight`, `in_flight`,
    and `turn`, which is higher the later it was chosen last.
    """

    def choose(self, backends: Sequence[Backend], asked: Asked) -> Backend:
        """One of the backends, of which there is at least one; it is not waited for."""
        ...


class RoundRobin:
    """Each in turn: the one that was chosen longest ago."""

    def choose(self, backends: Sequence[Backend], asked: Asked) -> Backend:
        return min(backends, key=_turn)


class LeastConnections:
    """The one that has the fewest calls under way for its weight."""

    def choose(self, backends: Sequence[Backend], asked: Asked) -> Backend:
        return min(backends, key=_load)


class Random:
    """Any, each as often as its weight says; `source` is where chance comes from."""

    def __init__(self, source: random.Random | None = None) -> None:
        self._source = source or random.Random()

    def choose(self, backends: Sequence[Backend], asked: Asked) -> Backend:
        weights = [backend.weight for backend in backends]
        return self._source.choices(backends, weights)[0]


class Weighted:
    """Each in turn, as often as its weight says, evenly spread."""

    def __init__(self) -> None:
        self._credit: WeakKeyDictionary[Backend, float] = WeakKeyDictionary()

    def choose(self, backends: Sequence[Backend], asked: Asked) -> Backend:
        credit = self._credit
        for backend in backends:
            credit[backend] = credit.get(backend, 0.0) + backend.weight
        chosen = max(backends, key=credit.__getitem__)
        credit[chosen] -= sum(backend.weight for backend in backends)
        return chosen


class Sticky:
    """The same one for all of a session, also in other processes with the same backends. When it is
    gone, its sessions are spread over the others. What has no session goes by `otherwise`.
    """

    def __init__(self, otherwise: Strategy | None = None) -> None:
        self._otherwise = otherwise or RoundRobin()

    def choose(self, backends: Sequence[Backend], asked: Asked) -> Backend:
        session = asked.session
        if session is None:
            return self._otherwise.choose(backends, asked)
        return max(backends, key=lambda backend: _rank(session, backend.name))


def _turn(backend: Backend) -> int:
    return backend.turn


def _load(backend: Backend) -> tuple[float, int]:
    return backend.in_flight / backend.weight, backend.turn


def _rank(session: str, name: str) -> bytes:
    return blake2b(f"{session}\0{name}".encode(), digest_size=8).digest()


STRATEGIES: Final[dict[str, type[Any]]] = {
    "round_robin": RoundRobin,
    "least_connections": LeastConnections,
    "random": Random,
    "weighted": Weighted,
    "sticky": Sticky,
}


def strategy_of(given: Any) -> Strategy:
    """A strategy by its name; any other is what it is.

    Raises:
        ConfigurationError: there is none of that name, or it cannot choose.
    """
    if isinstance(given, str):
        made = STRATEGIES.get(given.lower().replace("-", "_"))
        if made is not None:
            return made()
        near = nearest(given, STRATEGIES)
        hint = f"; did you mean {near!r}?" if near else ""
        raise ConfigurationError(f"strategy={given!r}: there are {', '.join(STRATEGIES)}{hint}")
    if isinstance(given, type) or not isinstance(given, Strategy):
        raise ConfigurationError(
            f"strategy={given!r}: give a name or an object with choose(backends, asked)"
        )
    return given
