"""Metrics of background tasks by OpenTelemetry's API."""

from __future__ import annotations

from typing import Any, Final
from weakref import WeakKeyDictionary

from opentelemetry.metrics import Counter, MeterProvider

from fastmcp._tracing.durations import durations
from fastmcp._tracing.spans import INSTRUMENTATION_NAME
from fastmcp._version import VERSION

from .record import TASKS

DURATION: Final = "fastmcp.task.duration"
WAIT: Final = "fastmcp.task.wait"
SUBMITTED: Final = "fastmcp.task.submitted"
ENDED: Final = "fastmcp.task.ended"

COMPONENT: Final = "fastmcp.component.name"
STATUS: Final = "fastmcp.task.status"

# A provider complains of instruments that are made twice.
_made: Final[WeakKeyDictionary[MeterProvider, tuple[Counter, Counter]]] = WeakKeyDictionary()


class TaskInstruments:
    """Tells a provider of the tasks of a server, which these attributes name."""

    def __init__(self, provider: MeterProvider, of_server: dict[str, Any]) -> None:
        self._of_server = of_server
        self._submitted, self._ended = _counters(provider)
        self._waits = durations(provider, WAIT, "How long tasks waited for a worker", TASKS)
        self._durations = durations(
            provider, DURATION, "How long tasks took, from when they were begun", TASKS
        )

    def submitted(self, component: str) -> None:
        self._submitted.add(1, {**self._of_server, COMPONENT: component})

    def begun(self, waited: float) -> None:
        self._waits.record(waited, self._of_server)

    def ended(self, component: str, status: str, took: float | None) -> None:
        attributes = {**self._of_server, COMPONENT: component, STATUS: status}
        self._ended.add(1, attributes)
        if took is not None:
            self._durations.record(took, attributes)


def _counters(provider: MeterProvider) -> tuple[Counter, Counter]:
    found = _made.get(provider)
    if found is None:
        meter = provider.get_meter(INSTRUMENTATION_NAME, VERSION)
        found = _made[provider] = (
            meter.create_counter(SUBMITTED, "{task}", "Background tasks that were taken"),
            meter.create_counter(ENDED, "{task}", "Background tasks that have ended"),
        )
    return found
