"""Held: a context manager that is open in a task of its own."""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Any, Self

from fastmcp._components.current import Scope, current_scope


class Held:
    """Holds a context manager open: the task that entered it leaves it, whoever asks for that.

    A cancel scope or a task group inside of it would not stand being left by another task. When
    the event loop ends first, the context manager is left in order, too.
    """

    def __init__(
        self,
        manager: AbstractAsyncContextManager[Any],
        lost: Callable[[BaseException], object] | None = None,
    ) -> None:
        loop = asyncio.get_running_loop()
        self.value: Any = None
        self._lost = lost
        self._opened: asyncio.Future[None] = loop.create_future()
        self._closing = asyncio.Event()
        # Whoever happens to come first may be a request; what is held outlives it.
        context = contextvars.copy_context()
        context.run(current_scope.set, Scope())
        self._task = loop.create_task(self._hold(manager), context=context)
        self._task.add_done_callback(self._ended)

    @classmethod
    async def open(
        cls,
        manager: AbstractAsyncContextManager[Any],
        lost: Callable[[BaseException], object] | None = None,
    ) -> Self:
        """Enter a context manager; `value` is then what it gave.

        `lost` is called with what ended it, if something did before it was closed.

        Raises:
            BaseException: what entering it raised.
        """
        held = cls(manager, lost)
        try:
            await asyncio.shield(held._opened)
        except asyncio.CancelledError:
            await _cancelled(held._task)
            raise
        return held

    @property
    def alive(self) -> bool:
        """Whether the context manager is still open, or being left."""
        return not self._task.done()

    async def close(self) -> None:
        """Leave the context manager and wait until that is done; from any loop.

        Raises:
            BaseException: what leaving it raised.
        """
        loop = self._task.get_loop()
        if loop is asyncio.get_running_loop():
            await self._close()
        elif loop.is_running():
            closed = asyncio.run_coroutine_threadsafe(self._close(), loop)
            await asyncio.wrap_future(closed)

    async def _close(self) -> None:
        self._closing.set()
        try:
            await asyncio.wait([self._task])
        except asyncio.CancelledError:
            await _cancelled(self._task)
            raise
        self._task.result()

    def _ended(self, task: asyncio.Task[None]) -> None:
        if self._lost is None or self._closing.is_set() or task.cancelled():
            return
        if (error := task.exception()) is not None:
            self._lost(error)

    async def _hold(self, manager: AbstractAsyncContextManager[Any]) -> None:
        try:
            async with manager as self.value:
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
            self._opened.set_exception(error)
            self._opened.exception()  # whoever asked may be gone


async def _cancelled(task: asyncio.Task[Any]) -> None:
    task.cancel()
    await asyncio.wait([task])
