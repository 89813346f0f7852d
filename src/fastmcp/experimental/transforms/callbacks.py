"""Callbacks: functions of ours that code in a sandbox calls, for as long as it runs."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable, Callable, Mapping
from typing import Any


class Callbacks:
    """`functions` are those given, all async. What still runs when the code has ended is cancelled,
    and has ended when `end` has.
    """

    def __init__(self, functions: Mapping[str, Callable[..., Any]]) -> None:
        self.functions: dict[str, Callable[..., Awaitable[Any]]] = {
            name: self._watched(each) for name, each in functions.items()
        }
        self._running: set[asyncio.Task[Any]] = set()
        self._ended = False

    def _watched(self, function: Callable[..., Any]) -> Callable[..., Awaitable[Any]]:
        async def call(*args: Any, **kwargs: Any) -> Any:
            task = asyncio.current_task()
            if self._ended or task is None:
                raise asyncio.CancelledError
            self._running.add(task)
            try:
                value = function(*args, **kwargs)
                return await value if inspect.isawaitable(value) else value
            finally:
                self._running.discard(task)

        return call

    async def end(self) -> None:
        """Let nothing go on."""
        self._ended = True
        running = self._running - {asyncio.current_task()}
        for task in running:
            task.cancel()
        if running:
            # Whoever waits may be cancelled meanwhile; what was begun has its time to clean up.
            await asyncio.shield(asyncio.gather(*running, return_exceptions=True))
