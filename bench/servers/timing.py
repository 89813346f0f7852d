"""The command loop of the in-memory programs: a line with seconds in, a rate out."""

from __future__ import annotations

import sys
import time
from collections.abc import Awaitable, Callable


async def answer_bursts(operation: Callable[[], Awaitable[float]]) -> None:
    """For every line on stdin repeat the operation for so many seconds; print its rate.

    The operation returns the seconds of it that count, so it can prepare things off the clock.
    """
    await operation()
    print("ready", flush=True)
    for line in sys.stdin:
        deadline = time.perf_counter() + float(line)
        spent, done = 0.0, 0
        while not done or time.perf_counter() < deadline:
            spent += await operation()
            done += 1
        print(done / spent, flush=True)
