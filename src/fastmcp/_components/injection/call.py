"""How the dependencies of one call are opened, used and closed, each where it belongs.

Plain functions run in worker threads and coroutines on the event loop, and what is plain in a row
is one visit to a thread: a plain function that needs nothing else is done in a single one, from its
first dependency to the closing of the last.
"""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from typing import Any, Literal, TypeAlias

from msgspec import UNSET

from fastmcp._components.current import current_scope
from fastmcp._runtime.threads import run_in_thread

from .shared_values import SharedValues

Key: TypeAlias = str | int
Place: TypeAlias = Literal["anywhere", "thread", "loop"]


class Step(ABC):
    """What happens at one point of a call; it begins at its `place`."""

    __slots__ = ("place",)

    def __init__(self, place: Place) -> None:
        self.place: Place = place

    @abstractmethod
    def open(self, call: Call) -> None:
        """Give the call a value, or leave it the rest to be done on the loop."""

    @abstractmethod
    async def open_on_loop(self, call: Call) -> None:
        """Begin on the loop, or do the rest there."""


class Call:
    """One call: what is open so far, and whether it goes forward or back."""

    __slots__ = (
        "_shared",
        "_steps",
        "arguments",
        "at",
        "closing",
        "error",
        "exits",
        "pending",
        "result",
        "values",
    )

    def __init__(
        self,
        steps: tuple[Step, ...],
        arguments: dict[str, Any],
        shared: SharedValues | None = None,
    ) -> None:
        self._steps = steps
        self._shared = shared
        self.arguments = arguments
        self.values: dict[Key, Any] = {**arguments}
        self.exits: list[tuple[Place, Callable[..., Any]]] = []
        self.at = 0
        self.pending: Any = UNSET
        self.closing = False
        self.error: BaseException | None = None
        self.result: Any = None

    def put(self, value: Any) -> None:
        """The step that the call is at has this value."""
        self.values[self.at] = value
        self.at += 1

    def end(self, result: Any) -> None:
        """The function returned; now everything is closed."""
        self.result = result
        self.closing = True

    def fail(self, error: BaseException) -> None:
        """The call ends with this; dependencies that would rather swallow it cannot."""
        self.error = error
        self.closing = True

    def take_pending(self) -> Any:
        """What a step began in a thread and could not end there; UNSET for nothing."""
        pending, self.pending = self.pending, UNSET
        return pending

    @property
    def shared(self) -> SharedValues:
        """What the server keeps; without one that runs, what this call keeps."""
        if self._shared is None:
            scope = current_scope.get(None)
            self._shared = None if scope is None else scope.shared_values
        if self._shared is None:
            self._shared = own = SharedValues()

            async def close(*_: Any) -> None:
                await own.close()

            self.exits.append(("loop", close))
        return self._shared

    def place(self) -> Place | None:
        """Where the next thing happens; None when there is nothing to do in this direction."""
        if self.closing:
            return self.exits[-1][0] if self.exits else None
        if self.pending is not UNSET:
            return "loop"
        return self._steps[self.at].place if self.at < len(self._steps) else None

    def advance(self) -> None:
        """Do one thing here."""
        try:
            if self.closing:
                self._exit()(*self._exc_info())
            else:
                self._steps[self.at].open(self)
        except BaseException as error:
            self.fail(error)

    async def advance_on_loop(self) -> None:
        """Do one thing on the loop."""
        try:
            if self.closing:
                await self._exit()(*self._exc_info())
            else:
                await self._steps[self.at].open_on_loop(self)
        except BaseException as error:
            self.fail(error)

    def advance_in_thread(self) -> None:
        """Do all that comes next and needs no loop."""
        while self.place() in ("thread", "anywhere"):
            self.advance()

    async def proceed(self, *, threaded: bool) -> None:
        """Do all that is to be done in this direction."""
        while (place := self.place()) is not None:
            if place == "loop":
                await self.advance_on_loop()
            elif place == "thread" and threaded:
                await self._visit_thread()
            else:
                self.advance()
        if isinstance(self.pending, Coroutine):
            self.take_pending().close()

    async def _visit_thread(self) -> None:
        """Go on in a thread. A call that is cancelled meanwhile is left to the thread, and what is
        open then is closed after it.
        """
        left: Future[None] = Future()

        def visit() -> None:
            try:
                self.advance_in_thread()
            finally:
                left.set_result(None)

        try:
            await run_in_thread(visit)
        except asyncio.CancelledError as error:
            self.fail(error)
            task = asyncio.create_task(self._close_after(left))
            _abandoned.add(task)
            task.add_done_callback(_abandoned.discard)
            raise

    async def _close_after(self, left: Future[None]) -> None:
        await asyncio.wrap_future(left)
        await self.proceed(threaded=True)

    def outcome(self) -> Any:
        """What the function returned, or what was raised."""
        if (error := self.error) is None:
            return self.result
        try:
            raise error
        finally:
            self.error = error = None  # its traceback holds this frame

    def _exit(self) -> Callable[..., Any]:
        return self.exits.pop()[1]

    def _exc_info(self) -> tuple[Any, Any, Any]:
        error = self.error
        if error is None:
            return None, None, None
        return type(error), error, error.__traceback__


_abandoned: set[asyncio.Task[None]] = set()
