"""`fastmcp.telemetry`, as code written for FastMCP uses it."""

from __future__ import annotations

import pytest
from opentelemetry import baggage, context, trace
from opentelemetry.trace import SpanContext, SpanKind, StatusCode, TraceFlags, set_span_in_context

from fastmcp.telemetry import (
    INSTRUMENTATION_NAME,
    TRACE_PARENT_KEY,
    TRACE_STATE_KEY,
    extract_trace_context,
    get_tracer,
    inject_trace_context,
    native_spans_enabled,
    record_span_error,
    suppress_fastmcp_telemetry,
    telemetry_mode,
)
from telemetry.recorded import Recorded

PARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


def test_the_tracer_makes_spans_in_its_name(recorded: Recorded) -> None:
    """Those of a program that uses it stand beside FastMCP's own."""
    with get_tracer("1.2").start_as_current_span("mine") as span:
        span.set_attribute("key", "value")

    made = recorded.one("mine")
    assert made.instrumentation_scope is not None
    assert made.instrumentation_scope.name == INSTRUMENTATION_NAME == "fastmcp"
    assert made.instrumentation_scope.version == "1.2"


def test_a_context_goes_into_a_meta_and_comes_out_of_it(recorded: Recorded) -> None:
    """Beside what is there; the given one is not changed."""
    meta = {"own": 1}
    with get_tracer().start_as_current_span("outer"):
        sent = inject_trace_context(meta)

    assert meta == {"own": 1}
    assert sent is not None and sent["own"] == 1
    assert sent.keys() == {"own", TRACE_PARENT_KEY}
    token = context.attach(extract_trace_context(sent))
    try:
        with get_tracer().start_as_current_span("inner"):
            pass
    finally:
        context.detach(token)
    assert recorded.path("inner") == ["outer", "inner"]


def test_without_a_trace_a_meta_stays_as_it_is() -> None:
    """None stays None."""
    meta = {"own": 1}

    assert inject_trace_context() is None
    assert inject_trace_context(meta) == {"own": 1}


def test_the_state_of_a_trace_goes_along(recorded: Recorded) -> None:
    """As it came."""
    here = extract_trace_context({TRACE_PARENT_KEY: PARENT, TRACE_STATE_KEY: "rojo=1"})
    token = context.attach(here)
    try:
        assert inject_trace_context() == {TRACE_PARENT_KEY: PARENT, TRACE_STATE_KEY: "rojo=1"}
    finally:
        context.detach(token)


@pytest.mark.parametrize("meta", [None, {}, {"own": 1}, {TRACE_PARENT_KEY: "nonsense"}])
def test_nothing_to_extract_is_the_current_context(meta: dict[str, object] | None) -> None:
    """With what else it has."""
    token = context.attach(baggage.set_baggage("user", "anna"))
    try:
        assert dict(extract_trace_context(meta)) == dict(context.get_current())
    finally:
        context.detach(token)


def test_who_is_in_a_trace_stays_in_it(recorded: Recorded) -> None:
    """What instruments HTTP has found the parent already."""
    with get_tracer().start_as_current_span("outer"):
        found = extract_trace_context({TRACE_PARENT_KEY: PARENT})

        assert trace.get_current_span(found) is trace.get_current_span()


def test_an_error_is_recorded(recorded: Recorded) -> None:
    """As an event, and as the status."""
    span = get_tracer().start_span("failing")
    record_span_error(span, ValueError("no"))
    span.end()

    made = recorded.one("failing")
    assert made.status.status_code is StatusCode.ERROR
    assert [event.name for event in made.events] == ["exception"]


def test_a_suppressed_tracer_leaves_the_current_span(recorded: Recorded) -> None:
    """Whoever asks for it sees the program's, and nothing is made."""
    with recorded.provider.get_tracer("own").start_as_current_span("own") as own:
        with suppress_fastmcp_telemetry():
            assert (telemetry_mode(), native_spans_enabled()) == ("propagation_only", False)
            with get_tracer().start_as_current_span("mine", kind=SpanKind.SERVER) as span:
                span.set_attribute("key", "value")
                assert trace.get_current_span() is own
            get_tracer().start_span("another").end()
        assert native_spans_enabled()

    assert recorded.names() == ["own"]


def test_off_is_off(recorded: Recorded, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is made, sent or read."""
    monkeypatch.setenv("FASTMCP_TELEMETRY", "off")
    parent = SpanContext(1, 2, is_remote=True, trace_flags=TraceFlags(1))
    token = context.attach(set_span_in_context(trace.NonRecordingSpan(parent)))
    try:
        assert telemetry_mode() == "off"
        assert inject_trace_context({"own": 1}) == {"own": 1}
        with suppress_fastmcp_telemetry():
            assert telemetry_mode() == "off"
    finally:
        context.detach(token)
    found = extract_trace_context({TRACE_PARENT_KEY: PARENT})
    assert not trace.get_current_span(found).get_span_context().is_valid
    with get_tracer().start_as_current_span("mine"):
        pass
    assert recorded.all() == []
