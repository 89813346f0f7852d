"""Rounds of input: what a backend asks is answered to that backend, in a further request."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Self

from msgspec import Raw, json

from fastmcp._components.current import current_scope
from fastmcp._runtime.exchange import Exchange
from fastmcp.server.inputs.asking import rounds_of
from fastmcp.server.state.session_names import values_of
from fastmcp.wire.methods import METHODS

from .asked import Asked
from .backend import Backend


class Round:
    """One round of a request that its client may have to go on with; `place` says which of the uses
    of backends it is, that are made for it.
    """

    __slots__ = ("_exchange", "_place")

    def __init__(self, exchange: Exchange, place: str) -> None:
        self._exchange = exchange
        self._place = place

    @classmethod
    def of(cls, asked: Asked) -> Self | None:
        """The round that is being served, of which a handshake client has several if it is given a
        task; None where there are none.
        """
        scope: Any = current_scope.get(None)
        exchange: Exchange | None = None if scope is None else scope.exchange
        if exchange is None or not METHODS[exchange.method].interactive:
            return None
        times: dict[Asked, int] = values_of(exchange).setdefault(cls, {})
        times[asked] = number = times.get(asked, 0) + 1
        return cls(exchange, f"balanced {asked.method} {asked.name} {number}")

    def backend(self, among: Iterable[Backend]) -> Backend | None:
        """The backend that has asked something in the round before."""
        rounds = self._exchange.rounds
        known = None if rounds is None else rounds.record.steps.get(self._place)
        if known is None:
            return None
        name = json.decode(known)
        return next((each for each in among if each.name == name), None)

    def ends_at(self, backend: Backend) -> None:
        """The backend asks something: what is answered goes there."""
        rounds_of(self._exchange).record.steps[self._place] = Raw(json.encode(backend.name))
