"""Recording what happens on a server, beside its requests."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeAlias, final

from msgspec import DecodeError, Struct, json

from fastmcp._protocol.http import LISTEN
from fastmcp._runtime.dispatch import Answer, Dispatcher
from fastmcp._runtime.exchange import Exchange
from fastmcp._runtime.threads import workers
from fastmcp._tracing.bounds import DURATIONS
from fastmcp.exceptions import NotFoundError
from fastmcp.wire.methods import METHODS
from fastmcp.wire.resource_names import canonical_uri

from ..observers import Serve, observers_of, stand_around
from ..subscriptions import Listener
from .open_streams import OpenStreams
from .outcome import CANCELLED, outcome_of
from .record import Exemplar, Histogram, Now, Record, encode_record
from .task_numbers import TaskNumbers
from .thread_waits import ThreadWaits

if TYPE_CHECKING:
    from ..catalogue import Catalogue
    from ..subscriptions import Audience
    from ..tasks.server_tasks import ServerTasks
    from .shared_records import SharedRecords

MOST_COMPONENTS: Final = 1000
"""How many components have numbers of their own; those beyond are counted together, as ""."""
MOST_CODES: Final = 100
"""The same for the codes of errors, which are the functions' to choose."""

Ended: TypeAlias = Callable[[Exchange, str, str, str, str, float], None]
"""Hears of each request: its method, component, outcome and code, and the seconds it took."""


class Measured(Protocol):
    """What a server is made of, as far as its numbers need it."""

    @property
    def audience(self) -> Audience: ...

    @property
    def catalogue(self) -> Catalogue: ...

    @property
    def tasks(self) -> ServerTasks: ...

    @property
    def name(self) -> str: ...

    @property
    def version(self) -> str: ...

    @property
    def dispatcher(self) -> Dispatcher[Any]: ...


class _Asked(Struct):
    name: str = ""
    uri: str = ""


_read_asked = json.Decoder(_Asked).decode


class _Series(Struct):
    """Requests that have these in common; with all outcomes they share the durations."""

    method: str
    component: str
    durations: Histogram
    number: int = 0


