"""One method for all callers: awaited on the event loop, waited for in a worker thread."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Callable, Coroutine, Generator
from concurrent.futures import CancelledError
from typing import Any, Concatenate, NoReturn, ParamSpec, Protocol, TypeVar

from .threads import abandoned, awaited_here, while_awaited, workers

T = TypeVar("T")
P = ParamSpec("P")
H = TypeVar("H", bound="Homed")


class NotAwaited(RuntimeError):
    """The result of an asynchronous method was used before it was awaited."""


class Pending(Coroutine[Any, Any, T]):
    """What an asynchronous method gives on the event loop: a coroutine that says so when it is
    used as if it were the result.
    """

    __slots__ = ("_name", "_work")

    def __init__(self, work: Coroutine[Any, Any, T], name: str) -> None:
        self._work = work
        self._name = name

    def __await__(self) -> Generator[Any, Any, T]:
        return self._work.__await__()

    def send(self, value: Any, /) -> Any:
        return self._work.send(value)

    def throw(self, *fault: Any) -> Any:
        return self._work.throw(*fault)

    def close(self) -> None:
        self._work.close()

    def __repr__(self) -> str:
        return f"<{self._name}(), not awaited yet>"

    def __getattr__(self, member: str) -> Any:
        if member.startswith("__"):
            raise AttributeError(member)
        self._refuse()

    def __bool__(self) -> bool:
        self._refuse()

    def __getitem__(self, key: Any) -> Any:
        self._refuse()

    def __iter__(self) -> Any:
        self._refuse()

    def _refuse(self) -> NoReturn:
        name = self._name
        self._work.close()
        raise NotAwaited(
            f"{name}() has no result yet. In an async function write `await {name}(...)`; a plain "
            "function can call it without await only in a worker thread, so not with "
            "run_in_thread=False"
        )


def bridge(work: Coroutine[Any, Any, T], home: asyncio.AbstractEventLoop, name: str) -> Any:
    """What a call of an asynchronous method gives its caller; `home` is the loop it belongs to.

    On that loop this is a coroutine. In a thread it is the result: the thread waits, the loop
    does not. On a loop of somebody else's it is a coroutine that waits for `home`.

    Raises:
        CancelledError: in a thread whose request nobody waits for any more.
    """
    try:
        running = asyncio.get_running_loop()
    except RuntimeError:
        return _wait(work, home)
    return Pending(work if running is home else _across(work, home), name)


def _wait(work: Coroutine[Any, Any, T], home: asyncio.AbstractEventLoop) -> T:
    if abandoned():
        work.close()
        raise asyncio.CancelledError("The request was cancelled")
    future = asyncio.run_coroutine_threadsafe(while_awaited(work, awaited_here()), home)
    try:
        with workers.one_more():
            return future.result()
    except CancelledError:
        raise asyncio.CancelledError("The request was cancelled") from None


class Homed(Protocol):
    """What has methods that belong to one event loop."""

    @property
    def home(self) -> asyncio.AbstractEventLoop: ...


class Bridged:
    """Decorates methods that async functions await and plain functions call; `owner` is the name
    by which those who forget to await are told.
    """

    def __init__(self, owner: str) -> None:
        self._owner = owner

    def __call__(
        self, method: Callable[Concatenate[H, P], Coroutine[Any, Any, T]]
    ) -> Callable[Concatenate[H, P], Coroutine[Any, Any, T]]:
        name = f"{self._owner}.{method.__name__}"

        @functools.wraps(method)
        def call(homed: H, /, *args: P.args, **kwargs: P.kwargs) -> Any:
            return bridge(method(homed, *args, **kwargs), homed.home, name)

        return call


async def _across(work: Coroutine[Any, Any, T], home: asyncio.AbstractEventLoop) -> T:
    return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(work, home))
