"""Spans of the requests that a server serves, and of those that its functions make of clients.

It loads OpenTelemetry: only a server of a program that traces loads it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias

from msgspec import DecodeError, Raw, Struct, field, json
from opentelemetry import context, trace
from opentelemetry.trace import Span, SpanKind, Tracer

from fastmcp._protocol.http import LISTEN
from fastmcp._runtime.dispatch import Answer, Observe
from fastmcp._runtime.exchange import Exchange, Peer, TransportName
from fastmcp._tracing.context import Headers, params_with_context, parent_of
from fastmcp._tracing.presence import Mode
from fastmcp._tracing.spans import LONGEST, Spanning, Spans, described, mark, note, refused
from fastmcp.wire.jsonrpc import RequestId

from .traced_kinds import NETWORKS, Kinds, Named

Serve: TypeAlias = Callable[[Exchange], Awaitable[Answer]]


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
    kinds = Kinds(server)

    def observe(exchange: Exchange, serve: Serve) -> Awaitable[Answer]:
        tracer = spans.tracer
        if exchange.method == LISTEN or (tracer is None and not _comes_with_context(exchange)):
            return serve(exchange)
        exchange.peer = _TracedPeer(exchange, spans)
        if tracer is None:
            return _continued(exchange, serve)
        return _recorded(kinds, exchange, serve, tracer)

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


async def _recorded(kinds: Kinds, exchange: Exchange, serve: Serve, tracer: Tracer) -> Answer:
    asked = _asked(exchange)
    target = asked.name or asked.uri
    parent, links = parent_of(asked.meta, _headers(exchange))
    kind = kinds.of(exchange, target)
    attributes = {**kind.attributes, "jsonrpc.request.id": str(exchange.id)[:LONGEST]}
    if exchange.session is not None:
        attributes["mcp.session.id"] = exchange.session.id
    if (token := _token_of(exchange)) is not None:
        attributes.update(enduser(token))
    with Spanning(tracer, kind.name, SpanKind.SERVER, attributes, parent, links) as span:
        answer = await serve(exchange)
        if span.is_recording():
            kinds.settle(kind, exchange, target, span)
            _conclude(span, exchange, answer)
        return answer


def _asked(exchange: Exchange) -> _Asked:
    try:
        return _read_asked(exchange.params)
    except (DecodeError, UnicodeError, RecursionError):
        return _Asked()  # who decodes the parameters says so


def _headers(exchange: Exchange) -> Headers | None:
    return None if exchange.scope is None else exchange.scope.get("headers")


def enduser(token: Any) -> dict[str, str]:
    """What spans tell of the caller who has this token."""
    attributes: dict[str, str] = {}
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
    """Say how a request ended, where that is no success."""
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
    """The other side, which is told what a request of ours belongs to; each has a span.

    It knows nothing of the exchange that it is part of: a cycle is work for the collector.
    """

    __slots__ = ("_peer", "_revision", "_spans", "_transport")

    def __init__(self, exchange: Exchange, spans: Spans) -> None:
        self._peer: Peer = exchange.peer
        self._revision = exchange.sender.revision.text
        self._transport: TransportName = exchange.transport
        self._spans = spans

    async def send(self, message: bytes, related: RequestId | None) -> None:
        await self._peer.send(message, related)

    async def request(self, method: str, params: Any, related: RequestId | None) -> Raw:
        tracer = self._spans.tracer
        if tracer is None:
            return await self._peer.request(method, params_with_context(params), related)
        attributes: dict[str, Any] = {
            "mcp.protocol.version": self._revision,
            **NETWORKS[self._transport],
        }
        name = described(method, None, attributes)
        with Spanning(tracer, name, SpanKind.CLIENT, attributes):
            return await self._peer.request(method, params_with_context(params), related)

    def awaits(self, related: RequestId) -> bool:
        return self._peer.awaits(related)

    def release(self, related: RequestId) -> None:
        self._peer.release(related)
