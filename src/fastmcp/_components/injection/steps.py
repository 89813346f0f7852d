"""The steps of a call: values are taken, made, entered or shared; then the function is called."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Generator, Hashable
from contextlib import AbstractAsyncContextManager, AbstractContextManager
from os import PathLike
from typing import Any, cast

from msgspec import UNSET, Struct

from .call import Call, Key, Step
from .shared_values import SharedValues


class Wiring(Struct, frozen=True):
    """Where keyword arguments come from: an argument of the call by name, the value of a step by
    position, or what they always are.
    """

    links: tuple[tuple[str, Key], ...]
    constants: dict[str, Any]

    def keywords(self, values: dict[Key, Any]) -> dict[str, Any]:
        """The keyword arguments."""
        return {**self.constants, **{name: values[key] for name, key in self.links}}


class Taking(Step):
    """Takes a value that is at hand."""

    __slots__ = ("_read",)

    def __init__(self, read: Callable[[], Any]) -> None:
        super().__init__("anywhere")
        self._read = read

    def open(self, call: Call) -> None:
        call.put(self._read())

    async def open_on_loop(self, call: Call) -> None:
        self.open(call)


class Entering(Step):
    """Enters an async context manager."""

    __slots__ = ("_manager",)

    def __init__(self, manager: AbstractAsyncContextManager[Any]) -> None:
        super().__init__("loop")
        self._manager = manager

    def open(self, call: Call) -> None:
        call.pending = self._manager

    async def open_on_loop(self, call: Call) -> None:
        await _enter(call, self._manager)


class Making(Step):
    """Calls a factory, and enters what it makes when that is a context manager."""

    __slots__ = ("_factory", "_wiring")

    def __init__(self, factory: Callable[..., Any], wiring: Wiring, *, on_loop: bool) -> None:
        super().__init__("loop" if on_loop else "thread")
        self._factory = factory
        self._wiring = wiring

    def open(self, call: Call) -> None:
        made = self._factory(**self._wiring.keywords(call.values))
        if isinstance(made, (AbstractAsyncContextManager, Awaitable)):
            call.pending = made
        elif isinstance(made, AbstractContextManager) and not isinstance(made, PathLike):
            # Until Python 3.13 a path was a context manager, of nothing.
            value: Any = cast("Any", made).__enter__()
            call.exits.append(("thread", made.__exit__))
            call.put(value)
        else:
            call.put(made)

    async def open_on_loop(self, call: Call) -> None:
        if call.pending is UNSET:
            self.open(call)
        made = call.take_pending()
        if isinstance(made, AbstractAsyncContextManager):
            await _enter(call, cast("Any", made))
        elif made is not UNSET:
            call.put(await made)


async def _enter(call: Call, manager: AbstractAsyncContextManager[Any]) -> None:
    value = await manager.__aenter__()
    call.exits.append(("loop", manager.__aexit__))
    call.put(value)


class Sharing(Step):
    """Takes a value that the server keeps, or has it opened by steps of its own."""

    __slots__ = ("_key", "_steps")

    def __init__(self, key: Hashable, steps: tuple[Step, ...]) -> None:
        super().__init__("anywhere")
        self._key = key
        self._steps = steps

    def open(self, call: Call) -> None:
        value = call.shared.peek(self._key)
        if value is UNSET:
            call.pending = self
        else:
            call.put(value)

    async def open_on_loop(self, call: Call) -> None:
        call.take_pending()
        shared = call.shared
        call.put(await shared.get(self._key, _Kept(self._steps, shared)))


class _Kept:
    """A shared value as a context manager."""

    def __init__(self, steps: tuple[Step, ...], shared: SharedValues) -> None:
        self._call = Call(steps, {}, shared)

    async def __aenter__(self) -> Any:
        call = self._call
        await call.proceed(threaded=True)
        if call.error is not None:
            call.outcome()
        return call.values[call.at - 1]

    async def __aexit__(self, *exc_info: Any) -> None:
        call = self._call
        call.closing = True
        await call.proceed(threaded=True)
        call.outcome()


class Running(Step):
    """Calls the function itself; after it there is only closing."""

    __slots__ = ("_function", "_wiring")

    def __init__(self, function: Callable[..., Any], wiring: Wiring) -> None:
        super().__init__("thread")
        self._function = function
        self._wiring = wiring

    def open(self, call: Call) -> None:
        keywords = self._wiring.keywords(call.values)
        made = call_plainly(self._function, **call.arguments, **keywords)
        if isinstance(made, (Awaitable, AsyncGenerator)):
            call.pending = made
        else:
            call.end(made)

    async def open_on_loop(self, call: Call) -> None:
        call.end(await settled(call.take_pending()))


def call_plainly(function: Callable[..., Any], /, **arguments: Any) -> Any:
    """Call it; the items of a generator become a list."""
    value = function(**arguments)
    return list(cast("Any", value)) if isinstance(value, Generator) else value


async def settled(value: Any) -> Any:
    """What a plain function gave, when that was a coroutine or an async generator."""
    if isinstance(value, AsyncGenerator):
        return [item async for item in cast("AsyncGenerator[Any]", value)]
    return await value
