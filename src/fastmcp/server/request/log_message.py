"""Log messages for the client: who hears of them, and how whatever is logged can be sent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import Raw, json

from fastmcp._protocol.eras import Sender
from fastmcp.exceptions import ConfigurationError
from fastmcp.wire.lifecycle import LOGGING_LEVELS, LoggingLevel
from fastmcp.wire.notifications import LoggingMessageNotificationParams

_SEVERITY = {level: number for number, level in enumerate(LOGGING_LEVELS)}


def known_level(level: Any) -> LoggingLevel:
    """The level.

    Raises:
        ConfigurationError: there is none of that name; a ValueError.
    """
    if level not in _SEVERITY:
        names = ", ".join(LOGGING_LEVELS)
        raise ConfigurationError(f"Unknown log level {level!r}; use one of {names}")
    return level


def hears(sender: Sender, level: LoggingLevel, floor: LoggingLevel) -> bool:
    """Whether a client wants to hear of a level, which is not below the server's `floor`."""
    known_level(level)
    if _SEVERITY[level] < _SEVERITY[floor]:
        return False
    if sender.log_level is None:
        return not sender.revision.modern
    return _SEVERITY[level] >= _SEVERITY[known_level(sender.log_level)]


def log_message(
    message: str, level: LoggingLevel, logger_name: str | None, extra: Mapping[str, Any] | None
) -> LoggingMessageNotificationParams:
    """The notification; values of `extra` that JSON does not have are models, or shown as text."""
    data: Any = {"msg": message, "extra": None if extra is None else dict(extra)}
    try:
        written = _encode(data)
    except (TypeError, ValueError, RecursionError):
        written = _encode({name: _escaped(value) for name, value in data.items()})
    return LoggingMessageNotificationParams(level=level, data=Raw(written), logger=logger_name)


def _shown(value: Any) -> Any:
    dump = getattr(value, "model_dump", None)
    try:
        return dump() if callable(dump) else str(value)
    except Exception:
        return object.__repr__(value)


def _escaped(value: Any) -> str:
    """A text that can be sent, of what is circular, keyed by objects, or not in Unicode."""
    text = value if isinstance(value, str) else repr(value)
    return text.encode("utf-8", "backslashreplace").decode()


_encode = json.Encoder(enc_hook=_shown).encode
