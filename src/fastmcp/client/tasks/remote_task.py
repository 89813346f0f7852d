"""RemoteTask: a task on a server, as far as its client knows of it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Final, Protocol, TypeAlias

from msgspec import UNSET, Raw, Struct, UnsetType

from fastmcp.exceptions import ClientError, InvalidParams, McpError
from fastmcp.wire.tasks import GetTaskResult

from ..answers import Question
from ..results import read_result

ENDED: Final = frozenset(("completed", "failed", "cancelled"))

# A server is asked for the state soon after it was asked last, then ever later, in seconds: up to
# what it says itself, within reason, or where it says nothing the default.
SHORTEST_PAUSE: Final = 0.01
LONGEST_PAUSE: Final = 60.0
DEFAULT_INTERVAL: Final = 1.0
# So many seconds after it has told of a change by itself it is asked: the next one may be lost.
TOLD_PAUSE: Final = 5.0

StatusListener: TypeAlias = Callable[[GetTaskResult], Awaitable[None] | None]


class TaskServer(Protocol):
    """What a task needs of its server, and of the client that it asks."""

    async def ask(self, method: str, params: dict[str, Any]) -> Raw:
        """Ask something of a task."""
        ...

    async def answers(self, questions: dict[str, Question]) -> dict[str, Any]:
        """What the client's handlers answer."""
        ...

    def tell(self, listener: StatusListener, state: GetTaskResult) -> None:
        """Call a function of the user's."""
        ...


class _Asking(Struct, rename="camel"):
    input_requests: dict[str, Question] = {}


class _Error(Struct):
    code: int
    message: str
    data: Any = None


class _Outcome(Struct):
    result: Raw | UnsetType = UNSET
    error: _Error | None = None


