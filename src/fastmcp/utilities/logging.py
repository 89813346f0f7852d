"""Logging for those who ask for it; nothing is configured on import."""

from __future__ import annotations

import logging
import sys
from collections.abc import Generator
from contextlib import contextmanager
from importlib import import_module
from typing import Any

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
    """Write what a logger (`fastmcp` itself by default) records to standard error, and only there.

    It is written by `rich`, with these keywords, where that is installed.
    """
    target = logging.getLogger(ROOT) if logger is None else logger
    for handler in list(target.handlers):
        target.removeHandler(handler)
        handler.close()
    target.addHandler(_handler(enable_rich_tracebacks, rich_kwargs))
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
    if level is None:
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
        target.level, target.propagate, target.handlers[:] = before


def _handler(tracebacks: bool | None, rich_kwargs: dict[str, Any]) -> logging.Handler:
    try:
        console: Any = import_module("rich.console").Console(stderr=True)
        rich: Any = import_module("rich.logging")
    except ImportError:
        plain = logging.StreamHandler(sys.stderr)
        plain.setFormatter(logging.Formatter("%(levelname)s: %(message)s"))
        return plain
    options = {"console": console, "rich_tracebacks": bool(tracebacks), **rich_kwargs}
    handler: logging.Handler = rich.RichHandler(**options)
    handler.setFormatter(logging.Formatter("%(message)s"))
    return handler
