"""Requests that nobody waits for any more.

A task's own count of cancellations tells less: task groups and timeouts in it use it, too.
"""

from __future__ import annotations

import asyncio
from typing import Any
from weakref import WeakSet

_given_up: WeakSet[asyncio.Task[Any]] = WeakSet()


def give_up(task: asyncio.Task[Any]) -> None:
    """Cancel the task that serves a request, since nobody waits for its answer."""
    _given_up.add(task)
    task.cancel()


def is_given_up(task: asyncio.Task[Any] | None) -> bool:
    """Whether nobody waits for what a task does; in any thread."""
    return task is not None and task in _given_up
