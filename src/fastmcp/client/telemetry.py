"""Spans like those of a client's own, for code that makes them by hand.

A client has a span for every request by itself. What is made here stands beside it.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager

try:
    from opentelemetry.trace import Span, SpanKind
except ImportError as _error:
    raise ImportError(
        "fastmcp.client.telemetry needs OpenTelemetry: pip install 'peregrine-mcp[telemetry]'"
    ) from _error

from fastmcp._tracing.spans import spanning, targets

__all__ = ["client_span"]


@contextmanager
def client_span(
    name: str,
    method: str,
    component_key: str,
    session_id: str | None = None,
    resource_uri: str | None = None,
    tool_name: str | None = None,
    prompt_name: str | None = None,
) -> Generator[Span]:
    """A span of the kind `CLIENT` around the block, which says what goes wrong in it."""
    attributes = {
        "mcp.method.name": method,
        "fastmcp.component.key": component_key,
        **targets(resource_uri, tool_name, prompt_name),
    }
    if session_id is not None:
        attributes["mcp.session.id"] = session_id
    with spanning(name, SpanKind.CLIENT, attributes) as span:
        yield span
