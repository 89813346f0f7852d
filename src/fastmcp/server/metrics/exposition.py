"""A record as Prometheus reads it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from prometheus_client import Metric
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    InfoMetricFamily,
)
from prometheus_client.samples import Exemplar
from prometheus_client.utils import floatToGoString  # pyright: ignore[reportUnknownVariableType]

from fastmcp._tracing.bounds import DURATIONS

from .record import TASKS, WAITS, Histogram, Record


def families(record: Record, server: str, version: str) -> Iterator[Metric]:
    """Its metrics, each with its samples."""
    info = InfoMetricFamily("fastmcp_server", "The server, by its name and version")
    info.add_metric([], {"name": server, "version": version})
    yield info
    yield from _requests(record)
    yield from _threads(record)
    yield from _tasks(record)
    now = record.now
    yield _gauge("fastmcp_requests_in_flight", "Requests that are being served", now.in_flight)
    yield _gauge("fastmcp_sessions", "Clients with a connection or a session", now.sessions)
    yield _gauge("fastmcp_open_streams", "Streams of events that are open over HTTP", now.streams)


def _requests(record: Record) -> Iterator[Metric]:
    requests = CounterMetricFamily(
        "fastmcp_requests",
        "Requests that have ended: how, and which component they were for",
        labels=["method", "component", "outcome"],
    )
    for labels, number in record.requests.items():
        requests.add_metric(labels, number)
    errors = CounterMetricFamily(
        "fastmcp_request_errors",
        "Requests that ended with an error, by its code; results of tools have tool_error",
        labels=["method", "code"],
    )
    for labels, number in record.errors.items():
        errors.add_metric(labels, number)
    durations = HistogramMetricFamily(
        "fastmcp_request_duration_seconds",
        "How long requests took",
        labels=["method", "component"],
    )
    for labels, histogram in record.durations.items():
        _add(durations, labels, DURATIONS, histogram)
    yield from (requests, errors, durations)


def _threads(record: Record) -> Iterator[Metric]:
    now = record.now
    threads = GaugeMetricFamily(
        "fastmcp_worker_threads", "Threads that run plain functions", labels=["state"]
    )
    threads.add_metric(["busy"], now.threads_busy)
    threads.add_metric(["idle"], now.threads_idle)
    waits = HistogramMetricFamily(
        "fastmcp_thread_wait_seconds", "How long plain functions waited for a thread", labels=[]
    )
    _add(waits, [], WAITS, record.waits)
    yield threads
    yield _gauge("fastmcp_worker_threads_limit", "How many there may be", now.threads_limit)
    yield _gauge("fastmcp_thread_queue_length", "Functions that wait for a thread", now.queued)
    yield waits


def _tasks(record: Record) -> Iterator[Metric]:
    tasks = record.tasks
    submitted = CounterMetricFamily(
        "fastmcp_tasks_submitted", "Background tasks that were taken", labels=["component"]
    )
    for component, number in tasks.submitted.items():
        submitted.add_metric([component], number)
    ended = CounterMetricFamily(
        "fastmcp_tasks", "Background tasks that have ended, and how", labels=["component", "status"]
    )
    for labels, number in tasks.ended.items():
        ended.add_metric(labels, number)
    waits = HistogramMetricFamily(
        "fastmcp_task_wait_seconds", "How long tasks waited for a worker", labels=[]
    )
    _add(waits, [], TASKS, tasks.waits)
    durations = HistogramMetricFamily(
        "fastmcp_task_duration_seconds",
        "How long tasks took, from when they were begun",
        labels=["component"],
    )
    for component, histogram in tasks.durations.items():
        _add(durations, [component], TASKS, histogram)
    yield submitted
    yield ended
    yield _gauge("fastmcp_tasks_running", "Tasks that are being run", record.now.tasks)
    yield waits
    yield durations


def _gauge(name: str, meaning: str, value: int) -> Metric:
    return GaugeMetricFamily(name, meaning, value=value)


def _add(
    family: HistogramMetricFamily,
    labels: Sequence[str],
    bounds: Sequence[float],
    histogram: Histogram,
) -> None:
    buckets: list[tuple[str, float, Exemplar | None]] = []
    number = 0
    for place, count in enumerate(histogram.counts):
        number += count
        bound = bounds[place] if place < len(bounds) else float("inf")
        buckets.append((floatToGoString(bound), number, _exemplar(histogram, place)))
    family.add_metric(labels, buckets, histogram.total)  # pyright: ignore[reportArgumentType]


def _exemplar(histogram: Histogram, place: int) -> Exemplar | None:
    found = histogram.exemplars.get(place)
    if found is None:
        return None
    labels = {"trace_id": found.trace, "span_id": found.span}
    return Exemplar(labels, found.value, found.at)
