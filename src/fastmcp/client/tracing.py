"""Spans and durations of the requests that a client makes, and spans of those made of it.

It loads OpenTelemetry: only a client in a program that traces loads it.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping
from functools import partial
from time import perf_counter
from typing import Any, Final, Protocol, TypeAlias, TypeVar
from urllib.parse import urlsplit

from msgspec import DecodeError, Raw, Struct, json
from opentelemetry.metrics import Histogram, MeterProvider
from opentelemetry.trace import SpanKind, Tracer

from fastmcp._tracing.context import parent_of, with_context
from fastmcp._tracing.durations import durations, meter_provider, of_metrics
from fastmcp._tracing.presence import Mode
from fastmcp._tracing.spans import LONGEST, Spanning, Spans, described, kind_of, mark
from fastmcp.exceptions import McpError, TimedOut

from .negotiation import Agreement, Asked
from .transports.transport import ClientTransport

T = TypeVar("T")
Ask: TypeAlias = Callable[[Mapping[str, Any] | None], Coroutine[Any, Any, Raw]]

OPERATION: Final = "mcp.client.operation.duration"
OPERATION_MEANING: Final = "How long requests took, from when they were sent until the answer came"
SESSION: Final = "mcp.client.session.duration"
SESSION_MEANING: Final = "How long servers were connected to"


class _Result(Struct, rename="camel"):
    is_error: Any = False


_read_result = json.Decoder(_Result).decode


class Question(Protocol):
    """What a server asks."""

    @property
    def request_id(self) -> Any: ...

    @property
    def method(self) -> str: ...

    @property
    def meta(self) -> Mapping[str, Any] | None: ...


class Tracing:
    """The spans of one connection."""

    def __init__(self, transport: ClientTransport, mode: Mode) -> None:
        self._native = mode == "native"
        self._spans = Spans(mode)
        self._transport = transport
        self._place = _place(transport)
        self._began: dict[Asked, float] = {}

    def request(
        self,
        ask: Ask,
        method: str,
        params: Mapping[str, Any] | None,
        meta: Mapping[str, Any] | None,
        agreement: Agreement | None,
    ) -> Coroutine[Any, Any, Raw]:
        """What `ask` answers, who is given the `_meta` to send. All that is sent for one request
        belongs to one span: when it is sent again, and the rounds of a modern one.
        """
        tracer, provider = self._spans.tracer, self._meter_provider
        if provider is not None:
            told = self._told_of(method, _target(params), agreement)
            ask = partial(_measured, durations(provider, OPERATION, OPERATION_MEANING), ask, told)
        if tracer is None:
            return ask(with_context(meta))
        return self._recorded(tracer, ask, method, params, meta, agreement)

    async def _recorded(
        self,
        tracer: Tracer,
        ask: Ask,
        method: str,
        params: Mapping[str, Any] | None,
        meta: Mapping[str, Any] | None,
        agreement: Agreement | None,
    ) -> Raw:
        attributes = {**self._place, **self._agreed(agreement)}
        name = described(method, _target(params), attributes)
        with Spanning(tracer, name, SpanKind.CLIENT, attributes) as span:
            result = await ask(with_context(meta))
            if method == "tools/call" and span.is_recording() and _tells_of_failure(result):
                mark(span, "tool_error")
            return result

    def over(self, asked: Asked) -> Asked:
        """The same, with a span for each request and its context in the `_meta`. A session begins
        with it.
        """
        self._began[asked] = perf_counter()
        return _Traced(asked, self)

    def ended(self, asked: Asked, agreement: Agreement | None) -> None:
        """A session has ended, for which there was an agreement if it could be used."""
        began = self._began.pop(asked, None)
        provider = self._meter_provider
        if began is None or agreement is None or provider is None:
            return
        told = of_metrics({**self._place, **self._agreed(agreement)})
        durations(provider, SESSION, SESSION_MEANING).record(perf_counter() - began, told)

    @property
    def _meter_provider(self) -> MeterProvider | None:
        return meter_provider() if self._native else None

    def _told_of(self, method: str, target: Any, agreement: Agreement | None) -> dict[str, Any]:
        attributes = {**self._place, **self._agreed(agreement)}
        described(method, target, attributes)
        return of_metrics(attributes)

    def _agreed(self, agreement: Agreement | None) -> dict[str, str]:
        if agreement is None:
            return {}
        attributes = {"mcp.protocol.version": agreement.revision.text}
        session: str | None = getattr(self._transport, "session_id", None)
        if session is not None:
            attributes["mcp.session.id"] = session
        return attributes


class _Traced:
    """What is asked while there is no agreement yet."""

    def __init__(self, asked: Asked, tracing: Tracing) -> None:
        self._asked = asked
        self._tracing = tracing

    async def request(
        self,
        method: str,
        params: Mapping[str, Any],
        *,
        timeout: float | None,
        cancellable: bool,
    ) -> Raw:
        async def ask(meta: Mapping[str, Any] | None) -> Raw:
            sent = params if meta is None else {**params, "_meta": meta}
            return await self._asked.request(method, sent, timeout=timeout, cancellable=cancellable)

        return await self._tracing.request(ask, method, None, params.get("_meta"), None)


async def _measured(
    histogram: Histogram, ask: Ask, told: dict[str, Any], meta: Mapping[str, Any] | None
) -> Raw:
    began = perf_counter()
    try:
        result = await ask(meta)
        if told["mcp.method.name"] == "tools/call" and _tells_of_failure(result):
            told["error.type"] = "tool_error"
        return result
    except BaseException as fault:
        told["error.type"] = kind_of(fault)
        if isinstance(fault, McpError) and not isinstance(fault, TimedOut):
            told["rpc.response.status_code"] = str(fault.code)
        raise
    finally:
        histogram.record(perf_counter() - began, told)


async def answering(question: Question, work: Coroutine[Any, Any, T], mode: Mode) -> T:
    """`work`, which answers a question of a server's, with a span."""
    tracer = Spans(mode).tracer
    if tracer is None:
        return await work
    attributes: dict[str, Any] = {"jsonrpc.request.id": str(question.request_id)[:LONGEST]}
    name = described(question.method, None, attributes)
    parent, links = parent_of(question.meta)
    with Spanning(tracer, name, SpanKind.SERVER, attributes, parent, links):
        return await work


def _target(params: Mapping[str, Any] | None) -> Any:
    return None if params is None else params.get("name") or params.get("uri")


def _tells_of_failure(result: Raw) -> bool:
    if b'"isError"' not in bytes(result):
        return False
    try:
        return _read_result(result).is_error is True
    except DecodeError:
        return False


def _place(transport: ClientTransport) -> dict[str, Any]:
    """Where the server is, and how it is reached."""
    attributes: dict[str, Any] = {}
    if transport.network is not None:
        attributes["network.transport"] = transport.network
    url: str | None = getattr(transport, "url", None)
    if url is None:
        return attributes
    attributes["network.protocol.name"] = "http"
    try:
        parts = urlsplit(url)
        port = parts.port or (443 if parts.scheme == "https" else 80)
    except ValueError:
        return attributes  # it leads nowhere, as opening it will show
    if parts.hostname is not None:
        attributes["server.address"], attributes["server.port"] = parts.hostname, port
    return attributes
