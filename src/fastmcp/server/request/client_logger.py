"""`ctx.logger`: a standard logger whose records the client hears of, too."""

from __future__ import annotations

import logging
from collections.abc import Callable, MutableMapping
from typing import TYPE_CHECKING, Any, TypeAlias

from fastmcp.wire.lifecycle import LoggingLevel

Tell: TypeAlias = Callable[[str, LoggingLevel, Any], None]

if TYPE_CHECKING:
    _Adapter = logging.LoggerAdapter[logging.Logger]
else:
    _Adapter = logging.LoggerAdapter


class ClientLogger(_Adapter):
    """Logs as `logger` does and tells the client by `tell(message, level, extra)`.

    It may be used in any thread, never waits, and raises nothing when the client is gone.
    """

    def __init__(self, logger: logging.Logger, tell: Tell) -> None:
        super().__init__(logger, None)
        self._tell = tell

    def process(
        self, msg: Any, kwargs: MutableMapping[str, Any]
    ) -> tuple[Any, MutableMapping[str, Any]]:
        """Keep the caller's own `extra`."""
        return msg, kwargs

    def log(self, level: int, msg: object, *args: object, **kwargs: Any) -> None:
        """Log to both; `%` arguments and `extra` as in the standard library."""
        kwargs["stacklevel"] = kwargs.get("stacklevel", 1) + 1
        self.logger.log(level, msg, *args, **kwargs)
        text = str(msg)
        if args:
            try:
                text %= args
            except (TypeError, ValueError):
                pass  # the standard library says so on its own log
        self._tell(text, _level_name(level), kwargs.get("extra"))


def _level_name(level: int) -> LoggingLevel:
    if level >= logging.CRITICAL:
        return "critical"
    if level >= logging.ERROR:
        return "error"
    if level >= logging.WARNING:
        return "warning"
    return "info" if level >= logging.INFO else "debug"
