"""What was recorded of a server: plain numbers, which can be added and sent elsewhere."""

from __future__ import annotations

from bisect import bisect_left
from typing import Final, TypeVar

from msgspec import Struct, field, msgpack

from fastmcp._tracing.bounds import DURATIONS

K = TypeVar("K")

WAITS: Final = (0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30)
"""Bounds for how long functions wait for a thread, in seconds."""
TASKS: Final = (0.05, 0.1, 0.5, 1, 5, 10, 30, 60, 300, 900, 3600, 14_400, 86_400)
"""Bounds for how long tasks wait for a worker, and how long they take, in seconds."""


class Exemplar(Struct, array_like=True):
    """One that was measured, and the trace that tells more of it; `at` is a time since 1970."""

    trace: str
    span: str
    value: float
    at: float


class Histogram(Struct, array_like=True):
    """How many were at most each of the bounds and above the one before; the last has none."""

    counts: list[int]
    total: float = 0.0
    exemplars: dict[int, Exemplar] = field(default_factory=dict[int, Exemplar])

    @classmethod
    def within(cls, bounds: tuple[float, ...]) -> Histogram:
        """An empty one."""
        return cls([0] * (len(bounds) + 1))

    def add(self, bounds: tuple[float, ...], value: float, exemplar: Exemplar | None) -> None:
        """Take one in."""
        place = bisect_left(bounds, value)
        self.counts[place] += 1
        self.total += value
        if exemplar is not None:
            self.exemplars[place] = exemplar

    def include(self, other: Histogram) -> None:
        """Take in all that another one has."""
        self.counts = [
            mine + theirs for mine, theirs in zip(self.counts, other.counts, strict=True)
        ]
        self.total += other.total
        for place, theirs in other.exemplars.items():
            mine = self.exemplars.get(place)
            if mine is None or mine.at < theirs.at:
                self.exemplars[place] = theirs


class Now(Struct):
    """What there is at the moment, and no longer when the process is gone."""

    in_flight: int = 0
    sessions: int = 0
    streams: int = 0
    threads_busy: int = 0
    threads_idle: int = 0
    threads_limit: int = 0
    queued: int = 0
    tasks: int = 0

    def include(self, other: Now) -> None:
        """Take in what there is elsewhere."""
        for name in self.__struct_fields__:
            setattr(self, name, getattr(self, name) + getattr(other, name))


def _no_waits() -> Histogram:
    return Histogram.within(WAITS)


def _no_task_waits() -> Histogram:
    return Histogram.within(TASKS)


class TaskCounts(Struct):
    """Tasks that were submitted by component, those that have ended by component and status, how
    long they waited for a worker, and how long they took by component.
    """

    submitted: dict[str, int] = field(default_factory=dict[str, int])
    ended: dict[tuple[str, str], int] = field(default_factory=dict[tuple[str, str], int])
    durations: dict[str, Histogram] = field(default_factory=dict[str, Histogram])
    waits: Histogram = field(default_factory=_no_task_waits)

    def include(self, other: TaskCounts) -> None:
        """Take in all that another one has."""
        _add(self.submitted, other.submitted)
        _add(self.ended, other.ended)
        for key, theirs in other.durations.items():
            self.durations.setdefault(key, Histogram.within(TASKS)).include(theirs)
        self.waits.include(other.waits)


class Record(Struct):
    """Requests by method, component and outcome, their durations by method and component, errors
    by method and code, how long functions waited for threads, and tasks.
    """

    requests: dict[tuple[str, str, str], int] = field(
        default_factory=dict[tuple[str, str, str], int]
    )
    durations: dict[tuple[str, str], Histogram] = field(
        default_factory=dict[tuple[str, str], Histogram]
    )
    errors: dict[tuple[str, str], int] = field(default_factory=dict[tuple[str, str], int])
    waits: Histogram = field(default_factory=_no_waits)
    tasks: TaskCounts = field(default_factory=TaskCounts)
    now: Now = field(default_factory=Now)

    def include(self, other: Record) -> None:
        """Take in all that another one has."""
        _add(self.requests, other.requests)
        _add(self.errors, other.errors)
        for key, theirs in other.durations.items():
            self.durations.setdefault(key, Histogram.within(DURATIONS)).include(theirs)
        self.waits.include(other.waits)
        self.tasks.include(other.tasks)
        self.now.include(other.now)


def _add(mine: dict[K, int], theirs: dict[K, int]) -> None:
    for key, number in theirs.items():
        mine[key] = mine.get(key, 0) + number


encode_record: Final = msgpack.Encoder().encode
decode_record: Final = msgpack.Decoder(Record).decode
