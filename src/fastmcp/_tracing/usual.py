"""The usual context of a trace, a `traceparent` alone, read and written without the propagators.

Those of a program that has set none do the same, in four times the time. Anything else is theirs:
a state of the trace, baggage, another version, and what is malformed.
"""

from __future__ import annotations

import re
from typing import Any

from opentelemetry import baggage, propagate
from opentelemetry.baggage.propagation import W3CBaggagePropagator
from opentelemetry.context import Context
from opentelemetry.propagators.composite import CompositePropagator
from opentelemetry.propagators.textmap import TextMapPropagator
from opentelemetry.trace import (
    NonRecordingSpan,
    SpanContext,
    TraceFlags,
    set_span_in_context,
)
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

_USUAL = [TraceContextTextMapPropagator, W3CBaggagePropagator]
_read = re.compile("00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})").fullmatch


class _Looked:
    """Whether the propagators of the program are the usual ones; another is looked at once."""

    def __init__(self) -> None:
        self._seen: TextMapPropagator | None = None
        self._usual = False

    def __call__(self) -> bool:
        present = propagate.get_global_textmap()
        if present is not self._seen:
            parts: Any = getattr(present, "_propagators", ())
            self._usual = type(present) is CompositePropagator and list(map(type, parts)) == _USUAL
            self._seen = present
        return self._usual


are_propagators_usual = _Looked()


def parent_from(traceparent: str, here: Context) -> Context | None:
    """What the propagators would make of it; None where they have to look themselves."""
    found = _read(traceparent)
    if found is None:
        return None
    trace, span, flags = found.groups()
    parent = SpanContext(int(trace, 16), int(span, 16), True, TraceFlags(int(flags, 16)))
    return set_span_in_context(NonRecordingSpan(parent), here) if parent.is_valid else None


def traceparent_of(span: SpanContext, here: Context) -> str | None:
    """What the propagators would say of a span; None where they would say more."""
    if span.trace_state or baggage.get_all(here):
        return None
    return f"00-{span.trace_id:032x}-{span.span_id:016x}-{span.trace_flags:02x}"
