"""What this process serves, and how it is told to end: by a signal, or by `FastMCP.stop`.

The first SIGINT or SIGTERM has every service end in order; a second one ends the process at once.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
import threading
from collections.abc import Callable, Generator
from types import FrameType
from typing import Any

SIGNALS = tuple(
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGBREAK") if hasattr(signal, name)
)


class Service:
    """One transport of a server for as long as it is served. `end` is called, once and on its
    loop, when it is to end in order; `kill` when the process ends at once. `tell` is called first
    when it is `FastMCP.stop` that ends it.
    """

    def __init__(self, server: Any, end: Callable[[], object]) -> None:
        self.server = server
        self.ending: bool = False
        self.kill: Callable[[], object] | None = None
        self.tell: Callable[[], object] | None = None
        self._end = end
        self._loop = asyncio.get_running_loop()

    def stop(self) -> None:
        """Have it end; from any thread, and from signal handlers."""
        if not self.ending:
            self.ending = True
            with contextlib.suppress(RuntimeError):  # the loop is closed, and it has ended
                self._loop.call_soon_threadsafe(self._end)


class _Signals:
    """The handlers of signals, in place while the main thread serves anything."""

    def __init__(self) -> None:
        self._users = 0
        self._caught: list[int] = []
        self._before: dict[int, Any] = {}

    def take(self) -> None:
        if self._users == 0:
            self._before = {n: signal.signal(n, self._handle) for n in SIGNALS}
        self._users += 1

    def give_back(self) -> None:
        self._users -= 1
        if self._users > 0:
            return
        for number, handler in self._before.items():
            signal.signal(number, signal.SIG_DFL if handler is None else handler)
        caught, self._caught = self._caught, []
        for number in caught:
            # SIGINT has done what it is for; other handlers are the program's own.
            if number != signal.SIGINT and callable(handler := self._before[number]):
                handler(number, None)

    def _handle(self, number: int, frame: FrameType | None) -> None:
        if self._caught:
            end_at_once(number)
        self._caught.append(number)
        for service in list(_services):
            service.stop()


_services: list[Service] = []
_signals = _Signals()


@contextlib.contextmanager
def serving(server: Any, end: Callable[[], object]) -> Generator[Service]:
    """Inside of the block, on the running loop, a service of the server's."""
    service = Service(server, end)
    main = threading.current_thread() is threading.main_thread()
    if main:
        _signals.take()
    _services.append(service)
    try:
        yield service
    finally:
        _services.remove(service)
        if main:
            _signals.give_back()


def stop(server: Any) -> None:
    """Have everything that serves this server end in order."""
    found = [service for service in _services if service.server is server]
    if not found:
        server.logger.warning(
            "stop() found nothing to end: %r is served by no run() of this process; an ASGI server "
            "that serves it is told to end in its own way, most by SIGTERM",
            server.name,
        )
    for service in found:
        if service.tell is not None:
            service.tell()
        service.stop()


def end_at_once(number: int) -> None:
    """End the process by the signal, and with it whatever its services have started."""
    for service in list(_services):
        if service.kill is not None:
            service.kill()
    signal.signal(number, signal.SIG_DFL)
    signal.raise_signal(number)
