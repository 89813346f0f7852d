"""Nothing that looks like a token is logged while a test of authentication runs."""

from __future__ import annotations

import logging
import re
from collections.abc import Generator

import pytest

TOKEN = re.compile(r"eyJ[\w-]{8,}\.eyJ[\w-]{8,}\.|(?i:bearer )[\w.~+/-]{16,}")
AUTHENTICATING = ("fastmcp.server.auth", "fastmcp.client.auth")


class Ears(logging.Handler):
    """Keeps the lines that have a token in them."""

    def __init__(self) -> None:
        super().__init__()
        self.heard: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        line = self.format(record)
        if TOKEN.search(line):
            self.heard.append(line)


@pytest.fixture(autouse=True)
def nothing_secret_is_logged() -> Generator[None]:
    """Whatever the level: what authenticates says all that it has to say."""
    ears, all_of_it = Ears(), logging.getLogger("fastmcp")
    loggers = [logging.getLogger(name) for name in AUTHENTICATING]
    levels = [logger.level for logger in loggers]
    all_of_it.addHandler(ears)
    for logger in loggers:
        logger.setLevel(logging.DEBUG)
    yield
    for logger, level in zip(loggers, levels, strict=True):
        logger.setLevel(level)
    all_of_it.removeHandler(ears)
    assert ears.heard == []
