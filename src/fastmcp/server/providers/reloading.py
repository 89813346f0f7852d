"""Reloading: what was made of files is looked at again, before it is used and while it is not."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from typing import Final

from fastmcp._runtime.threads import run_in_thread

# How often files are looked at while nobody asks, in seconds.
INTERVAL: Final = 1.0

logger: Final = logging.getLogger("fastmcp.server")


class Reloading:
    """Calls `look` in a worker thread, once at a time, however many ask; it takes up what has
    changed.
    """

    def __init__(self, look: Callable[[], None]) -> None:
        self._look = look
        self._looks = 0
        self._turn = threading.Lock()

    async def now(self) -> None:
        """What changed before this was called has been taken up when it returns."""
        await run_in_thread(self._once, looks=self._looks)

    def _once(self, looks: int) -> None:
        with self._turn:
            if self._looks == looks:  # otherwise somebody has looked since
                self._looks += 1
                self._look()

    @asynccontextmanager
    async def watching(self) -> AsyncGenerator[None]:
        """Inside of the block files are looked at now and then, so that clients hear of changes
        that nobody has asked for.
        """
        task = asyncio.create_task(self._watch())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.wait([task])

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(INTERVAL)
            try:
                await self.now()
            except Exception:
                logger.exception("Files could not be looked at")
