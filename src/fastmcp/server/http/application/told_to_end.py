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


def ends_in_order() -> bool:
    """Whether somebody acts on SIGTERM; else the process is gone at once."""
    return signal.getsignal(signal.SIGTERM) != signal.SIG_DFL


@contextlib.contextmanager
def when_told_to_end(act: Callable[[], object]) -> Generator[None]:
    """Inside of the block, have `act` called on the running loop when SIGINT or SIGTERM comes.

    Each block has handlers of its own: a server that took the place of those before is heard again
    in a block that is entered inside of it.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    loop = asyncio.get_running_loop()
    heard = [act]
    before: dict[int, Any] = {}

    def handle(number: int, frame: FrameType | None) -> None:
        for each in heard:
            with contextlib.suppress(RuntimeError):  # the loop is closed
                loop.call_soon_threadsafe(each)
        handler = before[number]
        if callable(handler):
            handler(number, frame)
        elif handler != signal.SIG_IGN:
            signal.signal(number, signal.SIG_DFL)
            signal.raise_signal(number)

    for number in SIGNALS:
        before[number] = signal.signal(number, handle)
    try:
        yield
    finally:
        heard.clear()  # whoever came after may still pass signals on to here
        for number, handler in before.items():
            if signal.getsignal(number) is handle:
                signal.signal(number, signal.SIG_DFL if handler is None else handler)
