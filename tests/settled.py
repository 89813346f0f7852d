"""What is left open, once the other side of a connection, in a thread here, has seen its end."""

from __future__ import annotations

import gc
import threading
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress

from left_behind import children, descriptors

SECONDS = 20


def wait_until(condition: Callable[[], object]) -> None:
    """Wait for something to be so."""
    deadline = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def left_open() -> set[object]:
    """Processes, descriptors and threads, without the pool of workers, which is kept."""
    while True:
        with suppress(FileNotFoundError):  # a thread has ended while it was looked at
            threads = [t for t in threading.enumerate() if not t.name.startswith("fastmcp-worker")]
            return {*children(), *descriptors(), *threads}


@contextmanager
def nothing_stays() -> Generator[None]:
    """Whatever the block opens and starts is closed and ended soon after."""
    gc.collect()
    before = left_open()
    yield
    deadline = time.monotonic() + SECONDS
    while left := left_open() - before:
        assert time.monotonic() < deadline, left
        gc.collect()
        time.sleep(0.01)