@final
class Recorder:
    """Stands around every request of a server; `exported`, where it is set, hears of each, and
    `shared` is where several workers have their records.

    A stream of changes is no request here: it lasts for as long as its client wants to listen.
    """

    def __init__(self, server: Measured, clock: Callable[[], float] = time.perf_counter) -> None:
        self.server = server
        self.streams: Final = OpenStreams()
        self.exported: Ended | None = None
        self.shared: SharedRecords | None = None
        self._clock = clock
        self._lock = threading.Lock()
        self._in_flight: set[Exchange] = set()
        self._series: dict[tuple[str, str, str], _Series] = {}
        self._durations: dict[tuple[str, str], Histogram] = {}
        self._errors: dict[tuple[str, str], int] = {}
        self._components: set[str] = set()
        self._codes: set[str] = set()
        self._waits = ThreadWaits.watch(workers)
        self.tasks: TaskNumbers = TaskNumbers(self._lock, self._counted_as)
        server.tasks.numbers = self.tasks

    @classmethod
    def of(cls, server: Measured) -> Recorder | None:
        """The one of a server that is measured."""
        present = observers_of(server.dispatcher)
        return next((each for each in present if isinstance(each, cls)), None)

    @classmethod
    def around(cls, server: Measured) -> Recorder:
        """The one of a server, which is measured from now on: inside of the spans of its requests,
        so that numbers can name them.
        """
        recorder = cls.of(server)
        if recorder is None:
            recorder = cls(server)
            stand_around(server.dispatcher, recorder)
        return recorder

    def __call__(self, exchange: Exchange, serve: Serve) -> Awaitable[Answer]:
        return serve(exchange) if exchange.method == LISTEN else self._recorded(exchange, serve)

    async def _recorded(self, exchange: Exchange, serve: Serve) -> Answer:
        self._in_flight.add(exchange)
        began = self._clock()
        outcome, code = CANCELLED, ""
        try:
            answer = await serve(exchange)
            outcome, code = outcome_of(exchange, answer)
            return answer
        finally:
            self._ended(exchange, outcome, code, self._clock() - began)

    def _ended(self, exchange: Exchange, outcome: str, code: str, seconds: float) -> None:
        address = self._address(exchange)
        exemplar = _exemplar(seconds)
        self._in_flight.discard(exchange)
        with self._lock:
            series = self._series.get((exchange.method, address, outcome))
            if series is None:
                series = self._series_of(exchange.method, address, outcome)
            series.number += 1
            series.durations.add(DURATIONS, seconds, exemplar)
            if code:
                code = _bounded(self._codes, code, MOST_CODES, "other")
                error = (series.method, code)
                self._errors[error] = self._errors.get(error, 0) + 1
        if self.exported is not None:
            self.exported(exchange, series.method, series.component, outcome, code, seconds)

    def _series_of(self, method: str, address: str, outcome: str) -> _Series:
        method = method if method in METHODS else ""
        component = self._counted_as(address)
        found = self._series.get((method, component, outcome))
        if found is None:
            durations = self._durations.setdefault((method, component), Histogram.within(DURATIONS))
            found = _Series(method, component, durations)
            self._series[method, component, outcome] = found
        return found

    def _counted_as(self, address: str) -> str:
        return _bounded(self._components, address, MOST_COMPONENTS, "")

    def _address(self, exchange: Exchange) -> str:
        """What the request was for, as the server has it; "" for what it has not."""
        component = exchange.component
        if component is None:
            component = self._find(exchange)  # middleware may have answered
        return "" if component is None else component._address

    def _find(self, exchange: Exchange) -> Any:
        method, catalogue = exchange.method, self.server.catalogue
        if method not in ("tools/call", "prompts/get", "resources/read"):
            return None
        try:
            asked = _read_asked(exchange.params)
            if method == "tools/call":
                return catalogue.tools.find(asked.name)
            if method == "prompts/get":
                return catalogue.prompts.find(asked.name)
            found = catalogue.find_resource(canonical_uri(asked.uri))
        except (DecodeError, UnicodeError, RecursionError, NotFoundError, ValueError):
            return None
        return None if found is None else found[0]

    @property
    def waits(self) -> Histogram:
        """How long functions waited for threads until now."""
        return self._waits.read()

    def encoded(self) -> bytes:
        """All that was recorded until now, for `decode_record`; in any thread."""
        with self._lock:
            requests = {key: series.number for key, series in self._series.items()}
            record = Record(
                requests, self._durations, self._errors, self.waits, self.tasks.counts, self.now()
            )
            return encode_record(record)

    def now(self) -> Now:
        """What there is at the moment; in any thread."""
        listeners: list[Any] = list(self.server.audience._listeners)  # caches hear, too
        return Now(
            in_flight=len(self._in_flight),
            sessions=sum(isinstance(each, Listener) and each.ended is None for each in listeners),
            streams=self.streams.count,
            threads_busy=workers.busy,
            threads_idle=workers.idle,
            threads_limit=workers.limit,
            queued=workers.waiting,
            tasks=self.tasks.running,
        )


def _bounded(known: set[str], name: str, most: int, others: str) -> str:
    if name in known:
        return name
    if len(known) >= most:
        return others
    known.add(name)
    return name


def _exemplar(seconds: float) -> Exemplar | None:
    """One that names the span that this happens in, if there is one that is recorded."""
    trace = sys.modules.get("opentelemetry.trace")
    if trace is None:
        return None
    span = trace.get_current_span()
    if not span.is_recording():
        return None
    context = span.get_span_context()
    if not context.trace_flags.sampled:
        return None
    return Exemplar(f"{context.trace_id:032x}", f"{context.span_id:016x}", seconds, time.time())
