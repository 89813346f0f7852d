"""The portal: an event loop in a thread of its own, for code that blocks.

There is one for the whole process. It is started for its first user and ended after its last, so
that a program which closes what it opened is left without threads.
"""

from __future__ import annotations

import asyncio
import atexit
import logging
import os
import threading
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any, Generic, TypeAlias, TypeVar

from fastmcp.exceptions import Disconnected

from .threads import abandoned, awaited_here, workers

T = TypeVar("T")
Closing: TypeAlias = Callable[[], Coroutine[Any, Any, object]]

logger = logging.getLogger("fastmcp.client")

PATIENCE = 5.0
"""Seconds that the end of the interpreter waits for what was left open to be closed."""

LOOK = 0.25
"""Seconds after which a thread that waits looks whether it still should."""


class Portal:
    """Runs coroutines for threads that wait for their results."""

    def __init__(self) -> None:
        self._turn = threading.Lock()
        self._thread: LoopThread | None = None
        self._users = 0
        self._lost: list[LoopThread] = []
        self._prepared = False

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """The result of `work`, which runs in the portal's loop, with the caller's context
        variables, while the calling thread waits. Interrupting the thread cancels the work.

        Any thread may call this, and any number at once. In a thread whose own event loop is
        running, that loop stands still meanwhile.

        Raises:
            RuntimeError: called in the portal's own thread, which would wait for itself.
            Disconnected: the work was cancelled there.
            CancelledError: nobody waits any more for the request that this worker thread serves.
        """
        try:
            self.refuse_own_thread()
            if abandoned():
                raise asyncio.CancelledError("The request was cancelled")
            thread = self._enter()
        except BaseException:
            work.close()
            raise
        try:
            if awaited_here() is None:
                return thread.run(work)
            with workers.one_more():
                return thread.run(work)
        finally:
            self._leave(thread)

    def hold(self, close: Closing) -> Hold:
        """Keep the portal running until the hold is released. `close` ends what its owner has open
        there, if the owner is lost or the interpreter ends before that.
        """
        thread = self._enter()
        hold = Hold(self, thread, close)
        thread.holds.add(hold)
        return hold

    def refuse_own_thread(self) -> None:
        """Check that the caller may wait.

        Raises:
            RuntimeError: it is the portal's own thread, which would wait for itself.
        """
        if self._thread is not None and self._thread.ident == threading.get_ident():
            raise RuntimeError(
                "A blocking call was made in the thread that has to carry it out: by a coroutine "
                "or a handler that runs there. Await the asynchronous client in its place"
            )

    def _enter(self) -> LoopThread:
        with self._turn:
            if self._thread is None:
                self._prepare()
                self._thread = LoopThread()
            self._users += 1
            return self._thread

    def _leave(self, thread: LoopThread) -> None:
        with self._turn:
            if self._thread is not thread:
                return
            self._users -= 1
            if self._users:
                return
            self._thread = None
        thread.stop()

    def release(self, hold: Hold, thread: LoopThread) -> None:
        """Give up a hold; the thread ends with its last user."""
        try:
            thread.holds.remove(hold)
        except KeyError:
            return
        self._leave(thread)

    def is_run_by(self, thread: LoopThread) -> bool:
        """Whether that is its thread at present."""
        return self._thread is thread

    def _prepare(self) -> None:
        if not self._prepared:
            self._prepared = True
            atexit.register(self._exit)
            if hasattr(os, "register_at_fork"):
                os.register_at_fork(after_in_child=self._forget)

    def _forget(self) -> None:
        """A forked child has the loop but not the thread that runs it."""
        self._turn = threading.Lock()
        if self._thread is not None:
            # Kept, since closing or collecting the loop would reach into what the parent watches.
            self._lost.append(self._thread)
            self._thread, self._users = None, 0

    def _exit(self) -> None:
        with self._turn:
            thread, self._thread, self._users = self._thread, None, 0
        if thread is not None:
            thread.close()


