"""Spans of the runs of tasks, in the trace of the request that began them.

It loads OpenTelemetry: only a worker of a program that traces loads it.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from opentelemetry import context
from opentelemetry.trace import SpanKind

from fastmcp._tracing.context import parent_of
from fastmcp._tracing.presence import Mode, tracing_mode
from fastmcp._tracing.spans import Spanning, Spans, described, mark, refused
from fastmcp.exceptions import McpError

from ..tracing import enduser
from .leg import Ended, Outcome, run_leg
from .record import TaskRecord
from .run import TaskRun

if TYPE_CHECKING:
    from ..server import FastMCP

TASK_ID = "mcp.task.id"
LEG = "mcp.task.leg"


class TracedRun:
    """A run that a span stands for; it is told what came of it."""

    def __init__(self, span: Any) -> None:
        self._span = span

    def came(self, outcome: Outcome) -> None:
        """Say how it ended, where that is no success."""
        span = self._span
        if span is None or not isinstance(outcome, Ended) or not span.is_recording():
            return
        if outcome.error is not None:
            error = outcome.error
            refused(span, McpError(code=error.code, message=error.message, data=error.data))
        elif outcome.is_error:
            mark(span, "tool_error")


async def run_traced_leg(server: FastMCP, record: TaskRecord, run: TaskRun) -> Outcome:
    """As `run_leg`, in the trace of the request that the task was."""
    with traced(record, tracing_mode()) as traced_run:
        outcome = await run_leg(server, record, run)
        traced_run.came(outcome)
        return outcome


@contextmanager
def traced(record: TaskRecord, mode: Mode) -> Generator[TracedRun]:
    """Have a run be a part of the trace that its task was begun in, with a span of its own."""
    parent, links = parent_of(record.caller.trace)
    tracer = Spans(mode).tracer
    if tracer is None:
        token = context.attach(parent)
        try:
            yield TracedRun(None)
        finally:
            context.detach(token)
        return
    attributes: dict[str, Any] = {TASK_ID: record.id, LEG: record.leg}
    name = described(record.method, record.target, attributes)
    if record.caller.token is not None:
        attributes |= enduser(record.caller.token)
    with Spanning(tracer, f"task {name}", SpanKind.CONSUMER, attributes, parent, links) as span:
        yield TracedRun(span)
