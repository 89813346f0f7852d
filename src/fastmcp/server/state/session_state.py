"""State as functions use it: `ctx.set_state`, `ctx.get_state` and `ctx.delete_state`."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Generator
from typing import Any, TypeVar, cast

from fastmcp._runtime.bridge import bridge
from fastmcp._runtime.exchange import Exchange
from fastmcp._runtime.threads import abandoned

from .encoding import encode_state
from .keeper import Keeper
from .request_values import GONE, Change, request_values
from .session_names import session_id_of
from .store import Address

T = TypeVar("T")

STATE = "fastmcp_state"
"""The collection that it is kept in."""


class SessionState:
    """The state of the session that a request belongs to, as one server keeps it.

    On an event loop a change gives what can be awaited and need not be, and a reading a handle; in
    a worker thread they are done when the call returns, and a reading gives the value itself.
    """

    __slots__ = ("_exchange", "_keeper", "_logger", "_principal", "_values")

    def __init__(
        self, exchange: Exchange, keeper: Keeper, principal: str | None, logger: logging.Logger
    ) -> None:
        self._exchange = exchange
        self._keeper = keeper
        self._principal = principal
        self._logger = logger
        self._values = request_values(exchange)

    def set(self, key: str, value: Any, serializable: bool | None) -> Awaitable[None]:
        """Set a value; what `get` gave stands for its value."""
        if getattr(cast("type[Any]", type(value)), "is_state_handle", False):
            value = value.__wrapped__
        if serializable:
            encode_state(key, value)
        if serializable is False:
            self._values.keep(key, value)
            return self._changed(_nothing, "ctx.set_state")
        return self._change(key, value, bool(serializable), "ctx.set_state")

    def delete(self, key: str) -> Awaitable[None]:
        """Delete a value."""
        return self._change(key, GONE, True, "ctx.delete_state")

    def get(self, key: str, default: Any) -> Any:
        """Read a value."""
        address = self._address(key)

        async def read() -> Any:
            value = await self._values.read(self._keeper, address)
            return default if value is GONE else value

        if _in_thread():
            return self._waited_for(read(), "ctx.get_state")
        from .handles import UnreadState, ValueHandle

        if self._keeper.immediate:
            return ValueHandle(_finished(read()))

        def fetch() -> Coroutine[Any, Any, Any]:
            return bridge(read(), self._exchange.loop, "ctx.get_state")

        value = self._values.look(self._keeper, key)
        return UnreadState(key, fetch) if value is GONE else ValueHandle(value, fetch)

    def _address(self, key: str) -> Address:
        return Address(STATE, session_id_of(self._exchange), self._principal, key)

    def _change(self, key: str, value: Any, must: bool, name: str) -> Awaitable[None]:
        change = Change(self._keeper, self._address(key), value, must, self._logger)
        self._values.change(change)
        return self._changed(lambda: self._values.save(change), name)

    def _changed(self, save: Callable[[], Coroutine[Any, Any, None]], name: str) -> Awaitable[None]:
        if _in_thread():
            return cast("Any", self._waited_for(save(), name))
        if self._keeper.immediate:
            return Saving(save)
        return Saving(lambda: bridge(save(), self._exchange.loop, name))

    def _waited_for(self, work: Coroutine[Any, Any, T], name: str) -> T:
        if self._keeper.immediate and not abandoned():
            return _finished(work)
        return bridge(work, self._exchange.loop, name)


class Saving(Coroutine[Any, Any, None]):
    """A change that is made already; awaited, it is saved, too. Nothing is lost without that."""

    __slots__ = ("_save", "_work")

    def __init__(self, save: Callable[[], Coroutine[Any, Any, None]]) -> None:
        self._save = save
        self._work: Coroutine[Any, Any, None] | None = None

    def __await__(self) -> Generator[Any, Any, None]:
        return self._save().__await__()

    def send(self, value: Any, /) -> Any:
        if self._work is None:
            self._work = self._save()
        return self._work.send(value)

    def throw(self, *fault: Any) -> Any:
        if self._work is None:
            self._work = self._save()
        return self._work.throw(*fault)

    def close(self) -> None:
        if self._work is not None:
            self._work.close()


def _in_thread() -> bool:
    """Whether this is a thread without an event loop, which can wait."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return True
    return False


def _finished(work: Coroutine[Any, Any, T]) -> T:
    """The result of a coroutine that never suspends."""
    try:
        work.send(None)
    except StopIteration as end:
        return end.value
    raise RuntimeError("a store that is immediate made its caller wait")


async def _nothing() -> None:
    pass
