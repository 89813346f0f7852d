"""Worker threads for plain functions, so that a blocking one never stops the server."""

from __future__ import annotations

import asyncio
import contextvars
import threading
from collections.abc import Callable
from queue import Empty, SimpleQueue
from typing import Any, TypeVar

T = TypeVar("T")

MAX_THREADS = 256

_UNSET: Any = object()


class WorkerThreads:
    """A pool of daemon threads: started when none is idle, and never in the way of an exit."""

    def __init__(self, limit: int = MAX_THREADS) -> None:
        self._limit = limit
        self._count = 0
        self._idle = threading.Semaphore(0)
        self._queue: SimpleQueue[Callable[[], None]] = SimpleQueue()

    def submit(self, work: Callable[[], None]) -> None:
        """Run `work`, which must not raise, as soon as a thread is free."""
        self._queue.put(work)
        if self._idle.acquire(blocking=False) or self._count >= self._limit:
            return
        self._count += 1
        name = f"fastmcp-worker-{self._count}"
        threading.Thread(target=self._run, name=name, daemon=True).start()

    def _run(self) -> None:
        while True:
            try:
                work = self._queue.get_nowait()
            except Empty:
                self._idle.release()
                work = self._queue.get()
            work()
            del work


_workers = WorkerThreads()


async def run_in_thread(function: Callable[..., T], /, **arguments: Any) -> T:
    """Call `function` in a worker thread.

    Context variables go in with the call and come back with its result. Cancelling the wait
    leaves the thread to finish by itself; what it returns is dropped.
    """
    loop = asyncio.get_running_loop()
    future: asyncio.Future[T] = loop.create_future()
    context = contextvars.copy_context()

    def work() -> None:
        try:
            outcome, fault = context.run(function, **arguments), None
        except BaseException as error:
            outcome, fault = _UNSET, error
        try:
            loop.call_soon_threadsafe(_settle, future, outcome, fault)
        except RuntimeError:
            pass  # the loop is closed: nobody waits any more

    _workers.submit(work)
    result = await future
    for variable, value in context.items():
        if variable.get(_UNSET) is not value:
            variable.set(value)
    return result


def _settle(future: asyncio.Future[Any], outcome: Any, fault: BaseException | None) -> None:
    if future.done():
        return
    if fault is None:
        future.set_result(outcome)
    elif isinstance(fault, StopIteration):
        future.set_exception(RuntimeError("the function raised StopIteration"))
    else:
        future.set_exception(fault)
