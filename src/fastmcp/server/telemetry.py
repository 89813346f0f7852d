"""Spans like those of a server's own, for code that makes them by hand: providers and proxies.

A server has a span for every request by itself. What is made here stands below it.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

try:
    from opentelemetry.trace import Span, SpanKind
except ImportError as _error:
    raise ImportError(
        "fastmcp.server.telemetry needs OpenTelemetry: pip install 'peregrine-mcp[telemetry]'"
    ) from _error

from fastmcp._tracing.spans import failed, spanning, targets

from .context import Context
from .dependencies import get_access_token
from .tracing import enduser

__all__ = [
    "SEAM_SPAN_MARKER",
    "delegate_span",
    "get_auth_span_attributes",
    "get_protocol_span_attributes",
    "get_session_span_attributes",
    "record_span_exception",
    "seam_span",
    "server_span",
]

SEAM_SPAN_MARKER = "fastmcp.span.seam"


def get_auth_span_attributes() -> dict[str, str]:
    """What spans tell of the caller of the current request, if it is authenticated."""
    return enduser(get_access_token())


def get_session_span_attributes() -> dict[str, str]:
    """The same of its session, if it has one."""
    context = Context.current_or_none()
    session = None if context is None else context.exchange.session
    return {} if session is None else {"mcp.session.id": session.id}


def get_protocol_span_attributes() -> dict[str, str]:
    """The same of the revision of the protocol."""
    context = Context.current_or_none()
    if context is None:
        return {}
    return {"mcp.protocol.version": context.exchange.sender.revision.text}


@contextmanager
def server_span(
    name: str,
    method: str,
    server_name: str,
    component_type: str,
    component_key: str,
    resource_uri: str | None = None,
    tool_name: str | None = None,
    prompt_name: str | None = None,
) -> Generator[Span]:
    """A span of the kind `SERVER` around the block, which says what goes wrong in it."""
    attributes = {
        **_common(method, server_name),
        "fastmcp.component.type": component_type,
        "fastmcp.component.key": component_key,
        **targets(resource_uri, tool_name, prompt_name),
    }
    with spanning(name, SpanKind.SERVER, attributes) as span:
        yield span


@contextmanager
def seam_span(method: str, server_name: str) -> Generator[Span]:
    """The same for a request of which nothing but its method is known."""
    attributes = {SEAM_SPAN_MARKER: True, **_common(method, server_name)}
    with spanning(method, SpanKind.SERVER, attributes) as span:
        yield span


@contextmanager
def delegate_span(
    name: str, provider_type: str, component_key: str, method: str | None = None
) -> Generator[Span]:
    """A span for handing a request on, such as to a mounted server."""
    attributes = {"fastmcp.provider.type": provider_type, "fastmcp.component.key": component_key}
    if method is not None:
        attributes["mcp.method.name"] = method
    with spanning(f"delegate {name}", SpanKind.INTERNAL, attributes) as span:
        yield span


def record_span_exception(span: Span, e: Exception) -> None:
    """Say of a span that it failed with an exception."""
    failed(span, e)


def _common(method: str, server_name: str) -> dict[str, Any]:
    return {
        "mcp.method.name": method,
        "fastmcp.server.name": server_name,
        **get_protocol_span_attributes(),
        **get_auth_span_attributes(),
        **get_session_span_attributes(),
    }
