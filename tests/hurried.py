"""Time that passes at once: for what waits for seconds, or for hours."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


class HurriedLoop(asyncio.SelectorEventLoop):
    """An event loop whose clock jumps to the next timer whenever there is nothing else to do."""

    def __init__(self) -> None:
        super().__init__()
        self._passed = 0.0
        select = self._selector.select  # type: ignore[attr-defined]

        def jump(timeout: float | None) -> Any:
            self._passed += timeout or 0.0
            return select(None if timeout is None else 0)

        self._selector.select = jump  # type: ignore[attr-defined]

    def time(self) -> float:
        return self._passed


def now() -> float:
    """The seconds that have passed in the running loop."""
    return round(asyncio.get_running_loop().time(), 3)


def hurry(main: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine in such a loop. It may use no other threads, sockets or processes."""
    with asyncio.Runner(loop_factory=HurriedLoop) as runner:
        return runner.run(main)
