"""Hearing that the process is told to end, whoever acts on it.

An ASGI server waits for its open connections before it ends the application's lifespan, and those
of clients that listen never close by themselves. So the application hears of the signal, too; the
server's own handler is called as ever.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
import threading
from collections.abc import Callable, Generator
from types import FrameType
from typing import Any

SIGNALS = (signal.SIGINT, signal.SIGTERM)

_acts: list[Callable[[], object]] = []
_before: dict[int, Any] = {}


@contextlib.contextmanager
def when_told_to_end(act: Callable[[], object]) -> Generator[None]:
    """Inside of the block, have `act` called on the running loop when SIGINT or SIGTERM comes."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    loop = asyncio.get_running_loop()

    def on_loop() -> None:
        with contextlib.suppress(RuntimeError):  # the loop is closed
            loop.call_soon_threadsafe(act)

    if not _acts:
        for number in SIGNALS:
            _before[number] = signal.signal(number, _handle)
    _acts.append(on_loop)
    try:
        yield
    finally:
        _acts.remove(on_loop)
        if not _acts:
            _give_back()


def _give_back() -> None:
    """What somebody else has put in our place stays there."""
    for number, handler in _before.items():
        if signal.getsignal(number) is _handle:
            signal.signal(number, signal.SIG_DFL if handler is None else handler)


def _handle(number: int, frame: FrameType | None) -> None:
    for act in list(_acts):
        act()
    handler = _before[number]
    if callable(handler):
        handler(number, frame)
    elif handler != signal.SIG_IGN:
        signal.signal(number, signal.SIG_DFL)
        signal.raise_signal(number)
