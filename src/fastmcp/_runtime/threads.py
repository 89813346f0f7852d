"""Worker threads for plain functions, so that a blocking one never stops the server."""

from __future__ import annotations

import asyncio
import contextvars
import os
import threading
from collections.abc import Callable, Coroutine, Generator
from contextlib import contextmanager
from queue import Empty, SimpleQueue
from typing import Any, TypeVar

T = TypeVar("T")

MAX_THREADS = 256

_UNSET: Any = object()


class WorkerThreads:
    """A pool of daemon threads: started when none is idle, and never in the way of an exit.

    `timed`, where it is set, is given what is submitted, and gives what is run in its place.
    """

    def __init__(self, limit: int = MAX_THREADS) -> None:
        self.timed: Callable[[Callable[[], None]], Callable[[], None]] | None = None
        self._limit = limit
        self._begin()
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=self._begin)

    def _begin(self) -> None:
        """Without threads: also in a forked child, which has none of its parent's."""
        self._count = 0
        self._counting = threading.Lock()
        self._idle = threading.Semaphore(0)
        self._queue: SimpleQueue[Callable[[], None]] = SimpleQueue()

    @property
    def limit(self) -> int:
        """How many threads there may be."""
        return self._limit

    @property
    def idle(self) -> int:
        """How many threads wait for work that nobody has submitted yet."""
        return self._idle._value

    @property
    def busy(self) -> int:
        """How many threads have work."""
        return max(self._count - self.idle, 0)

    @property
    def waiting(self) -> int:
        """How much work no thread has begun."""
        return self._queue.qsize()

    def submit(self, work: Callable[[], None]) -> None:
        """Run `work`, which must not raise, as soon as a thread is free."""
        if self.timed is not None:
            work = self.timed(work)
        self._queue.put(work)
        if not self._idle.acquire(blocking=False):
            self._start()

    def _start(self) -> None:
        with self._counting:
            if self._count >= self._limit:
                return
            self._count += 1
        name = f"fastmcp-worker-{self._count}"
        threading.Thread(target=self._run, name=name, daemon=True).start()

    @contextmanager
    def one_more(self) -> Generator[None]:
        """Room for another thread while this one waits for what may need one itself."""
        with self._counting:
            self._limit += 1
        if not self._queue.empty():
            self._start()
        try:
            yield
        finally:
            with self._counting:
                self._limit -= 1

    def _run(self) -> None:
        while True:
            try:
                work = self._queue.get_nowait()
            except Empty:
                self._idle.release()
                work = self._queue.get()
            work()
            del work


workers = WorkerThreads()
_here = threading.local()


def awaited_here() -> asyncio.Future[Any] | None:
    """What the loop waits for while this worker thread runs a function; None in other threads."""
    return getattr(_here, "awaited", None)


def abandoned() -> bool:
    """Whether this worker thread runs a function that nobody waits for any more."""
    awaited = awaited_here()
    return awaited is not None and awaited.cancelled()


async def while_awaited(work: Coroutine[Any, Any, T], awaited: asyncio.Future[Any] | None) -> T:
    """The result of `work`, which is cancelled when nobody waits for `awaited` any more."""
    if awaited is None:
        return await work
    task = asyncio.current_task()
    assert task is not None

    def left(future: asyncio.Future[Any]) -> None:
        if future.cancelled():
            task.cancel()

    awaited.add_done_callback(left)
    try:
        return await work
    finally:
        awaited.remove_done_callback(left)


async def run_in_thread(function: Callable[..., T], /, **arguments: Any) -> T:
    """Call `function` in a worker thread.

    Context variables go in with the call and come back with its result. Cancelling the wait
    leaves the thread to finish by itself; what it returns is dropped.
    """
    loop = asyncio.get_running_loop()
    future: asyncio.Future[T] = loop.create_future()
    context = contextvars.copy_context()

    def work() -> None:
        _here.awaited = future
        try:
            outcome, fault = context.run(function, **arguments), None
        except BaseException as error:
            outcome, fault = _UNSET, error
        _here.awaited = None
        try:
            loop.call_soon_threadsafe(_settle, future, outcome, fault)
        except RuntimeError:
            pass  # the loop is closed: nobody waits any more

    workers.submit(work)
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