class RemoteTask:
    """A task of a server: its `state` as it was last heard of, and what can be done about it."""

    def __init__(self, server: TaskServer, state: GetTaskResult, *, modern: bool) -> None:
        self.id: str = state.task_id
        self.state: GetTaskResult = state
        self.modern = modern
        self._server = server
        self._told_at: float | None = None
        self._raw: Raw | None = None
        self._payload: Raw | None = None
        self._carrying = False
        self._answered: set[str] = set()
        self._listeners: list[StatusListener] = []
        self._following: asyncio.Task[None] | None = None
        self._wakers: set[asyncio.Future[bool]] = set()

    @property
    def ended(self) -> bool:
        """Whether it is known to have come to its end."""
        return self.state.status in ENDED

    # What is heard of it

    def take(self, raw: Raw, state: GetTaskResult, *, told: bool = False) -> None:
        """Its state, as the server answers it or, if `told`, as it is told of unasked."""
        if self.ended and self._raw is not None:
            return
        before, self.state = self.state, state
        self._raw = raw
        self._told_at = asyncio.get_running_loop().time() if told else None
        if (before.status, before.status_message) != (state.status, state.status_message):
            for listener in self._listeners:
                self._server.tell(listener, state)
        self._wake(heard=True)

    def doubt(self) -> None:
        """What was heard may be out of date: whoever waits looks at once."""
        self._told_at = None
        self._wake(heard=False)

    def listen(self, listener: StatusListener) -> None:
        """Have a function hear of each change."""
        self._listeners.append(listener)

    def ignore(self, listener: StatusListener) -> None:
        """Have it hear no more."""
        self._listeners.remove(listener)

    def follow(self) -> None:
        """Look for changes until it has come to its end, or the client is closed."""
        if self._following is None and not self.ended:
            self._following = asyncio.get_running_loop().create_task(self._follow())

    async def _follow(self) -> None:
        try:
            await self.until(lambda state: state.status in ENDED)
        except (McpError, ClientError, RuntimeError):
            return  # whoever waits for it is told why

    async def fetch(self) -> GetTaskResult:
        """Its state, asked for."""
        raw = await self._server.ask("tasks/get", {"taskId": self.id})
        self.take(raw, read_result(GetTaskResult, raw, "tasks/get"))
        return self.state

    async def known(self) -> GetTaskResult:
        """Its state, which the server is asked for unless it has told of it lately."""
        return self.state if self.ended or self._was_told() else await self.fetch()

    def _was_told(self) -> bool:
        if self._told_at is None:
            return False
        return asyncio.get_running_loop().time() < self._told_at + TOLD_PAUSE

    async def cancel(self) -> None:
        """Have it cancelled. A function that does not end at once may still complete."""
        raw = await self._server.ask("tasks/cancel", {"taskId": self.id})
        if self.modern:
            self.doubt()
        else:
            self.take(raw, read_result(GetTaskResult, raw, "tasks/cancel"))

    # Waiting

    async def until(
        self, reached: Callable[[GetTaskResult], bool], *, answering: bool = False
    ) -> GetTaskResult:
        """Wait for a state. What it asks meanwhile is answered only if `answering`."""
        pause, answer = SHORTEST_PAUSE, None
        try:
            while not reached(self.state):
                if answer is not None and answer.done():
                    answer.result()
                    pause, answer = SHORTEST_PAUSE, None
                if answering and answer is None and self._asks:
                    answer = asyncio.get_running_loop().create_task(self._answer())
                    answer.add_done_callback(lambda _: self._wake(heard=True))
                if not await self._woken(TOLD_PAUSE if self._told_at is not None else pause):
                    await self.fetch()
                pause = min(1.5 * pause, self._interval)
        finally:
            if answer is not None:
                answer.cancel()
                await asyncio.gather(answer, return_exceptions=True)
        return self.state

    @property
    def _interval(self) -> float:
        milliseconds = self.state.poll_interval_ms or self.state.poll_interval
        if milliseconds is None:
            return DEFAULT_INTERVAL
        return max(min(milliseconds, 1000 * LONGEST_PAUSE) / 1000, SHORTEST_PAUSE)

    async def _woken(self, pause: float) -> bool:
        """Whether something was heard, before so many seconds were over or there was a doubt."""
        waker: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._wakers.add(waker)
        try:
            await asyncio.wait([waker], timeout=pause)
        finally:
            self._wakers.discard(waker)
        return waker.done() and waker.result()

    def _wake(self, *, heard: bool) -> None:
        for waker in self._wakers:
            if not waker.done():
                waker.set_result(heard)

    # What it asks: a modern one in its state, one of the handshake era while its result is awaited

    @property
    def _asks(self) -> bool:
        if self.state.status != "input_required":
            return False
        if self.modern:
            return bool(self._questions())
        return not self._carrying and self._payload is None

    def _questions(self) -> dict[str, Question]:
        asked = self.state.input_requests
        if not asked or not asked.keys() - self._answered or self._raw is None:
            return {}
        found = read_result(_Asking, self._raw, "tasks/get").input_requests
        return {key: each for key, each in found.items() if key not in self._answered}

    async def _answer(self) -> None:
        if self.modern:
            questions = self._questions()
            self._answered |= questions.keys()
            try:
                answers = await self._server.answers(questions)
                params = {"taskId": self.id, "inputResponses": answers}
                await self._server.ask("tasks/update", params)
            except BaseException:
                self._answered -= questions.keys()
                raise
        else:
            try:
                await self._carry()
            except (McpError, ClientError):
                await asyncio.sleep(self._interval)  # it was cut off, or is not held open at all

    async def _carry(self) -> None:
        """Wait for the result, while the server asks on the stream of the answer."""
        self._carrying = True
        try:
            self._payload = await self._server.ask("tasks/result", {"taskId": self.id})
        finally:
            self._carrying = False
            self._wake(heard=True)

    # Its outcome

    async def outcome(self) -> Raw:
        """The result of the request that became the task, once it is there.

        Raises:
            McpError: the request failed, or was cancelled.
        """
        if self.modern:
            await self.until(lambda state: state.status in ENDED, answering=True)
            if self._raw is None:  # it had ended when it was begun
                await self.fetch()
            assert self._raw is not None
            return self._outcome_in(self._raw)
        return await self._handshake_outcome()

    def _outcome_in(self, raw: Raw) -> Raw:
        found = read_result(_Outcome, raw, "tasks/get")
        if (error := found.error) is not None:
            raise McpError(code=error.code, message=error.message, data=error.data)
        if self.state.status == "cancelled":
            raise self._cancelled()
        if found.result is UNSET:
            raise McpError(message=self.state.status_message or f"Task {self.id} has no result")
        return found.result

    async def _handshake_outcome(self) -> Raw:
        while self._payload is None:
            ended = self.ended
            try:
                if not self._carrying:
                    await self._carry()
                    continue
            except (McpError, ClientError):
                if self.state.status == "cancelled":
                    raise self._cancelled() from None
                if ended:
                    raise
            if ended:  # another one awaits the result
                await self._woken(TOLD_PAUSE)
            # Some answer only what has ended, and a long wait may be cut off.
            await self.until(
                lambda state: state.status in ENDED or self._payload is not None, answering=True
            )
        if self._listeners and not self.ended:
            await self.fetch()  # its end may not have been told of
        return self._payload

    def _cancelled(self) -> McpError:
        return InvalidParams(f"Task {self.id} was cancelled: it has no result")
