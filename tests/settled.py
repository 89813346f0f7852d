"""What becomes so, in a thread or another process, soon after it was asked for."""

from __future__ import annotations

import time
from collections.abc import Callable

SECONDS = 20


def wait_until(condition: Callable[[], object]) -> None:
    """Wait for something to be so."""
    deadline = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)
