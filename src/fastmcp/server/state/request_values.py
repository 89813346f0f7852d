"""What one request has set, and what it knows of the state of its session."""

from __future__ import annotations

import logging
from typing import Any, Final

from msgspec import Struct

from fastmcp._runtime.exchange import Exchange

from .encoding import decode_state, encode_state
from .keeper import Keeper
from .session_names import stands_alone, values_of
from .store import Address

STATE_TTL = 24 * 60 * 60
"""How long state is kept after it was last set, in seconds."""

_VALUES = "state"

GONE: Final[Any] = object()
"""What is deleted, or was never there."""


class Change(Struct, eq=False):
    """A value on its way to where it is kept; `must` it get there, or only if it can?"""

    keeper: Keeper
    address: Address
    value: Any
    must: bool
    logger: logging.Logger


class RequestValues:
    """The values of one request, which all servers that take part in it share.

    A value that is set is here at once, for all of them. When it is saved it belongs to the
    session, and is seen by the servers that keep their state in the same store.
    """

    __slots__ = ("_alone", "_here", "_known", "_unsaved")

    def __init__(self, *, alone: bool) -> None:
        self._alone = alone
        self._here: dict[str, Any] = {}
        self._unsaved: dict[str, Change] = {}
        self._known: dict[tuple[Keeper, str], tuple[bytes, Any]] = {}

    def keep(self, key: str, value: Any) -> None:
        """Set a value for this request alone."""
        self._unsaved.pop(key, None)
        self._here[key] = value

    def change(self, change: Change) -> None:
        """Set a value, to be saved when that is waited for, or when the request ends."""
        key = change.address.key
        self._here[key] = change.value
        self._unsaved[key] = change

    async def save(self, change: Change) -> None:
        """Save a value now, unless another one has taken its place.

        Raises:
            TypeError: it must be saved, and has no JSON.
        """
        if not self._alone and self._unsaved.get(change.address.key) is change:
            await self._save(change)

    async def _save(self, change: Change) -> None:
        keeper, address, value = change.keeper, change.address, change.value
        key = address.key
        del self._unsaved[key]
        if value is GONE:
            await keeper.delete(address)
            self._known.pop((keeper, key), None)
        else:
            try:
                data = encode_state(key, value)
            except TypeError:
                if change.must:
                    raise
                return  # it lives as long as the request
            await keeper.put(address, data, STATE_TTL)
            self._known[keeper, key] = data, value
        if self._here.get(key) is value:
            del self._here[key]

    async def save_all(self, exchange: Exchange) -> None:
        """Save what nobody waited for. A request that stands alone has no use for it, unless it
        goes on in another round.
        """
        rounds = exchange.rounds
        if self._alone and (rounds is None or rounds.record.session is None):
            return
        for change in list(self._unsaved.values()):
            try:
                await self._save(change)
            except Exception:
                change.logger.exception("The state %r was not stored", change.address.key)

    def look(self, keeper: Keeper, key: str) -> Any:
        """The value as far as this request knows it; GONE when it has not looked."""
        if key in self._here:
            return self._here[key]
        return self._known.get((keeper, key), (b"", GONE))[1]

    async def read(self, keeper: Keeper, address: Address) -> Any:
        """The value as it is now, GONE when there is none. What has not changed since this request
        saw it is the same object.
        """
        key = address.key
        if key in self._here:
            return self._here[key]
        data = None if self._alone else await keeper.get(address)
        if data is None:
            self._known.pop((keeper, key), None)
            return GONE
        seen, value = self._known.get((keeper, key), (None, GONE))
        if seen != data:
            value = decode_state(data)
            self._known[keeper, key] = data, value
        return value


def request_values(exchange: Exchange) -> RequestValues:
    """The values of a request, which are saved when it ends."""
    values = values_of(exchange)
    found = values.get(_VALUES)
    if found is not None:
        return found
    made = RequestValues(alone=stands_alone(exchange))
    found = values.setdefault(_VALUES, made)
    if found is made:
        exchange.before_answer(lambda: made.save_all(exchange))
    return found
