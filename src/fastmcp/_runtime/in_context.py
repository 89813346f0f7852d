"""A coroutine in the task of whoever awaits it, with context variables of its own."""

from __future__ import annotations

import contextvars
from collections.abc import Coroutine, Generator
from typing import Any, Generic, TypeVar

T = TypeVar("T")


class InContext(Generic[T]):
    """What `work` sets in context variables is not seen by whoever awaits this: as in a task of its
    own, without the cost of one.
    """

    __slots__ = ("_work",)

    def __init__(self, work: Coroutine[Any, Any, T]) -> None:
        self._work = work

    def __await__(self) -> Generator[Any, Any, T]:
        work, run = self._work, contextvars.copy_context().run
        try:
            waits_for = run(work.send, None)
            while True:
                try:
                    value = yield waits_for
                except BaseException as error:
                    waits_for = run(work.throw, error)
                else:
                    waits_for = run(work.send, value)
        except StopIteration as end:
            return end.value
