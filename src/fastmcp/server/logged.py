"""Logging while something is served: at which level, and to standard error unless the program has
set up logging by itself.
"""

from __future__ import annotations

import contextlib
import functools
import logging
import os
import threading
from collections.abc import Callable, Generator
from typing import Any, Final

from fastmcp._logging.early import EARLY, has_handlers, is_heard
from fastmcp._logging.formats import ACCESS
from fastmcp._logging.handlers import StandardError
from fastmcp.settings import LOG_LEVELS, Settings, settings, unread

WORKER: Final = "FASTMCP_WORKER"
"""What a worker finds in its environment, whose supervisor has said what there is to say."""
UVICORNS: Final = ("uvicorn", "uvicorn.error", ACCESS)

logger: Final = logging.getLogger("fastmcp")


@contextlib.contextmanager
def logged(level: str | int | None, *, uvicorn: bool = False) -> Generator[None]:
    """Log at this level inside of the block, or at that of the settings; to standard error, unless
    logging is set up already, and with it what `uvicorn` says of itself. Blocks may overlap: the
    latest one decides on the level.
    """
    with contextlib.ExitStack() as block:
        if settings.log_enabled:
            level = Settings.log_level.given(settings) if level is None else level
            if level is None and not _is_set_up():
                level = settings.log_level
            block.enter_context(_ours.used())
            if uvicorn:
                block.enter_context(_uvicorns.used())
            if level is not None:
                block.enter_context(_levels.asked(_level_of(level)))
            if WORKER not in os.environ:
                EARLY.tell()
        warn_of_unread_variables()
        yield


@contextlib.contextmanager
def hosted() -> Generator[None]:
    """Log while an ASGI server of somebody else's runs an application of ours."""
    with contextlib.nullcontext() if _ours.is_used else logged(None):
        yield


def warn_of_unread_variables() -> None:
    """Say, once in a process and when it is heard, which variables were probably meant for us."""
    if WORKER in os.environ or is_heard(logger):
        _say_what_is_unread()


@functools.cache
def _say_what_is_unread() -> None:
    if WORKER not in os.environ:
        for text in unread():
            logger.warning("%s", text)


def _level_of(level: str | int) -> str | int:
    if isinstance(level, int):
        return level
    level = Settings.log_level.check(level, "log_level=")
    return "DEBUG" if level == LOG_LEVELS[-1] else level  # which is uvicorn's alone


def _is_set_up() -> bool:
    """Whether the program has set up logging, so that no more is to be logged than it likes."""
    if logger.level != logging.NOTSET and not _levels.are_asked:
        return True
    return is_heard(logger) and _ours.value is None


class _Shared:
    """A block that its first user enters, and its last one leaves; `value` is what it gives."""

    def __init__(self, block: Callable[[], contextlib.AbstractContextManager[Any]]) -> None:
        self.value: Any = None
        self._block = block
        self._lock = threading.Lock()
        self._users = 0
        self._entered = contextlib.ExitStack()

    @property
    def is_used(self) -> bool:
        return self._users > 0

    @contextlib.contextmanager
    def used(self) -> Generator[Any]:
        with self._lock:
            if self._users == 0:
                self.value = self._entered.enter_context(self._block())
            self._users += 1
        try:
            yield self.value
        finally:
            with self._lock:
                self._users -= 1
                if self._users == 0:
                    self.value = None
                    self._entered.close()


class _Levels:
    """The levels that are asked for just now, and what there was before."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._asked: list[tuple[object, str | int]] = []
        self._before = logging.NOTSET

    @property
    def are_asked(self) -> bool:
        return bool(self._asked)

    @contextlib.contextmanager
    def asked(self, level: str | int) -> Generator[None]:
        """Have this level until the end of the block."""
        mine = object()
        with self._lock:
            if not self._asked:
                self._before = logger.level
            self._asked.append((mine, level))
            logger.setLevel(level)
        try:
            yield
        finally:
            with self._lock:
                self._asked = [each for each in self._asked if each[0] is not mine]
                logger.setLevel(self._asked[-1][1] if self._asked else self._before)


@contextlib.contextmanager
def _our_lines() -> Generator[logging.Handler | None]:
    """Our records go to standard error, unless somebody gets them; gives the handler."""
    if is_heard(logger):
        yield None
        return
    with _standard_error.used() as error:
        handler = error.handler()
        logger.addHandler(handler)
        try:
            yield handler
        finally:
            logger.removeHandler(handler)


@contextlib.contextmanager
def _uvicorns_lines() -> Generator[None]:
    """uvicorn's records go to standard error and nowhere else, unless it has handlers."""
    if any(has_handlers(logging.getLogger(name)) for name in UVICORNS):
        yield
        return
    from uvicorn.logging import AccessFormatter, DefaultFormatter

    said = '%(levelprefix)s %(client_addr)s - "%(request_line)s" %(status_code)s'
    with _standard_error.used() as error, contextlib.ExitStack() as kept:
        for name in UVICORNS:
            kept.enter_context(_kept(logging.getLogger(name)))
        root, access = logging.getLogger("uvicorn"), logging.getLogger(ACCESS)
        colors = error.is_looked_at
        root.addHandler(
            error.handler_of(DefaultFormatter("%(levelprefix)s %(message)s", use_colors=colors))
        )
        access.addHandler(error.handler_of(AccessFormatter(said, use_colors=colors)))
        root.propagate = access.propagate = False
        root.setLevel(logging.INFO)
        yield


@contextlib.contextmanager
def _kept(of: logging.Logger) -> Generator[None]:
    """Leave a logger as it was."""
    before = of.level, of.propagate, list(of.handlers)
    try:
        yield
    finally:
        of.setLevel(before[0])
        of.propagate, of.handlers[:] = before[1:]


_levels = _Levels()
_standard_error = _Shared(lambda: contextlib.closing(StandardError()))
_ours = _Shared(_our_lines)
_uvicorns = _Shared(_uvicorns_lines)
