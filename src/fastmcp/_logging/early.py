"""What is said before anybody hears it: a server is made before its log begins."""

from __future__ import annotations

import logging
from collections import deque
from copy import copy
from typing import Final

MOST: Final = 100


class Early(logging.NullHandler):
    """Keeps the newest warnings that nobody hears, as texts, until it is asked for them."""

    def __init__(self) -> None:
        super().__init__()
        self._kept: deque[logging.LogRecord] = deque(maxlen=MOST)
        self._over = False

    def handle(self, record: logging.LogRecord) -> bool:
        """Keep a record, unless somebody hears it."""
        if self._over or record.levelno < logging.WARNING:
            return True
        if not is_heard(logging.getLogger(record.name)):
            kept = copy(record)
            kept.msg, kept.args, kept.exc_info = record.getMessage(), None, None
            self._kept.append(kept)
        return True

    def tell(self) -> None:
        """Log what is kept, and keep no more."""
        self._over = True
        kept = list(self._kept)
        self._kept.clear()
        for record in kept:
            logger = logging.getLogger(record.name)
            if logger.isEnabledFor(record.levelno):
                logger.handle(record)


def is_heard(of: logging.Logger | None) -> bool:
    """Whether anybody gets the records of a logger."""
    while of is not None:
        if has_handlers(of):
            return True
        of = of.parent if of.propagate else None
    return False


def has_handlers(of: logging.Logger) -> bool:
    """Whether a logger has any that write."""
    return any(not isinstance(handler, logging.NullHandler) for handler in of.handlers)


EARLY: Final = Early()
