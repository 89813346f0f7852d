"""Values that are opened on first use and kept until a server stops."""

from __future__ import annotations

import asyncio
from collections.abc import Hashable
from contextlib import AbstractAsyncContextManager
from typing import Any

from msgspec import UNSET


class _Kept:
    """One value and the task that opens it, holds it and closes it: what a context manager ties
    to the task that entered it is let go by the same one.
    """

    __slots__ = ("closing", "opened", "task")

    def __init__(self, manager: AbstractAsyncContextManager[Any]) -> None:
        self.opened: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self.closing = asyncio.Event()
        self.task = asyncio.create_task(self._keep(manager))

    async def _keep(self, manager: AbstractAsyncContextManager[Any]) -> None:
        try:
            async with manager as value:
                self.opened.set_result(value)
                await self.closing.wait()
        except BaseException as error:
            if self.opened.done():
                raise
            self.opened.set_exception(error)
            self.opened.exception()  # whoever asked may be gone


class SharedValues:
    """What `Shared` dependencies opened."""

    def __init__(self) -> None:
        self._kept: dict[Hashable, _Kept] = {}
        self._values: dict[Hashable, Any] = {}

    def peek(self, key: Hashable) -> Any:
        """The value, from any thread; UNSET when it is not open."""
        return self._values.get(key, UNSET)

    async def get(self, key: Hashable, manager: AbstractAsyncContextManager[Any]) -> Any:
        """The value; the first to ask has `manager` opened, and whoever comes meanwhile waits.

        One that could not be opened is tried again by the next who asks.
        """
        kept = self._kept.get(key)
        if kept is None:
            kept = self._kept[key] = _Kept(manager)
            kept.opened.add_done_callback(lambda opened: self._settle(key, opened))
        return await asyncio.shield(kept.opened)

    def _settle(self, key: Hashable, opened: asyncio.Future[Any]) -> None:
        if opened.cancelled() or opened.exception() is not None:
            self._kept.pop(key, None)
        else:
            self._values[key] = opened.result()

    async def close(self) -> None:
        """Close all that is open, the latest first.

        Raises:
            Exception: the first that closing raised, after everything was closed.
        """
        for kept in self._kept.values():
            if not kept.opened.done():
                kept.task.cancel()
        await asyncio.gather(*(k.task for k in self._kept.values() if not k.opened.done()))
        faults: list[BaseException] = []
        while self._values:
            key, _ = self._values.popitem()
            kept = self._kept.pop(key)
            kept.closing.set()
            try:
                await kept.task
            except Exception as error:
                faults.append(error)
        if faults:
            raise faults[0]
