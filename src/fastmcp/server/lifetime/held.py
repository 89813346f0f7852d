"""Held: a context manager that is open in a task of its own."""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import AbstractAsyncContextManager
from typing import Any, Self

from fastmcp._components.current import Scope, current_scope

# How often somebody who waits for another event loop looks whether that still runs, in seconds.
_LOOK = 0.5


class Held:
    """Holds a context manager open: the task that entered it leaves it, whoever asks for that.

    A cancel scope or a task group inside of it would not stand being left by another task. When
    the event loop ends first, the context manager is left in order, too. `part_of` is the lifespan
    that what runs in it belongs to.

    `lost` is called with what ended it, if something did before it was closed. `opened` says that
    it has been entered.
    """

    def __init__(
        self,
        manager: AbstractAsyncContextManager[Any],
        lost: Callable[[BaseException], object] | None = None,
        part_of: object = None,
    ) -> None:
        self.value: Any = None
        self.opened: bool = False
        self._lost = lost
        self._failure: BaseException | None = None
        self._opened: Future[None] = Future()
        self._over: Future[None] = Future()
        self._closing = asyncio.Event()
        # Whoever happens to come first may be a request; what is held outlives it.
        context = contextvars.copy_context()
        context.run(_enter_scope, part_of)
        self._loop = asyncio.get_running_loop()
        self._task = self._loop.create_task(self._hold(manager), context=context)
        self._task.add_done_callback(self._ended)

    @classmethod
    async def open(
        cls,
        manager: AbstractAsyncContextManager[Any],
        lost: Callable[[BaseException], object] | None = None,
    ) -> Self:
        """Enter a context manager; `value` is then what it gave.

        Raises:
            BaseException: what entering it raised.
        """
        held = cls(manager, lost)
        await held.opening()
        return held

    @property
    def alive(self) -> bool:
        """Whether the context manager is being entered, open, or being left."""
        return not self._task.done()

    @property
    def reachable(self) -> bool:
        """Whether the event loop runs that alone can leave it."""
        return self._loop.is_running()

    async def opening(self) -> None:
        """Wait, as the one who asked for it: who gives up has it be left again.

        Raises:
            BaseException: what entering it raised.
        """
        try:
            await asyncio.wait([asyncio.wrap_future(self._opened)])
        except asyncio.CancelledError:
            await _cancelled(self._task)
            raise
        if self._failure is not None:
            raise self._failure

    async def wait_opened(self) -> None:
        """Wait until it has been entered or cannot be; from any loop."""
        await self._settled(self._opened)

    async def wait_over(self) -> None:
        """Wait until it has been left; from any loop."""
        await self._settled(self._over)

    async def close(self) -> None:
        """Leave the context manager and wait until that is done; from any loop.

        Raises:
            BaseException: what leaving it raised.
        """
        if self._loop is asyncio.get_running_loop():
            await self._close()
        elif self._loop.is_running():
            with contextlib.suppress(RuntimeError):  # the loop has just ended
                self._loop.call_soon_threadsafe(self._closing.set)
            await self.wait_over()
            if self._task.done() and not self._task.cancelled():
                self._task.result()

    async def _close(self) -> None:
        self._closing.set()
        try:
            await asyncio.wait([self._task])
        except asyncio.CancelledError:
            await _cancelled(self._task)
            raise
        self._task.result()

    async def _settled(self, future: Future[None]) -> None:
        waiting = asyncio.wrap_future(future)
        while not waiting.done() and self.reachable:
            await asyncio.wait([waiting], timeout=_LOOK)

    def _ended(self, task: asyncio.Task[None]) -> None:
        if not self._opened.done():  # it was cancelled before it began
            self._failure = asyncio.CancelledError()
            self._opened.set_result(None)
        self._over.set_result(None)
        if self._lost is None or self._closing.is_set() or task.cancelled():
            return
        if (error := task.exception()) is not None:
            self._lost(error)

    async def _hold(self, manager: AbstractAsyncContextManager[Any]) -> None:
        try:
            async with manager as self.value:
                self.opened = True
                self._opened.set_result(None)
                try:
                    await self._closing.wait()
                except asyncio.CancelledError:
                    # By the end of the loop, or by a task group in which something failed: either
                    # way what follows the `yield` has its turn.
                    self._task.uncancel()
        except BaseException as error:
            if self._opened.done():
                raise
            self._failure = error
            self._opened.set_result(None)


def _enter_scope(part_of: object) -> None:
    scope = Scope()
    if part_of is not None:
        scope.part_of = (*scope.part_of, part_of)
    current_scope.set(scope)


async def _cancelled(task: asyncio.Task[Any]) -> None:
    task.cancel()
    await asyncio.wait([task])
