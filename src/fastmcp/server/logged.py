"""The level at which is logged while something is served."""

from __future__ import annotations

import contextlib
import logging
import threading
from collections.abc import Generator

from fastmcp.settings import LOG_LEVELS, Settings, settings


@contextlib.contextmanager
def logged(level: str | int | None) -> Generator[None]:
    """Log at this level inside of the block, or at that of the settings if they have one; to
    standard error, unless logging is set up already. Blocks may overlap: the latest one decides.
    """
    level = Settings.log_level.given(settings) if level is None else level
    if level is None or not settings.log_enabled:
        yield
        return
    if isinstance(level, str):
        level = Settings.log_level.check(level, "log_level=")
        level = "DEBUG" if level == LOG_LEVELS[-1] else level  # which is uvicorn's alone
    with _levels.asked(level):
        yield


class _Levels:
    """The levels that are asked for just now, and what there was before."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._log = logging.getLogger("fastmcp")
        self._asked: list[tuple[object, str | int]] = []
        self._before = logging.NOTSET
        self._handler: logging.Handler | None = None

    @contextlib.contextmanager
    def asked(self, level: str | int) -> Generator[None]:
        """Have this level until the end of the block."""
        mine = object()
        with self._lock:
            if not self._asked:
                self._begin()
            self._asked.append((mine, level))
            self._log.setLevel(level)
        try:
            yield
        finally:
            with self._lock:
                self._asked = [each for each in self._asked if each[0] is not mine]
                self._log.setLevel(self._asked[-1][1] if self._asked else self._before)
                if not self._asked:
                    self._end()

    def _begin(self) -> None:
        self._before = self._log.level
        if not self._log.hasHandlers():
            self._handler = logging.StreamHandler()
            self._handler.setFormatter(logging.Formatter("%(levelname)s: %(name)s: %(message)s"))
            self._log.addHandler(self._handler)

    def _end(self) -> None:
        if self._handler is not None:
            self._log.removeHandler(self._handler)
            self._handler = None


_levels = _Levels()
