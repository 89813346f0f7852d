"""Traces by OpenTelemetry, for code that makes spans of its own.

A server and a client trace by themselves in a program that uses OpenTelemetry; what is done with
the spans is for the program to say, by the SDK.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from contextlib import contextmanager
from typing import Any

try:
    from opentelemetry import context, trace
except ImportError as _error:
    raise ImportError(
        "fastmcp.telemetry needs OpenTelemetry: pip install 'peregrine-mcp[telemetry]'"
    ) from _error

from opentelemetry.context import Context
from opentelemetry.trace import INVALID_SPAN, NoOpTracer, Span, StatusCode, Tracer

from fastmcp._tracing.context import SUPPRESSED, parent_of, with_context
from fastmcp._tracing.presence import Mode, chosen_mode
from fastmcp._tracing.spans import INSTRUMENTATION_NAME, restore

__all__ = [
    "INSTRUMENTATION_NAME",
    "TRACE_PARENT_KEY",
    "TRACE_STATE_KEY",
    "extract_trace_context",
    "get_tracer",
    "inject_trace_context",
    "native_spans_enabled",
    "record_span_error",
    "restore_dropped_attributes",
    "suppress_fastmcp_telemetry",
    "telemetry_mode",
]

TRACE_PARENT_KEY = "traceparent"
TRACE_STATE_KEY = "tracestate"


class _Transparent(NoOpTracer):
    """Makes no spans, and leaves the current one of the program in its place."""

    @contextmanager
    def start_as_current_span(self, *args: Any, **kwargs: Any) -> Generator[Span]:  # pyright: ignore[reportIncompatibleMethodOverride]
        yield INVALID_SPAN


_TRANSPARENT = _Transparent()


def telemetry_mode() -> Mode:
    """What is done here and now: `"native"`, `"propagation_only"` (no spans of FastMCP's own, but
    the context of a trace comes and goes with requests) or `"off"`.
    """
    mode = chosen_mode()
    return "propagation_only" if mode == "native" and context.get_value(SUPPRESSED) else mode


def native_spans_enabled() -> bool:
    """Whether FastMCP makes spans of its own here and now."""
    return telemetry_mode() == "native"


@contextmanager
def suppress_fastmcp_telemetry() -> Generator[None]:
    """No spans of FastMCP's own inside of the block; the context of a trace travels on."""
    token = context.attach(context.set_value(SUPPRESSED, True))
    try:
        yield
    finally:
        context.detach(token)


def get_tracer(version: str | None = None) -> Tracer:
    """The tracer of FastMCP's own spans; where they are not wanted, one that makes none."""
    if not native_spans_enabled():
        return _TRANSPARENT
    return trace.get_tracer(INSTRUMENTATION_NAME, version)


def inject_trace_context(meta: Mapping[str, Any] | None = None) -> Mapping[str, Any] | None:
    """A `_meta` with the context of the current trace; `meta` itself where there is none."""
    return meta if telemetry_mode() == "off" else with_context(meta)


def extract_trace_context(meta: Mapping[str, Any] | None) -> Context:
    """The context in a `_meta`; the current one where that is in a trace, or nothing is found."""
    here = context.get_current()
    if telemetry_mode() == "off" or trace.get_current_span(here).get_span_context().is_valid:
        return here
    return parent_of(meta)[0]


def record_span_error(span: Span, exception: BaseException) -> None:
    """Say of a span that it failed with an exception."""
    span.record_exception(exception)
    span.set_status(StatusCode.ERROR)


def restore_dropped_attributes(span: Span, attrs: Mapping[str, Any]) -> None:
    """Give a span the attributes that it was to begin with, if its sampler left it none at all."""
    restore(span, attrs)
