"""Lifespans of servers and applications: entering one, and entering several as one."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Coroutine, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from types import TracebackType
from typing import Any, Self, TypeAlias, cast

LifespanFunction: TypeAlias = Callable[[Any], AbstractAsyncContextManager[Any] | AsyncIterator[Any]]
"""What makes a lifespan of its server or application: an async context manager function, or an
async generator function that yields once."""


def combine_lifespans(
    *lifespans: LifespanFunction,
) -> Callable[[Any], AbstractAsyncContextManager[dict[str, Any]]]:
    """One lifespan of several, for a Starlette or FastAPI application that hosts servers.

    They are entered in order and left in reverse, each of them even if another one fails at its
    end. The mappings that they yield are merged, later ones winning.
    """

    @asynccontextmanager
    async def combined(app: Any) -> AsyncGenerator[dict[str, Any]]:
        merged: dict[str, Any] = {}
        async with Exits() as exits:
            for lifespan in lifespans:
                merged.update(members(await exits.enter(manager_of(lifespan, app)), lifespan))
            yield merged

    return combined


def manager_of(lifespan: LifespanFunction, owner: Any) -> AbstractAsyncContextManager[Any]:
    """The context manager that a lifespan function makes for its owner.

    Raises:
        TypeError: it makes something else.
    """
    made: Any = lifespan(owner)
    if isinstance(made, AbstractAsyncContextManager):
        return cast("AbstractAsyncContextManager[Any]", made)
    if isinstance(made, AsyncGenerator):
        return asynccontextmanager(lambda: cast("AsyncGenerator[Any]", made))()
    found = type(made).__name__
    if isinstance(made, Coroutine):
        made.close()
    raise TypeError(
        f"A lifespan is an async function that yields once; {_name(lifespan)} gave "
        f"{found}. Is there no `yield` in it, or no `async` before its `def`?"
    )


def members(result: Any, lifespan: Any) -> Mapping[str, Any]:
    """What a lifespan yielded, to be merged with what others did.

    Raises:
        TypeError: it is neither a mapping nor None.
    """
    if result is None:
        return {}
    if not isinstance(result, Mapping):
        raise TypeError(
            f"Combined lifespans yield a mapping or None; {_name(lifespan)} yielded "
            f"{type(result).__name__}"
        )
    return cast("Mapping[str, Any]", result)


def _name(lifespan: Any) -> str:
    return getattr(lifespan, "__qualname__", None) or repr(lifespan)


class Exits:
    """Leaves what was entered, in reverse, and each even if another one fails at its end.

    An `AsyncExitStack` would throw that failure into the others, which skip what follows their
    `yield` when they have no `finally`.
    """

    def __init__(self) -> None:
        self._exits: list[Callable[[BaseException | None], Awaitable[Any]]] = []

    async def enter(self, manager: AbstractAsyncContextManager[Any]) -> Any:
        """Enter a context manager; what it gives."""
        value = await manager.__aenter__()

        def leave(error: BaseException | None) -> Awaitable[Any]:
            return manager.__aexit__(type(error) if error else None, error, _traceback(error))

        self._exits.append(leave)
        return value

    def push(self, callback: Callable[[], Awaitable[Any]]) -> None:
        """Have `callback` called at the end."""
        self._exits.append(lambda _: callback())

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: Any, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        faults: list[Exception] = []
        interruption: BaseException | None = None
        while self._exits:
            try:
                await self._exits.pop()(error)
            except Exception as fault:
                faults.append(fault)
            except BaseException as fault:
                interruption = fault
        if interruption is not None:
            raise interruption
        if len(faults) == 1:
            raise faults[0]
        if faults:
            raise ExceptionGroup("Several lifespans failed at their end", faults)


def _traceback(error: BaseException | None) -> TracebackType | None:
    return None if error is None else error.__traceback__
