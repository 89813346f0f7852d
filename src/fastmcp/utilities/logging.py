"""Logging for those who ask for it; nothing is configured on import."""

from __future__ import annotations

import logging
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

from fastmcp._logging.handlers import StandardError, has_rich
from fastmcp.settings import settings

ROOT = "fastmcp"


def get_logger(name: str) -> logging.Logger:
    """The logger of that name below `fastmcp`."""
    inside = name == ROOT or name.startswith(f"{ROOT}.")
    return logging.getLogger(name if inside else f"{ROOT}.{name}")


def configure_logging(
    level: str | int = "INFO",
    logger: logging.Logger | None = None,
    enable_rich_tracebacks: bool | None = None,
    **rich_kwargs: Any,
) -> None:
    """Write what a logger (`fastmcp` itself by default) records to standard error, and only there:
    in the format of the settings, and not at all if they say `log_enabled=False`.

    It is written by `rich` for its keywords, too, where that is installed.
    """
    if not settings.log_enabled:
        return
    target = logging.getLogger(ROOT) if logger is None else logger
    for handler in list(target.handlers):
        target.removeHandler(handler)
        handler.close()
    may_be_rich = settings.log_format == "auto" and settings.enable_rich_logging
    wants_rich = bool(rich_kwargs) and may_be_rich and has_rich()
    if enable_rich_tracebacks is not None:
        rich_kwargs["rich_tracebacks"] = enable_rich_tracebacks
    error = StandardError("rich" if wants_rich else None, **rich_kwargs)
    target.addHandler(error.handler())
    target.setLevel(level.upper() if isinstance(level, str) else level)
    target.propagate = False


@contextmanager
def temporary_log_level(
    level: str | None,
    logger: logging.Logger | None = None,
    enable_rich_tracebacks: bool | None = None,
    **rich_kwargs: Any,
) -> Generator[None]:
    """Log at another level for a while; None changes nothing."""
    target = logging.getLogger(ROOT) if logger is None else logger
    if level is None or not settings.log_enabled:
        yield
        return
    before = target.level, target.propagate, list(target.handlers)
    target.handlers.clear()
    configure_logging(level, target, enable_rich_tracebacks, **rich_kwargs)
    try:
        yield
    finally:
        for handler in target.handlers:
            handler.close()
        target.propagate, target.handlers[:] = before[1:]
        target.setLevel(before[0])
