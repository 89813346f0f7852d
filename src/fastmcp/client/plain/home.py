"""Home: the event loop to which belongs what an object has open, for callers of every kind."""

from __future__ import annotations

import asyncio
import threading
import weakref
from collections.abc import Coroutine
from typing import Any, Protocol

from fastmcp._runtime.bridge import bridge
from fastmcp._runtime.portal import Closing, Hold, portal


class Resident(Protocol):
    """What has things open in a loop."""

    def _closing(self) -> Closing:
        """What closes them; it must not hold the object itself, which may be lost."""
        ...

    def _renew(self) -> None:
        """Forget them: they belong to the process of which this one is a forked child."""
        ...


class Home:
    """The loop of the first call: the one that runs there, else the portal's.

    It is another one after `leave()`, and when it has ended.
    """

    def __init__(self) -> None:
        self._turn = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._hold: Hold | None = None
        self._lost: weakref.finalize[[], Any] | None = None

    def carry_out(self, resident: Resident, work: Coroutine[Any, Any, Any], name: str) -> Any:
        """The result of `work`, which runs at home; in a running loop, what is awaited for it.

        Raises:
            RuntimeError: the loop stands still, so nothing can be done there.
        """
        running = _running_loop()
        try:
            home = self._found(resident, running)
        except BaseException:
            work.close()
            raise
        if running is None and self._hold is not None:
            return portal.run(work)
        return bridge(work, home, name)

    def leave(self) -> None:
        """Have no home, now that everything is closed."""
        with self._turn:
            hold, self._hold, self._loop = self._hold, None, None
            if self._lost is not None:
                self._lost.detach()
        if hold is not None:
            hold.release()

    def _found(
        self, resident: Resident, running: asyncio.AbstractEventLoop | None
    ) -> asyncio.AbstractEventLoop:
        with self._turn:
            if self._hold is not None and not self._hold.valid:
                resident._renew()
                self._hold = self._loop = None
            if self._loop is None or self._loop.is_closed():
                self._loop = running or self._held(resident)
            elif self._hold is None and not self._loop.is_running():
                raise RuntimeError(
                    "This client was first used in an event loop that stands still: close it "
                    "there before it is used elsewhere"
                )
            return self._loop

    def _held(self, resident: Resident) -> asyncio.AbstractEventLoop:
        self._hold = portal.hold(resident._closing())
        self._lost = weakref.finalize(resident, self._hold.abandon)
        self._lost.atexit = False
        return self._hold.loop


def _running_loop() -> asyncio.AbstractEventLoop | None:
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None
