"""Drives one conversation over a channel: a task for each request of theirs, a future for each
of ours. It serves both roles; what a request means is its `answer` callable's business.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from contextvars import Context, copy_context
from typing import Any, Final, Protocol, TypeAlias

from msgspec import UNSET, Raw

from fastmcp._protocol.connection import (
    Answered,
    CancelReceived,
    Connection,
    Event,
    Malformed,
    ProgressReceived,
    Refused,
)
from fastmcp.exceptions import Disconnected, McpError, TimedOut
from fastmcp.wire import jsonrpc
from fastmcp.wire.jsonrpc import ErrorData, Message, Notification, Request, RequestId

from .in_context import InContext
from .interruption import interrupt

logger = logging.getLogger("fastmcp.session")

Answer: TypeAlias = Callable[[Request], Coroutine[Any, Any, bytes | None]]
OnNotification: TypeAlias = Callable[[Notification], None]
OnProgress: TypeAlias = Callable[[Raw], None]
AskDirectly: TypeAlias = Callable[[Request], Awaitable[Raw | None]]


class Channel(Protocol):
    """Where a session's messages go.

    A channel to a peer in the same process may also have `ask_directly`, which takes a request as
    it is and gives its result; None when it was given up, and the session knows why.
    """

    async def send(self, message: bytes, related: RequestId | None) -> None:
        """Send a notification; it may belong to their request `related`.

        Returns when the transport has room for more.
        """
        ...

    async def reply(self, id: RequestId, message: bytes) -> None:
        """Send the answer to their request."""
        ...

    async def call(
        self,
        id: RequestId,
        method: str,
        params: Any,
        message: bytes,
        related: RequestId | None = None,
    ) -> None:
        """Send a request of ours; it may belong to their request `related`.

        Raises:
            ClientError: there is no way to the peer for it.
        """
        ...

    def abandon(self, id: RequestId, message: bytes) -> None:
        """Give up a request of ours: by `message`, or as the transport says instead."""
        ...

    def refuse(self, message: bytes) -> None:
        """Send the answer to something that was no message."""
        ...

    def forget(self, id: RequestId) -> None:
        """Their request ended without an answer, and nobody may wait for one any more."""
        ...

    def release(self, id: RequestId) -> None:
        """Let the client come back for the answer to its request, where it can (PROTOCOL 4.2)."""
        ...


def as_error(error: ErrorData) -> McpError:
    """The error that a refused request of ours raises."""
    data = None if error.data is UNSET else error.data
    return McpError(code=error.code, message=error.message, data=data)


async def _unanswerable(request: Request) -> bytes:
    error = McpError(code=-32601, message=f"Method not found: {request.method}")
    return jsonrpc.encode_failure(request.id, error)


class Session:
    """A live conversation. `feed` takes what comes in; closing ends every task and waiter.

    What comes with the answer to a request of ours is `related` to it, where the transport can
    tell. It is heard, and answered, in the context in which that request was made.
    """

    def __init__(
        self,
        channel: Channel,
        answer: Answer = _unanswerable,
        *,
        on_notification: OnNotification | None = None,
        on_cancelled: OnNotification | None = None,
        on_closed: Callable[[], None] | None = None,
        answers_malformed: bool = True,
    ) -> None:
        self.connection: Final = Connection()
        self.channel = channel
        self.batches = False
        self._answer = answer
        self._on_notification = on_notification
        self._on_cancelled = on_cancelled
        self._on_closed = on_closed
        self._answers_malformed = answers_malformed
        self._tasks: dict[RequestId, asyncio.Task[None]] = {}
        # Who serves requests in tasks of their own, and how often each was cancelled before.
        self._lent: dict[RequestId, tuple[asyncio.Task[Any], int]] = {}
        self._waiting: dict[RequestId, asyncio.Future[Raw]] = {}
        self._progress: dict[RequestId, OnProgress] = {}
        self._contexts: dict[RequestId | None, Context] = {}
        self._closed: Exception | None = None
        self._endings: list[Callable[[], object]] = []
        self._ask_directly: AskDirectly | None = getattr(channel, "ask_directly", None)

    def feed(self, data: Any, related: RequestId | None = None) -> None:
        """Take one frame: a message, or a batch where the revision has them."""
        for event in self.connection.receive(data, batches=self.batches):
            self._handle(event, related)

    async def serve(self, request: Request) -> bytes | None:
        """The response to a request, made by the task that awaits this instead of a new one; None
        when it was cancelled or the session has ended.
        """
        if self._closed is not None:
            return None
        self.connection.take(request)
        task = asyncio.current_task()
        if task is not None:
            self._lent[request.id] = (task, task.cancelling())
        try:
            reply = await InContext(self._answer(request))
            return reply if request.id in self.connection.incoming else None
        finally:
            self._lent.pop(request.id, None)
            self.connection.finish(request.id)

    def take(self, message: Message, related: RequestId | None = None) -> None:
        """Take a message that was read already.

        Raises:
            InvalidRequest: a request whose id is still in flight.
        """
        self._handle(self.connection.take(message), related)

    def _handle(self, event: Event, related: RequestId | None) -> None:
        if isinstance(event, Request):
            self._start(event, self._contexts.get(related))
        elif isinstance(event, Answered):
            self._settle(event.id, event.result, None)
        elif isinstance(event, Refused):
            self._settle(event.id, None, as_error(event.error))
        elif isinstance(event, Notification):
            if self._on_notification is not None:
                self._tell(self._on_notification, event, related)
        elif isinstance(event, CancelReceived):
            self.cancel_theirs(event.id)
            if self._on_cancelled is not None:
                self._on_cancelled(event.notification)
        elif isinstance(event, ProgressReceived):
            if (callback := self._progress.get(event.id)) is not None:
                self._tell(callback, event.params, event.id)
        else:
            self._refuse(event)

    def _refuse(self, event: Malformed) -> None:
        if self._answers_malformed:
            self.channel.refuse(event.reply)
        else:
            logger.debug("Ignored what is not a message: %s", event.error)

    def _tell(self, listener: Callable[[Any], None], told: Any, related: RequestId | None) -> None:
        context = self._contexts.get(related)
        if context is None:
            listener(told)
        else:
            context.copy().run(listener, told)  # one that is being run cannot be entered again

    def _start(self, request: Request, context: Context | None) -> None:
        if self._closed is not None:
            return
        if context is not None:
            context = context.copy()
        task = asyncio.get_running_loop().create_task(self._serve(request), context=context)
        self._tasks[request.id] = task

    async def _serve(self, request: Request) -> None:
        id, task, answered = request.id, asyncio.current_task(), False
        try:
            reply = await self._answer(request)
            # One that outlives its cancellation must not answer a later request of the same id.
            mine = self._tasks.get(id) is task
            if mine and self.connection.finish(id) and reply is not None:
                await self.channel.reply(id, reply)
                answered = True
        finally:
            if self._tasks.get(id) is task:
                del self._tasks[id]
                self.connection.finish(id)
                if not answered and self._closed is None:
                    self.channel.forget(id)

    def cancel_theirs(self, id: RequestId) -> None:
        """Stop serving a request of theirs; nothing answers it any more."""
        task = self._tasks.pop(id, None)
        self.connection.finish(id)
        if task is not None:
            task.cancel()
            self.channel.forget(id)

    def release(self, related: RequestId) -> None:
        """Let the client come back for the answer to a request of theirs."""
        self.channel.release(related)

    def awaits(self, related: RequestId) -> bool:
        """Whether the peer still waits for the answer to a request of theirs."""
        lent = self._lent.get(related)
        if lent is not None and lent[0].cancelling() > lent[1]:
            return False
        return self._closed is None and related in self.connection.incoming

    def has_task(self, id: RequestId) -> bool:
        """Whether a request of theirs is being served."""
        return id in self._tasks

    async def send(self, message: bytes, related: RequestId | None = None) -> None:
        """Send a notification, unless the request it belongs to was cancelled."""
        if self._closed is None and (related is None or related in self.connection.incoming):
            await self.channel.send(message, related)

    async def request(
        self,
        method: str,
        params: Mapping[str, Any] | None = None,
        related: RequestId | None = None,
        *,
        timeout: float | None = None,
        longest: float | None = None,
        spent: float = 0.0,
        on_progress: OnProgress | None = None,
        cancellable: bool = True,
    ) -> Raw:
        """Ask the peer and wait for its raw result, up to `timeout` seconds.

        Progress, which the peer reports if `on_progress` is given, starts that time anew; `longest`
        is for the whole. Of both, `spent` seconds are gone already. The peer is told when we give
        up, unless this is not `cancellable`.

        Raises:
            McpError: the peer answered with an error.
            TimedOut: it did not answer in time; it was told that we gave up.
            Disconnected: the session ended first.
        """
        if self._closed is not None:
            raise self._ended()
        id = self.connection.next_id()
        self._contexts[id] = copy_context()
        try:
            if on_progress is not None:
                meta: dict[str, Any] = (params or {}).get("_meta") or {}
                params = {**(params or {}), "_meta": {**meta, "progressToken": id}}
                self._progress[id] = on_progress
            asking = self._ask(id, method, params, related)
            if timeout is None and longest is None:
                return await asking
            return await self._ask_within(timeout, longest, spent, asking, id, method, cancellable)
        except asyncio.CancelledError:
            self._abandon(id, "cancelled", cancellable)
            raise
        finally:
            self.connection.outgoing.discard(id)
            self._waiting.pop(id, None)
            self._progress.pop(id, None)
            self._contexts.pop(id, None)

    async def _ask(
        self,
        id: RequestId,
        method: str,
        params: Mapping[str, Any] | None,
        related: RequestId | None,
    ) -> Raw:
        params = {} if params is None else params
        self._waiting[id] = future = asyncio.get_running_loop().create_future()
        if self._ask_directly is None:
            message = jsonrpc.encode_request(id, method, params)
            try:
                await self.channel.call(id, method, params, message, related)
            except BaseException:
                if not future.cancel() and not future.cancelled():
                    future.exception()  # the session has ended as well, which is no news
                raise
            return await future
        result = await self._ask_directly(Request(id, method, Raw(jsonrpc.encode_value(params))))
        return await future if result is None or future.done() else result

    async def _ask_within(
        self,
        timeout: float | None,
        longest: float | None,
        spent: float,
        asking: Awaitable[Raw],
        id: RequestId,
        method: str,
        cancellable: bool,
    ) -> Raw:
        now = asyncio.get_running_loop().time
        begun = now() - spent

        def limit(since: float) -> float:
            ends = [begun + longest] if longest is not None else []
            return min([*ends, since + timeout] if timeout is not None else ends)

        deadline = asyncio.timeout_at(limit(begun))
        if timeout is not None and (told := self._progress.get(id)) is not None:

            def on_progress(raw: Raw) -> None:
                if not deadline.expired():
                    deadline.reschedule(limit(now()))
                told(raw)

            self._progress[id] = on_progress
        try:
            async with deadline:
                return await asking
        except TimeoutError:
            if not deadline.expired():
                raise  # one of the transport's own
            self._abandon(id, "timeout", cancellable)
            whole = longest is not None and now() - begun >= longest
            name, limit_was = ("total timeout", longest) if whole else ("timeout", timeout)
            text = f"Timed out: no answer to {method} within its {name} of {limit_was:g} seconds"
            raise TimedOut(text) from None

    def fail(self, id: RequestId, error: Exception) -> None:
        """End a request of ours with an error of the transport's."""
        self.connection.outgoing.discard(id)
        self._settle(id, None, error)

    def _abandon(self, id: RequestId, reason: str, tell: bool) -> None:
        message = self.connection.cancel(id, reason)
        if message is not None and tell and self._closed is None:
            self.channel.abandon(id, message)

    def _settle(self, id: RequestId | None, result: Raw | None, error: Exception | None) -> None:
        future = None if id is None else self._waiting.get(id)
        if future is None or future.done():
            return  # late, or an answer to something given up: dropped
        if error is not None:
            future.set_exception(error)
        else:
            assert result is not None
            future.set_result(result)

    @property
    def closed(self) -> bool:
        """Whether the session has ended."""
        return self._closed is not None

    def close(self, reason: Exception | None = None) -> None:
        """End the session: their requests are cancelled, ours fail with Disconnected."""
        if self._closed is not None:
            return
        self._closed = reason or Disconnected("The connection is closed")
        for task in list(self._tasks.values()):
            task.cancel()
        for future in list(self._waiting.values()):
            if not future.done():
                future.set_exception(self._ended())
        if self._on_closed is not None:
            self._on_closed()
        for tell in self._endings:
            tell()

    def when_closed(self, tell: Callable[[], object]) -> None:
        """Have a function be called when the session ends."""
        self._endings.append(tell)

    def _ended(self) -> Disconnected:
        """An error of its own for each who asks, of the kind that the session ended with."""
        kind = type(self._closed) if isinstance(self._closed, Disconnected) else Disconnected
        return kind(str(self._closed))

    async def wait_answered(self) -> None:
        """Wait until none of our requests is waiting for its answer."""
        while self._waiting:
            await asyncio.wait(list(self._waiting.values()))
            await asyncio.sleep(0)  # for those who asked to take their answers

    def interrupt(self) -> None:
        """Have what is being served answered with an error: the server stops."""
        for id, task in list(self._tasks.items()):
            if id in self.connection.incoming:  # else its answer is on its way
                interrupt(task)

    async def wait_tasks(self, grace: float) -> None:
        """Wait up to `grace` seconds for the requests still being served."""
        if self._tasks:
            await asyncio.wait(list(self._tasks.values()), timeout=grace)
