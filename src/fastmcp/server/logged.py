"""The level at which is logged while something is served."""

from __future__ import annotations

import contextlib
import functools
import logging
import os
import threading
from collections.abc import Generator
from typing import Final

from fastmcp.settings import LOG_LEVELS, Settings, settings, unread

WORKER: Final = "FASTMCP_WORKER"
"""What a worker finds in its environment, whose supervisor has said what there is to say."""

logger = logging.getLogger("fastmcp")


@contextlib.contextmanager
def logged(level: str | int | None) -> Generator[None]:
    """Log at this level inside of the block, or at that of the settings; to standard error, unless
    logging is set up already. Blocks may overlap: the latest one decides.
    """
    level = Settings.log_level.given(settings) if level is None else level
    if level is None and not _levels.are_the_programs:
        level = settings.log_level
    with contextlib.ExitStack() as block:
        if level is not None and settings.log_enabled:
            if isinstance(level, str):
                level = Settings.log_level.check(level, "log_level=")
                level = "DEBUG" if level == LOG_LEVELS[-1] else level  # which is uvicorn's alone
            block.enter_context(_levels.asked(level))
        warn_of_unread_variables()
        yield


@functools.cache
def warn_of_unread_variables() -> None:
    """Say, once in a process, which variables were probably meant for us."""
    if WORKER not in os.environ:
        for text in unread():
            logger.warning("%s", text)


class _Levels:
    """The levels that are asked for just now, and what there was before."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._asked: list[tuple[object, str | int]] = []
        self._before = logging.NOTSET
        self._handler: logging.Handler | None = None

    @property
    def are_the_programs(self) -> bool:
        """Whether the program has set up logging, so that no more is to be logged than it likes."""
        return self._handler is None and (logger.hasHandlers() or logger.level != logging.NOTSET)

    @contextlib.contextmanager
    def asked(self, level: str | int) -> Generator[None]:
        """Have this level until the end of the block."""
        mine = object()
        with self._lock:
            if not self._asked:
                self._begin()
            self._asked.append((mine, level))
            logger.setLevel(level)
        try:
            yield
        finally:
            with self._lock:
                self._asked = [each for each in self._asked if each[0] is not mine]
                logger.setLevel(self._asked[-1][1] if self._asked else self._before)
                if not self._asked:
                    self._end()

    def _begin(self) -> None:
        self._before = logger.level
        if not logger.hasHandlers():
            self._handler = logging.StreamHandler()
            self._handler.setFormatter(logging.Formatter("%(levelname)s: %(name)s: %(message)s"))
            logger.addHandler(self._handler)

    def _end(self) -> None:
        if self._handler is not None:
            logger.removeHandler(self._handler)
            self._handler = None


_levels = _Levels()
