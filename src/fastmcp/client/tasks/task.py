"""Task: what a client has of a request that a server runs in the background."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Awaitable, Callable, Generator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Generic, Self, TypeVar

from msgspec import Raw

from fastmcp.exceptions import McpError, TimedOut, ToolError
from fastmcp.wire.features import GetPromptResult
from fastmcp.wire.tasks import GetTaskResult

from ..arguments import Duration, in_seconds
from .remote_task import ENDED, RemoteTask, StatusListener

if TYPE_CHECKING:
    from ..results import CallToolResult

T = TypeVar("T")


class Task(Generic[T]):
    """A request that runs on the server, until `await task` gives its result.

    A server that has no tasks has answered at once; then `returned_immediately`, and everything
    else is the same.
    """

    def __init__(
        self, running: RemoteTask | None, read: Callable[[Raw], Awaitable[T]], id: str | None = None
    ) -> None:
        self._running = running
        self._read = read
        self._id = id or str(uuid.uuid4())
        self._value: T | None = None

    async def settled(self, answer: Raw) -> Self:
        """Itself, with the answer of the server as its result where that is no task."""
        if self._running is None:
            self._value = await self._read(answer)
        return self

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.task_id}>"

    @property
    def task_id(self) -> str:
        """Its id, which the server chose."""
        return self._id if self._running is None else self._running.id

    @property
    def returned_immediately(self) -> bool:
        """Whether the server has answered at once, instead of making it a task."""
        return self._running is None

    async def status(self) -> GetTaskResult:
        """Its state: as the server has told last, or else is asked for.

        Raises:
            McpError: it is known no longer.
            RuntimeError: the client was closed.
        """
        return _completed(self._id) if self._running is None else await self._running.known()

    async def wait(
        self, *, state: str | None = None, timeout: Duration | None = 300.0
    ) -> GetTaskResult:
        """Wait until it is in a state, or without one until it is no longer working: at its end, or
        `input_required`. What it asks on its way to a later state is answered by the client's
        handlers.

        Raises:
            TimeoutError: it was not within so many seconds, or has ended in another state.
        """
        running = self._running
        if running is None:
            return _completed(self._id)
        seconds = in_seconds(timeout)
        answering = state not in (None, "working", "input_required")

        def reached(now: GetTaskResult) -> bool:
            if now.status in ENDED:
                return True
            return now.status != "working" if state is None else now.status == state

        what = f"Task {running.id} did not reach {state or 'its end'}"
        limit = asyncio.timeout(seconds)
        try:
            async with limit:
                found = await running.until(reached, answering=answering)
        except TimeoutError:
            if not limit.expired():
                raise
            raise TimeoutError(f"{what} within {seconds:g} seconds") from None
        if state is not None and found.status != state:
            raise TimeoutError(f"{what}: it is {found.status}")
        return found

    async def result(self) -> T:
        """The result, once it is there; what the task asks meanwhile is answered by the client's
        handlers.

        Raises:
            McpError: the request failed, or was cancelled.
            RuntimeError: the client was closed.
        """
        if self._value is None:
            assert self._running is not None
            self._value = await self._read(await self._running.outcome())
        return self._value

    def __await__(self) -> Generator[Any, None, T]:
        return self.result().__await__()

    async def cancel(self) -> None:
        """Have it cancelled; nothing for one that was answered at once.

        Raises:
            McpError: the server refuses, as some do for what has ended.
        """
        if self._running is not None:
            await self._running.cancel()

    def on_status_change(self, callback: StatusListener) -> None:
        """Have a function, or a coroutine function, called with the state whenever that changes."""
        if self._running is not None:
            self._running.listen(callback)
            self._running.follow()


class ToolTask(Task["CallToolResult"]):
    """A call of a tool. Its result is what `call_tool` returns."""

    def __init__(
        self,
        running: RemoteTask | None,
        read: Callable[[Raw], Awaitable[CallToolResult]],
        id: str | None = None,
        *,
        failed: Callable[[McpError], CallToolResult],
        raise_on_error: bool,
    ) -> None:
        super().__init__(running, read, id)
        self._failed = failed
        self._raise_on_error = raise_on_error

    async def result(self) -> CallToolResult:
        """What the tool returned, once it has.

        Raises:
            ToolError: it failed or was cancelled, unless `raise_on_error` was False.
        """
        try:
            result = await super().result()
        except TimedOut:
            raise
        except McpError as error:
            return self._failed(error)
        if result.is_error and self._raise_on_error:
            raise ToolError(result.text())
        return result


class ResourceTask(Task[list[Any]]):
    """A resource that is read. Its result is what `read_resource` returns."""


class PromptTask(Task[GetPromptResult]):
    """A prompt that is rendered. Its result is what `get_prompt` returns."""


def _completed(id: str) -> GetTaskResult:
    now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return GetTaskResult(
        task_id=id, status="completed", created_at=now, last_updated_at=now, ttl=None
    )
