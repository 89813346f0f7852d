"""How long plain functions wait for a worker thread. The threads are those of the process, and so
is this.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from time import perf_counter

from fastmcp._runtime.threads import WorkerThreads

from .record import WAITS, Histogram


class ThreadWaits:
    """Measures what is submitted to worker threads, once it `watch`es them."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._histogram = Histogram.within(WAITS)

    @classmethod
    def watch(cls, threads: WorkerThreads) -> ThreadWaits:
        """The one that measures these threads, from now on if nobody did."""
        if not isinstance(threads.timed, ThreadWaits):
            threads.timed = cls()
        return threads.timed

    def __call__(self, work: Callable[[], None]) -> Callable[[], None]:
        submitted = perf_counter()

        def timed() -> None:
            waited = perf_counter() - submitted
            with self._lock:
                self._histogram.add(WAITS, waited, None)
            work()

        return timed

    def read(self) -> Histogram:
        """What was measured so far."""
        with self._lock:
            return Histogram(list(self._histogram.counts), self._histogram.total)
