"""Spans of the requests that a server serves, and of those that its functions make of clients.

It loads OpenTelemetry: only a server of a program that traces loads it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Protocol, TypeAlias

from msgspec import DecodeError, Raw, Struct, field, json
from opentelemetry import context, trace
from opentelemetry.trace import Span, SpanKind, Tracer

from fastmcp._protocol.http import LISTEN
from fastmcp._runtime.dispatch import Answer, Observe
from fastmcp._runtime.exchange import Exchange, Peer
from fastmcp._tracing.context import Headers, params_with_context, parent_of
from fastmcp._tracing.presence import Mode
from fastmcp._tracing.spans import LONGEST, Spanning, Spans, described, mark, note, refused
from fastmcp.wire.jsonrpc import RequestId

Serve: TypeAlias = Callable[[Exchange], Awaitable[Answer]]

_NETWORKS = {
    "stdio": {"network.transport": "pipe"},
    "memory": {},
    "sse": {"network.transport": "tcp", "network.protocol.name": "http"},
    "streamable-http": {"network.transport": "tcp", "network.protocol.name": "http"},
}
_TYPES = {"template": "resource_template"}


class Named(Protocol):
    """A server as its spans tell of it."""

    @property
    def name(self) -> str: ...


class _Asked(Struct):
    """What a span needs to know of the parameters of a request."""

    name: Any = None
    uri: Any = None
    meta: dict[str, Raw] | None = field(name="_meta", default=None)


class _Result(Struct, rename="camel"):
    is_error: Any = False


class _Reply(Struct):
    result: _Result


_read_asked = json.Decoder(_Asked).decode
_read_reply = json.Decoder(_Reply).decode


def observing(server: Named, mode: Mode) -> Observe:
    """What stands around every request of a server, to be its dispatcher's `observe`.

    A stream of changes has no span: it lasts for as long as its client wants to listen.
    """
    spans = Spans(mode)

    def observe(exchange: Exchange, serve: Serve) -> Awaitable[Answer]:
        tracer = spans.tracer
        if exchange.method == LISTEN or (tracer is None and not _comes_with_context(exchange)):
            return serve(exchange)
        exchange.peer = _TracedPeer(exchange, spans)
        if tracer is None:
            return _continued(exchange, serve)
        return _recorded(server, exchange, serve, tracer)

    return observe


def _comes_with_context(exchange: Exchange) -> bool:
    if b'"traceparent"' in bytes(exchange.params):
        return True
    return trace.get_current_span().get_span_context().is_valid


async def _continued(exchange: Exchange, serve: Serve) -> Answer:
    """Serve a request in the context that it came with, without a span of ours."""
    parent, _ = parent_of(_asked(exchange).meta, _headers(exchange))
    token = context.attach(parent)
    try:
        return await serve(exchange)
    finally:
        context.detach(token)


async def _recorded(server: Named, exchange: Exchange, serve: Serve, tracer: Tracer) -> Answer:
    asked = _asked(exchange)
    parent, links = parent_of(asked.meta, _headers(exchange))
    attributes = _attributes(server, exchange)
    name = described(exchange.method, asked.name or asked.uri, attributes)
    with Spanning(tracer, name, SpanKind.SERVER, attributes, parent, links) as span:
        answer = await serve(exchange)
        if span.is_recording():
            _conclude(span, exchange, answer)
        return answer


def _asked(exchange: Exchange) -> _Asked:
    try:
        return _read_asked(exchange.params)
    except (DecodeError, UnicodeError, RecursionError):
        return _Asked()  # who decodes the parameters says so


def _headers(exchange: Exchange) -> Headers | None:
    return None if exchange.scope is None else exchange.scope.get("headers")


def _attributes(server: Named, exchange: Exchange) -> dict[str, Any]:
    attributes: dict[str, Any] = {
        "mcp.protocol.version": exchange.sender.revision.text,
        "jsonrpc.request.id": str(exchange.id)[:LONGEST],
        "fastmcp.server.name": server.name,
        **_NETWORKS[exchange.transport],
    }
    if exchange.session is not None:
        attributes["mcp.session.id"] = exchange.session.id
    token = _token_of(exchange)
    if token is not None:
        if client := getattr(token, "client_id", None):
            attributes["enduser.id"] = client
        if scopes := getattr(token, "scopes", None):
            attributes["enduser.scope"] = " ".join(scopes)
    return attributes


def _token_of(exchange: Exchange) -> Any:
    if exchange.identity is not None:
        return exchange.identity
    scope = exchange.scope
    return None if scope is None else getattr(scope.get("user"), "access_token", None)


def _conclude(span: Span, exchange: Exchange, answer: Answer) -> None:
    """Say what a request was for, and how it ended."""
    component = exchange.component
    if component is not None:
        kind = component.KIND
        span.set_attribute("fastmcp.component.type", _TYPES.get(kind, kind))
        span.set_attribute("fastmcp.component.key", component.key)
    fault = exchange.fault
    if answer.error is not None:
        refused(span, answer.error)
    elif exchange.method == "tools/call" and _tells_of_failure(answer.body):
        mark(span, "tool_error", fault)
    else:
        return
    if isinstance(fault, Exception):
        note(span, fault)


def _tells_of_failure(body: bytes) -> bool:
    if b'"isError":true' not in body:
        return False
    try:
        return _read_reply(body).result.is_error is True
    except DecodeError:
        return False


class _TracedPeer:
    """The other side, which is told what a request of ours belongs to; each has a span."""

    __slots__ = ("_exchange", "_peer", "_spans")

    def __init__(self, exchange: Exchange, spans: Spans) -> None:
        self._peer: Peer = exchange.peer
        self._exchange = exchange
        self._spans = spans

    async def send(self, message: bytes, related: RequestId | None) -> None:
        await self._peer.send(message, related)

    async def request(self, method: str, params: Any, related: RequestId | None) -> Raw:
        tracer = self._spans.tracer
        if tracer is None:
            return await self._peer.request(method, params_with_context(params), related)
        exchange = self._exchange
        attributes: dict[str, Any] = {
            "mcp.protocol.version": exchange.sender.revision.text,
            **_NETWORKS[exchange.transport],
        }
        name = described(method, None, attributes)
        with Spanning(tracer, name, SpanKind.CLIENT, attributes):
            return await self._peer.request(method, params_with_context(params), related)

    def awaits(self, related: RequestId) -> bool:
        return self._peer.awaits(related)

    def release(self, related: RequestId) -> None:
        self._peer.release(related)
