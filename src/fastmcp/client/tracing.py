"""Spans of the requests that a client makes, and of those that servers make of it.

It loads OpenTelemetry: only a client in a program that traces loads it.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping
from typing import Any, Protocol, TypeAlias, TypeVar
from urllib.parse import urlsplit

from msgspec import DecodeError, Raw, Struct, json
from opentelemetry.trace import SpanKind, Tracer

from fastmcp._tracing.context import params_with_context, parent_of, with_context
from fastmcp._tracing.presence import Mode
from fastmcp._tracing.spans import LONGEST, Spanning, Spans, described, mark

from .negotiation import Agreement, Asked
from .transports.transport import ClientTransport

T = TypeVar("T")
Ask: TypeAlias = Callable[[Mapping[str, Any] | None], Coroutine[Any, Any, Raw]]


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
        self._spans = Spans(mode)
        self._transport = transport
        self._place = _place(transport)

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
        tracer = self._spans.tracer
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
        """The same, with a span for each request and its context in the `_meta`."""
        return _Traced(asked, self._spans, self._place)

    def _agreed(self, agreement: Agreement | None) -> dict[str, str]:
        if agreement is None:
            return {}
        attributes = {"mcp.protocol.version": agreement.revision.text}
        session: str | None = getattr(self._transport, "session_id", None)
        if session is not None:
            attributes["mcp.session.id"] = session
        return attributes


class _Traced:
    def __init__(self, asked: Asked, spans: Spans, place: Mapping[str, Any]) -> None:
        self._asked = asked
        self._spans = spans
        self._place = place

    async def request(
        self,
        method: str,
        params: Mapping[str, Any],
        *,
        timeout: float | None,
        cancellable: bool,
    ) -> Raw:
        async def ask() -> Raw:
            sent = params_with_context(params)
            return await self._asked.request(method, sent, timeout=timeout, cancellable=cancellable)

        tracer = self._spans.tracer
        if tracer is None:
            return await ask()
        attributes = {**self._place}
        name = described(method, None, attributes)
        with Spanning(tracer, name, SpanKind.CLIENT, attributes):
            return await ask()


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
