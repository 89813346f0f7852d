"""What `ctx.get_state` gives on an event loop: the value for those who do not await it, too."""

from __future__ import annotations

import copy
from collections.abc import Awaitable, Callable, Generator
from typing import TYPE_CHECKING, Any, NoReturn

import wrapt

from fastmcp._runtime.bridge import NotAwaited

if TYPE_CHECKING:
    Proxy = wrapt.ObjectProxy[Any]
else:
    Proxy = wrapt.ObjectProxy  # no generic class before wrapt 2


class ValueHandle(Proxy):
    """Behaves as the value; awaited, it gives the value itself.

    With `fetch`, awaiting looks the value up anew.
    """

    is_state_handle = True

    def __init__(self, value: Any, fetch: Callable[[], Awaitable[Any]] | None = None) -> None:
        super().__init__(value)
        self._self_fetch = fetch

    def __await__(self) -> Generator[Any, Any, Any]:
        if self._self_fetch is None:
            return self.__wrapped__
        return (yield from self._self_fetch().__await__())

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self.__wrapped__(*args, **kwargs)

    def __aenter__(self) -> Any:
        return self.__wrapped__.__aenter__()

    def __aexit__(self, *exc_info: Any) -> Any:
        return self.__wrapped__.__aexit__(*exc_info)

    def __aiter__(self) -> Any:
        return aiter(self.__wrapped__)

    def __anext__(self) -> Any:
        return anext(self.__wrapped__)

    def __hash__(self) -> int:
        # asyncio.gather() tells what it is given apart by hash, whatever the value is.
        try:
            return hash(self.__wrapped__)
        except TypeError:
            return id(self)

    def __copy__(self) -> Any:
        return copy.copy(self.__wrapped__)

    def __deepcopy__(self, memo: dict[int, Any]) -> Any:
        return copy.deepcopy(self.__wrapped__, memo)

    def __reduce_ex__(self, protocol: Any) -> Any:
        return self.__wrapped__.__reduce_ex__(protocol)


class UnreadState:
    """A value that has to be awaited, since reading it takes time; it is nothing but that."""

    __slots__ = ("_fetch", "_key")

    def __init__(self, key: str, fetch: Callable[[], Awaitable[Any]]) -> None:
        self._key = key
        self._fetch = fetch

    def __await__(self) -> Generator[Any, Any, Any]:
        return self._fetch().__await__()

    def __repr__(self) -> str:
        return f"<ctx.get_state({self._key!r}), not awaited yet>"

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        self._refuse()

    def _refuse(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise NotAwaited(
            f"The state {self._key!r} has not been read yet, since its store takes time to answer; "
            f"write `await ctx.get_state({self._key!r})`"
        )


_REFUSED = """
    bool str format call len iter next contains reversed getitem setitem delitem
    eq ne lt le gt ge int float index neg abs round
    add radd sub rsub mul rmul truediv rtruediv floordiv rfloordiv mod rmod or ror and rand
    enter exit aenter aexit aiter anext
"""

for _name in _REFUSED.split():
    setattr(UnreadState, f"__{_name}__", UnreadState._refuse)