class Hold:
    """A user's hold on the portal, which runs as long as there is one."""

    def __init__(self, portal: Portal, thread: LoopThread, close: Closing) -> None:
        self.close = close
        self._portal = portal
        self._thread = thread

    @property
    def loop(self) -> asyncio.AbstractEventLoop:
        """The portal's event loop."""
        return self._thread.loop

    @property
    def valid(self) -> bool:
        """Whether the portal still runs as it did; in a forked child it does not."""
        return self._portal.is_run_by(self._thread)

    def release(self) -> None:
        """Let the portal end, once nobody else needs it; again, this does nothing."""
        self._portal.release(self, self._thread)

    def abandon(self) -> None:
        """Close what the owner left open, and release; without waiting, and in any thread: also
        amid a collection of garbage, when locks may be taken.
        """
        if self.valid:
            self._thread.soon(lambda: self._thread.spawn(self._end()))

    async def _end(self) -> None:
        try:
            await self.close()
        except Exception:
            logger.debug("What was left open could not be closed", exc_info=True)
        finally:
            self.release()


class LoopThread:
    """A daemon thread that runs an event loop until it is stopped."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self.holds: set[Hold] = set()
        self.exiting = False
        self._tasks: set[asyncio.Task[Any]] = set()
        self._thread = threading.Thread(target=self._live, name="fastmcp-portal", daemon=True)
        try:
            self._thread.start()
        except BaseException:
            self.loop.close()
            raise
        self.ident = self._thread.ident

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """The result of `work`, for another thread."""
        return _Call(self, work).outcome()

    def soon(self, function: Callable[[], object]) -> None:
        """Call a function in the thread, unless it has ended."""
        with suppress(RuntimeError):
            self.loop.call_soon_threadsafe(function)

    def spawn(self, work: Coroutine[Any, Any, object]) -> None:
        """Run a coroutine whose result nobody needs; called in the thread."""
        task = self.loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def stop(self) -> None:
        """End, and wait for that, unless this is the very thread."""
        self.soon(self.loop.stop)
        if threading.get_ident() != self.ident:
            self._thread.join()

    def close(self) -> None:
        """Close what is held, and end. What takes too long is left to the end of the process."""
        self.exiting = True
        self.soon(lambda: self.spawn(self._close_holds()))
        self._thread.join(PATIENCE)

    async def _close_holds(self) -> None:
        await asyncio.gather(*(hold.close() for hold in self.holds), return_exceptions=True)
        self.loop.stop()

    def _live(self) -> None:
        with asyncio.Runner(loop_factory=lambda: self.loop) as runner:
            loop = runner.get_loop()
            while True:
                try:
                    return loop.run_forever()
                except (KeyboardInterrupt, SystemExit):
                    pass  # a function of the user's raised it, and its caller is told


class _Call(Generic[T]):
    """A coroutine that a loop runs while another thread waits for it."""

    __slots__ = ("_done", "_task", "_thread", "_work")

    def __init__(self, thread: LoopThread, work: Coroutine[Any, Any, T]) -> None:
        self._thread = thread
        self._work = work
        self._task: asyncio.Task[T] | None = None
        self._done = threading.Lock()
        self._done.acquire()

    def outcome(self) -> T:
        """What it gives, once the loop has run it."""
        try:
            self._thread.loop.call_soon_threadsafe(self._begin)
            self._wait()
        except BaseException:
            self._thread.soon(self._cancel)
            raise
        task, self._task = self._task, None
        assert task is not None
        if task.cancelled():
            raise Disconnected("The client was closed while this waited for an answer")
        try:
            return task.result()
        finally:
            del task  # an error holds this frame, and the task holds the error

    def _begin(self) -> None:
        self._task = asyncio.get_running_loop().create_task(self._work)
        self._task.add_done_callback(self._settled)

    def _settled(self, task: asyncio.Task[T]) -> None:
        if not task.cancelled():
            task.exception()  # seen, though whoever waited for it may have been interrupted
        # Only daemons wait when the interpreter ends, and they end without a word.
        if not self._thread.exiting:
            self._done.release()

    def _cancel(self) -> None:
        if self._task is None:
            self._work.close()
        else:
            self._task.cancel()

    def _wait(self) -> None:
        # A signal may come just before the wait begins, and on Windows none ends it; and nobody
        # but this thread sees that the request it serves was cancelled.
        while not self._done.acquire(timeout=LOOK):
            if abandoned():
                raise asyncio.CancelledError("The request was cancelled")


portal = Portal()
"""The one of this process."""
