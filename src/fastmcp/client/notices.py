"""What a server tells a client unasked, on its way to the handlers."""

from __future__ import annotations

import asyncio
import inspect
import logging
from collections.abc import Awaitable, Callable
from typing import Final, TypeAlias

from msgspec import Raw, json

from fastmcp._logging.tracebacks import exc_info_of
from fastmcp.wire.jsonrpc import Notification, RequestId
from fastmcp.wire.notifications import (
    CancelledNotificationParams,
    LoggingMessageNotificationParams,
    ProgressNotificationParams,
)

from .logging import LogHandler, default_log_handler
from .messages import Message, MessageHandlerT, ServerNotification, ServerRequest
from .progress import ProgressHandler, default_progress_handler
from .progress import logger as progress_logger

logger: Final = logging.getLogger("fastmcp.client")

_read_message = json.Decoder(LoggingMessageNotificationParams).decode
_read_progress = json.Decoder(ProgressNotificationParams).decode
_UNREADABLE = (ValueError, RecursionError)

# How many notifications may wait in handlers at a time; what comes beyond is not handed on.
MOST = 10_000

Follower: TypeAlias = Callable[[Notification | None], None]


class Notices:
    """Hands what comes to the handlers that the user gave: coroutine functions or, in the order of
    what they hear, plain ones, called on the event loop.

    A handler that fails is logged; it disturbs neither the connection nor the others. While too
    many wait for something, more is dropped, which is logged, too.
    """

    def __init__(
        self,
        on_log: LogHandler | None,
        on_message: MessageHandlerT | None,
        on_progress: ProgressHandler | None,
    ) -> None:
        self._given = (on_log, on_message, on_progress)
        self._followers: list[Follower] = []
        self._on_log = on_log or default_log_handler
        self._on_message = on_message
        self._on_progress = on_progress
        self._running: set[asyncio.Future[None]] = set()
        self._drops = False

    def follow(self, follower: Follower) -> None:
        """Have the client itself hear of each notification, before its user's handlers do; of
        None when it talks to the server anew, which may be another one by now.
        """
        self._followers.append(follower)

    def renewed(self) -> None:
        """The server was reached again."""
        for follower in self._followers:
            follower(None)

    def twin(self) -> Notices:
        """The same handlers, for another connection."""
        return Notices(*self._given)

    @property
    def busy(self) -> bool:
        """Whether coroutine functions are at work, or about to begin."""
        return bool(self._running)

    @property
    def hears_all(self) -> bool:
        """Whether there is a handler for every message."""
        return self._on_message is not None

    def take(self, notification: Notification) -> None:
        """A notification that belongs to no request of ours."""
        for follower in self._followers:
            follower(notification)
        self._tell(notification.method, notification.params)
        if notification.method == "notifications/message":
            try:
                message = _read_message(notification.params)
            except _UNREADABLE:
                return
            self.run(self._on_log, message)

    def asked(self, id: RequestId, method: str, params: Raw) -> None:
        """A request of the server's, which is answered elsewhere."""
        if self._on_message is not None:
            self.run(self._on_message, ServerRequest(id, method, params))

    def cancelled(self, id: RequestId) -> None:
        """A request of the server's that it no longer wants answered."""
        told = CancelledNotificationParams(request_id=id)
        self._tell("notifications/cancelled", Raw(json.encode(told)))

    def lost(self, error: Exception) -> None:
        """The connection ended by itself."""
        if self._on_message is not None:
            self.run(self._on_message, error)

    def on_progress(
        self, handler: ProgressHandler | None, *, always: bool = False
    ) -> Callable[[Raw], None] | None:
        """What takes the progress of one request, if anybody wants to hear of it, or `always`;
        `handler` comes before the client's own.
        """
        chosen = handler or self._on_progress
        if chosen is None and progress_logger.isEnabledFor(logging.DEBUG):
            chosen = default_progress_handler
        if chosen is None and self._on_message is None:
            return _unheard if always else None

        def report(raw: Raw) -> None:
            self._tell("notifications/progress", raw)
            if chosen is None:
                return
            try:
                told = _read_progress(raw)
            except _UNREADABLE:
                return
            self.run(chosen, told.progress, told.total, told.message)

        return report

    def _tell(self, method: str, params: Raw) -> None:
        if self._on_message is not None:
            message: Message = ServerNotification(method, params)
            self.run(self._on_message, message)

    def run(self, handler: Callable[..., Awaitable[None] | None], *arguments: object) -> None:
        """Call a function of the user's."""
        if len(self._running) >= MOST:
            self._drop()
            return
        try:
            outcome = handler(*arguments)
        except Exception as error:
            logger.error("A handler failed", exc_info=exc_info_of(error))
            return
        if inspect.isawaitable(outcome):
            task = asyncio.ensure_future(outcome)
            self._running.add(task)
            task.add_done_callback(self._done)

    def _drop(self) -> None:
        if not self._drops:
            logger.warning("The server tells more than the client's handlers take; some is dropped")
        self._drops = True

    def _done(self, task: asyncio.Future[None]) -> None:
        self._running.discard(task)
        self._drops = self._drops and bool(self._running)
        if not task.cancelled() and (error := task.exception()) is not None:
            logger.error("A handler failed", exc_info=exc_info_of(error))


def _unheard(raw: Raw) -> None:
    """Progress that only shows that the server is at work."""
