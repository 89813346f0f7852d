"""Metrics by OpenTelemetry's API: for whatever the program has set up for them.

It loads OpenTelemetry: only a server of a program that uses it loads it. The duration of requests
has the name and the attributes of the semantic conventions for MCP, which know nothing of the rest.
"""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable
from time import monotonic
from typing import Any, Final, TypeAlias
from weakref import WeakKeyDictionary, WeakSet

from opentelemetry.metrics import CallbackOptions, MeterProvider, Observation

from fastmcp._runtime.dispatch import Answer
from fastmcp._runtime.exchange import Exchange
from fastmcp._tracing.durations import durations, meter_provider
from fastmcp._tracing.spans import INSTRUMENTATION_NAME, described
from fastmcp._version import VERSION

from ..observers import Serve, stand_around, stand_back
from ..traced_kinds import NETWORKS
from .outcome import CANCELLED, ERROR
from .recorder import Measured, Recorder
from .task_instruments import TaskInstruments

DURATION: Final = "mcp.server.operation.duration"
SERVER: Final = "fastmcp.server.name"

# How often to look for a provider, in seconds.
_EVERY: Final = 1.0

Value: TypeAlias = Callable[[Recorder], float]

# What there is at the moment: name, unit, what it is, and how a recorder tells it.
_GAUGES: Final[tuple[tuple[str, str, str, Value], ...]] = (
    (
        "fastmcp.server.active_requests",
        "{request}",
        "Requests that are being served",
        lambda recorder: recorder.now().in_flight,
    ),
    (
        "fastmcp.server.sessions",
        "{session}",
        "Clients with a connection or a session",
        lambda recorder: recorder.now().sessions,
    ),
    (
        "fastmcp.server.open_streams",
        "{stream}",
        "Streams of events that are open over HTTP",
        lambda recorder: recorder.now().streams,
    ),
    (
        "fastmcp.server.active_tasks",
        "{task}",
        "Background tasks that are being run",
        lambda recorder: recorder.tasks.running,
    ),
)
# The same of the threads of the process, whichever of its servers tells it.
_OF_THREADS: Final[tuple[tuple[str, str, str, Value], ...]] = (
    (
        "fastmcp.threads.busy",
        "{thread}",
        "Threads that run plain functions now",
        lambda recorder: recorder.now().threads_busy,
    ),
    (
        "fastmcp.threads.limit",
        "{thread}",
        "How many of them there may be",
        lambda recorder: recorder.now().threads_limit,
    ),
    (
        "fastmcp.threads.queue_length",
        "{call}",
        "Functions that wait for a thread",
        lambda recorder: recorder.now().queued,
    ),
)
# What only grows.
_OF_WAITS: Final[tuple[tuple[str, str, str, Value], ...]] = (
    (
        "fastmcp.threads.calls",
        "{call}",
        "Functions that were run in threads",
        lambda recorder: sum(recorder.waits.counts),
    ),
    (
        "fastmcp.threads.wait_time",
        "s",
        "How long they waited for one, all together",
        lambda recorder: recorder.waits.total,
    ),
)


class Instruments:
    """The instruments of one provider, for all servers of the process."""

    _made: Final[WeakKeyDictionary[MeterProvider, Instruments]] = WeakKeyDictionary()

    def __init__(self, provider: MeterProvider) -> None:
        self._recorders: WeakSet[Recorder] = WeakSet()
        meter = provider.get_meter(INSTRUMENTATION_NAME, VERSION)
        self.duration: Final = durations(
            provider,
            DURATION,
            "How long requests took, from when they were received until they were answered",
        )
        for name, unit, meaning, value in _GAUGES:
            told = self._by_server(value)
            meter.create_observable_up_down_counter(name, [told], unit, meaning)
        for name, unit, meaning, value in _OF_THREADS:
            told = self._of_process(value)
            meter.create_observable_up_down_counter(name, [told], unit, meaning)
        for name, unit, meaning, value in _OF_WAITS:
            meter.create_observable_counter(name, [self._of_process(value)], unit, meaning)

    @classmethod
    def of(cls, provider: MeterProvider) -> Instruments:
        """Those of a provider, made once."""
        found = cls._made.get(provider)
        if found is None:
            found = cls._made[provider] = cls(provider)
        return found

    def tell_of(self, recorder: Recorder) -> None:
        """Tell what a recorder has for as long as there is one."""
        self._recorders.add(recorder)

    def _by_server(self, value: Value) -> Callable[[CallbackOptions], Iterable[Observation]]:
        def told(options: CallbackOptions) -> Iterable[Observation]:
            found: defaultdict[str, float] = defaultdict(float)
            for recorder in list(self._recorders):
                found[recorder.server.name] += value(recorder)
            return [Observation(number, {SERVER: name}) for name, number in found.items()]

        return told

    def _of_process(self, value: Value) -> Callable[[CallbackOptions], Iterable[Observation]]:
        def told(options: CallbackOptions) -> Iterable[Observation]:
            return [Observation(value(recorder)) for recorder in list(self._recorders)[:1]]

        return told


def export_when_provided(server: Measured) -> None:
    """`export` to the provider of the program, once it has one."""
    stand_around(server.dispatcher, _Looking(server))


class _Looking:
    """Looks with each request whether there is a provider, until there is. The API asks the
    environment for that each time; so it is seldom asked where the SDK has not even been loaded.
    """

    def __init__(self, server: Measured) -> None:
        self._server = server
        self._next = 0.0

    def __call__(self, exchange: Exchange, serve: Serve) -> Awaitable[Answer]:
        now = monotonic()
        if now < self._next and "opentelemetry.sdk.metrics" not in sys.modules:
            return serve(exchange)
        self._next = now + _EVERY
        provider = meter_provider()
        if provider is None:
            return serve(exchange)
        stand_back(self._server.dispatcher, self)
        already = Recorder.of(self._server) is not None
        recorder = export(self._server, provider)
        return serve(exchange) if already else recorder(exchange, serve)


def export(server: Measured, provider: MeterProvider) -> Recorder:
    """Have a server measured, and its metrics told to a provider."""
    recorder = Recorder.around(server)
    instruments = Instruments.of(provider)
    instruments.tell_of(recorder)
    record = instruments.duration.record
    known: dict[tuple[str, ...], dict[str, Any]] = {}

    def exported(
        exchange: Exchange, method: str, component: str, outcome: str, code: str, seconds: float
    ) -> None:
        revision = exchange.sender.revision.text
        key = (method, component, outcome, code, revision, exchange.transport)
        attributes = known.get(key)
        if attributes is None:
            attributes = known[key] = {
                SERVER: server.name,
                "mcp.protocol.version": revision,
                **NETWORKS[exchange.transport],
                **_told(method, component, outcome, code),
            }
        record(seconds, attributes)

    recorder.exported = exported
    recorder.tasks.exported = TaskInstruments(provider, {SERVER: server.name})
    return recorder


def _told(method: str, component: str, outcome: str, code: str) -> dict[str, str]:
    attributes: dict[str, Any] = {}
    described(method, component or None, attributes)
    if outcome == ERROR:
        attributes["rpc.response.status_code"] = code
    if code or outcome == CANCELLED:
        attributes["error.type"] = code or CANCELLED
    return attributes
