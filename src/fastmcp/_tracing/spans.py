"""Spans of MCP requests, by the semantic conventions of OpenTelemetry for MCP."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext, suppress
from typing import Any

from opentelemetry import context, trace
from opentelemetry.context import Context
from opentelemetry.trace import INVALID_SPAN, Link, Span, SpanKind, StatusCode, Tracer

from fastmcp._version import VERSION
from fastmcp.exceptions import McpError, TimedOut, ToolError

from .context import SUPPRESSED
from .presence import Mode, chosen_mode

INSTRUMENTATION_NAME = "fastmcp"

# How long a text of the other side's may be that becomes part of a span. Names of tools end there
# by the protocol; spans wait in memory until they are exported.
LONGEST = 128
LONGEST_TEXT = 2048

# Which attribute names what a method is for.
_TARGETS = {
    "tools/call": "gen_ai.tool.name",
    "prompts/get": "gen_ai.prompt.name",
    "resources/read": "mcp.resource.uri",
    "resources/subscribe": "mcp.resource.uri",
    "resources/unsubscribe": "mcp.resource.uri",
}
_WITHOUT_SDK = (trace.ProxyTracerProvider, trace.NoOpTracerProvider)


class Spans:
    """The spans of one server, or of one client's connection."""

    def __init__(self, mode: Mode) -> None:
        self._native = mode == "native"
        self._provider: Any = None
        self._made: Tracer | None = None

    @property
    def tracer(self) -> Tracer | None:
        """What makes spans here and now; None where nobody would see them, or wants them."""
        provider = trace.get_tracer_provider()
        if provider is not self._provider:
            self._provider = provider
            self._made = None
            if self._native and not isinstance(provider, _WITHOUT_SDK):
                self._made = provider.get_tracer(INSTRUMENTATION_NAME, VERSION)
        if self._made is None or context.get_current().get(SUPPRESSED):
            return None
        return self._made


def described(method: str, target: Any, attributes: dict[str, Any]) -> str:
    """The name of a request's span, and into `attributes` what it asks for. The URIs of resources
    are too many to be part of names.
    """
    attributes["mcp.method.name"] = method = method[:LONGEST]
    key = _TARGETS.get(method)
    if key is None or not isinstance(target, str):
        return method
    if key == "mcp.resource.uri":
        attributes[key] = target[:LONGEST_TEXT]
        return method
    attributes[key] = target = target[:LONGEST]
    if method == "tools/call":
        attributes["gen_ai.operation.name"] = "execute_tool"
    return f"{method} {target}"


def targets(uri: str | None, tool: str | None, prompt: str | None) -> dict[str, str]:
    """The attributes of what a request is for, by what is given."""
    given = {"mcp.resource.uri": uri, "gen_ai.tool.name": tool, "gen_ai.prompt.name": prompt}
    return {key: each for key, each in given.items() if each is not None}


class Spanning:
    """A span that is current inside of the block, and says what went wrong there."""

    __slots__ = ("_parent", "_span", "_token")

    def __init__(
        self,
        tracer: Tracer,
        name: str,
        kind: SpanKind,
        attributes: Mapping[str, Any],
        parent: Context | None = None,
        links: Sequence[Link] = (),
    ) -> None:
        self._span = tracer.start_span(name, parent, kind, attributes, links)
        self._parent = parent
        restore(self._span, attributes)

    def __enter__(self) -> Span:
        self._token = context.attach(trace.set_span_in_context(self._span, self._parent))
        return self._span

    def __exit__(self, kind: object, fault: BaseException | None, traceback: object) -> None:
        context.detach(self._token)
        if fault is not None:
            failed(self._span, fault)
        self._span.end()


def spanning(
    name: str, kind: SpanKind, attributes: Mapping[str, Any]
) -> AbstractContextManager[Span]:
    """The same below what is current; where nobody wants spans, nothing changes."""
    tracer = Spans(chosen_mode()).tracer
    return nullcontext(INVALID_SPAN) if tracer is None else Spanning(tracer, name, kind, attributes)


def restore(span: Span, attributes: Mapping[str, Any]) -> None:
    """Give a span the attributes that it was to begin with, if its sampler left it none at all."""
    if getattr(span, "attributes", True) or getattr(span, "dropped_attributes", 0):
        return
    if span.is_recording():
        span.set_attributes(attributes)


def failed(span: Span, fault: BaseException) -> None:
    """Say of a span that it ended so."""
    if not span.is_recording():
        return
    if isinstance(fault, Exception):
        note(span, fault)
    if isinstance(fault, McpError) and not isinstance(fault, TimedOut):
        refused(span, fault)
    else:
        mark(span, kind_of(fault), None if isinstance(fault, asyncio.CancelledError) else fault)


def kind_of(fault: BaseException) -> str:
    """What is said of it in one word: the code of an error of the protocol, or its name."""
    if isinstance(fault, TimedOut):
        return "timeout"
    if isinstance(fault, McpError):
        return str(fault.code)
    if isinstance(fault, asyncio.CancelledError):
        return "cancelled"
    return "tool_error" if isinstance(fault, ToolError) else type(fault).__qualname__


def refused(span: Span, error: McpError) -> None:
    """Say of a span that its request was answered with an error."""
    code = str(error.code)
    span.set_attribute("rpc.response.status_code", code)
    mark(span, code, error)


def mark(span: Span, kind: str, fault: BaseException | None = None) -> None:
    """Say of a span that it failed in a way that has a name, and why."""
    span.set_attribute("error.type", kind)
    span.set_status(StatusCode.ERROR, None if fault is None else _text(fault))


def _text(fault: BaseException) -> str | None:
    """What an exception says, as it can be exported: one that cannot be loses all of its batch."""
    try:
        text = str(fault)[:LONGEST_TEXT]
    except Exception:
        return None  # a __str__ that fails must not leave a request unanswered
    return text.encode("utf-8", "backslashreplace").decode() or None


def note(span: Span, fault: Exception) -> None:
    """Record an exception, as far as it can be told."""
    with suppress(Exception):
        span.record_exception(fault)
