"""Log messages that servers send."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from typing import Any, Final, TypeAlias

from fastmcp.wire.notifications import LoggingMessageNotificationParams

__all__ = ["LogHandler", "LogMessage", "default_log_handler"]

logger: Final = logging.getLogger("fastmcp.client.from_server")

LogMessage: TypeAlias = LoggingMessageNotificationParams
LogHandler: TypeAlias = Callable[[LogMessage], Awaitable[None] | None]

_LEVELS = {
    "debug": logging.DEBUG,
    "info": logging.INFO,
    "notice": logging.INFO,
    "warning": logging.WARNING,
    "error": logging.ERROR,
}


async def default_log_handler(message: LogMessage) -> None:
    """Log the message as `fastmcp.client.from_server`, at the standard level nearest to its own."""
    level = _LEVELS.get(message.level, logging.CRITICAL)
    if logger.isEnabledFor(level):
        source = f" ({message.logger})" if message.logger else ""
        logger.log(level, "%s%s: %s", message.level, source, _text(message.data))


def _text(data: Any) -> Any:
    """The data; of servers of this family, which wrap what they log, the text alone."""
    match data:
        case {"msg": text, "extra": None, **others} if not others:
            return text
        case _:
            return data
