"""What is counted of background tasks, in the processes that take them and that run them."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Final, Protocol

from .record import TASKS, Histogram, TaskCounts

if TYPE_CHECKING:
    from ..tasks.record import TaskRecord


class Told(Protocol):
    """Hears of each task as it happens."""

    def submitted(self, component: str) -> None: ...

    def begun(self, waited: float) -> None: ...

    def ended(self, component: str, status: str, took: float | None) -> None: ...


class TaskNumbers:
    """Counts tasks; `exported`, where it is set, hears of each. `name_of` is the component by which
    one is counted, so that there are not too many.
    """

    def __init__(self, lock: threading.Lock, name_of: Callable[[str], str]) -> None:
        self.counts: Final = TaskCounts()
        self.running: int = 0
        self.exported: Told | None = None
        self._lock = lock
        self._name_of = name_of

    def submitted(self, record: TaskRecord) -> None:
        """A task was taken."""
        counts = self.counts
        with self._lock:
            name = self._name_of(record.target)
            counts.submitted[name] = counts.submitted.get(name, 0) + 1
        if self.exported is not None:
            self.exported.submitted(name)

    def begun(self, record: TaskRecord) -> None:
        """A worker of this process begins a leg, for the first time if it was not begun before."""
        self.running += 1
        if record.started_at is not None:
            return
        waited = max(time.time() - max(record.updated_at, record.due_at or 0.0), 0.0)
        with self._lock:
            self.counts.waits.add(TASKS, waited, None)
        if self.exported is not None:
            self.exported.begun(waited)

    def left(self) -> None:
        """The leg is over, whatever became of it."""
        self.running -= 1

    def ended(self, record: TaskRecord) -> None:
        """A task has come to its end."""
        counts, took = self.counts, None
        if record.started_at is not None:
            took = max(record.updated_at - record.started_at, 0.0)
        with self._lock:
            name = self._name_of(record.target)
            key = (name, record.status)
            counts.ended[key] = counts.ended.get(key, 0) + 1
            if took is not None:
                durations = counts.durations.setdefault(name, Histogram.within(TASKS))
                durations.add(TASKS, took, None)
        if self.exported is not None:
            self.exported.ended(name, record.status, took)
