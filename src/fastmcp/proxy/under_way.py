"""UnderWay: a request that can be taken back from a backend which no longer answers."""

from __future__ import annotations

import asyncio


class UnderWay:
    """What the current task waits for from now on."""

    __slots__ = ("_cancelling", "_given_up", "_task")

    def __init__(self) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._task = task
        self._cancelling = task.cancelling()
        self._given_up = False

    def give_up(self) -> None:
        """Have the task wait for it no longer."""
        if not self._given_up:
            self._given_up = True
            self._task.cancel()

    def was_given_up(self) -> bool:
        """Whether a cancellation of the task was only that, which ends with this question."""
        return self._given_up and self._task.uncancel() <= self._cancelling
