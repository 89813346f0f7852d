"""What a server tells a client unasked: log messages, progress, changes."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import TypeAlias

from msgspec import DecodeError, Raw, json

from fastmcp.wire.jsonrpc import Notification
from fastmcp.wire.notifications import LoggingMessageNotificationParams, ProgressNotificationParams

logger = logging.getLogger("fastmcp.client")

ProgressHandler: TypeAlias = Callable[[float, float | None, str | None], Awaitable[None] | None]
LogHandler: TypeAlias = Callable[[LoggingMessageNotificationParams], Awaitable[None] | None]
MessageHandler: TypeAlias = Callable[[Notification], Awaitable[None] | None]


class Notices:
    """Hands notifications to the handlers that the user gave, plain functions or coroutines.

    A handler that fails is logged; it disturbs neither the connection nor the others.
    """

    def __init__(
        self,
        on_log: LogHandler | None,
        on_message: MessageHandler | None,
        on_progress: ProgressHandler | None,
    ) -> None:
        self._on_log = on_log
        self._on_message = on_message
        self._on_progress = on_progress
        self._running: set[asyncio.Future[None]] = set()

    def take(self, notification: Notification) -> None:
        """A notification that belongs to no request of ours."""
        if self._on_message is not None:
            self._run(self._on_message, notification)
        if notification.method == "notifications/message":
            try:
                message = json.decode(notification.params, type=LoggingMessageNotificationParams)
            except (DecodeError, UnicodeError, RecursionError):
                return
            if self._on_log is not None:
                self._run(self._on_log, message)
            else:
                logger.debug("Server log (%s): %s", message.level, message.data)

    def on_progress(self, handler: ProgressHandler | None) -> Callable[[Raw], None] | None:
        """What takes the progress of one request; `handler` comes before the client's own."""
        chosen = handler or self._on_progress
        if chosen is None:
            return None

        def report(raw: Raw) -> None:
            try:
                told = json.decode(raw, type=ProgressNotificationParams)
            except (DecodeError, UnicodeError, RecursionError):
                return
            self._run(chosen, told.progress, told.total, told.message)

        return report

    def _run(self, handler: Callable[..., Awaitable[None] | None], *arguments: object) -> None:
        try:
            outcome = handler(*arguments)
        except Exception:
            logger.exception("A handler failed")
            return
        if outcome is not None:
            task = asyncio.ensure_future(outcome)
            self._running.add(task)
            task.add_done_callback(self._done)

    def _done(self, task: asyncio.Future[None]) -> None:
        self._running.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            logger.error("A handler failed", exc_info=error)
