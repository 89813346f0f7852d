"""Whose child the span of a request is: what the client says, what is current, what HTTP says."""

from __future__ import annotations

import asyncio
from typing import Any

import mcp.shared._otel
import pytest
from apps import (
    CAPABILITIES_KEY,
    MODERN,
    VERSION_KEY,
    Mcp,
    call,
    http,
    messages,
    modern_headers,
    served,
)
from mcp.client.client import Client as OfficialClient
from opentelemetry import baggage, context, propagate, trace
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF, ParentBased
from opentelemetry.trace import SpanContext, TraceFlags
from reaching import used

from fastmcp import Client, FastMCP
from fastmcp.server.middleware import Middleware, MiddlewareContext
from telemetry.recorded import Recorded

TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
PARENT = f"00-{TRACE}-{SPAN}-01"
OTHER = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


def server() -> FastMCP:
    """One tool, which says what is current while it runs."""
    mcp = FastMCP("Work")

    @mcp.tool
    async def work() -> dict[str, Any]:
        current = trace.get_current_span().get_span_context()
        return {
            "trace": f"{current.trace_id:032x}",
            "state": current.trace_state.to_header(),
            "baggage": dict(baggage.get_all()),
        }

    return mcp


def with_meta(message: dict[str, Any], meta: dict[str, Any]) -> dict[str, Any]:
    return {**message, "params": {**message["params"], "_meta": meta}}


def post(client: Mcp, era: str, meta: dict[str, Any], headers: dict[str, str]) -> Any:
    """Call the tool; what it says."""
    message = call("work")
    if era == "modern":
        meta = {VERSION_KEY: MODERN, CAPABILITIES_KEY: {}, **meta}
        headers = {**modern_headers(message), **headers}
    else:
        headers = {**client.open(), **headers}
    response = client.post(with_meta(message, meta), headers)
    assert response.status_code == 200, response.text
    return messages(response)[-1]["result"]["structuredContent"]


def parent_of(recorded: Recorded) -> str | None:
    parent = recorded.one("tools/call work SERVER").parent
    return None if parent is None else f"{parent.trace_id:032x}-{parent.span_id:016x}"


@pytest.mark.parametrize("era", ["handshake", "modern"])
def test_the_meta_of_a_request_names_its_parent(recorded: Recorded, era: str) -> None:
    """With all that the client says of the trace."""
    meta = {"traceparent": PARENT, "tracestate": "rojo=1,congo=2", "baggage": "user=anna"}

    with http(server()) as client:
        said = post(client, era, meta, {"traceparent": OTHER})

    assert parent_of(recorded) == f"{TRACE}-{SPAN}"
    assert said == {"trace": TRACE, "state": "rojo=1,congo=2", "baggage": {"user": "anna"}}


@pytest.mark.parametrize("era", ["handshake", "modern"])
def test_a_header_names_the_parent_where_the_meta_does_not(recorded: Recorded, era: str) -> None:
    """A gateway knows nothing of `_meta`."""
    with http(server()) as client:
        said = post(client, era, {}, {"traceparent": PARENT, "tracestate": "rojo=1"})

    assert parent_of(recorded) == f"{TRACE}-{SPAN}"
    assert (said["trace"], said["state"]) == (TRACE, "rojo=1")


@pytest.mark.parametrize(
    "said",
    [
        "",
        "nonsense",
        PARENT.upper(),
        f"00-{TRACE}-{SPAN}",
        f"ff-{TRACE}-{SPAN}-01",
        f"00-{'0' * 32}-{SPAN}-01",
        f"00-{TRACE}-{'0' * 16}-01",
        PARENT + "-more",
        "x" * 100_000,
        7,
        None,
        ["00"],
        {"00": PARENT},
    ],
    ids=lambda said: str(said)[:20],
)
def test_a_malformed_parent_is_as_good_as_none(recorded: Recorded, said: Any) -> None:
    """The request is served, in a trace of its own; and the header is looked at."""
    with http(server()) as client:
        post(client, "modern", {"traceparent": said, "tracestate": ["no"]}, {})
        assert parent_of(recorded) is None
        recorded.clear()
        post(client, "handshake", {"traceparent": said, "baggage": 7}, {"traceparent": PARENT})
        assert parent_of(recorded) == f"{TRACE}-{SPAN}"


def test_what_is_current_is_the_parent_or_is_linked_to(recorded: Recorded) -> None:
    """What instruments HTTP has a span of its own around the request."""
    tracer = recorded.provider.get_tracer("http")

    class Instrumented:
        def __init__(self, app: Any) -> None:
            self.app = app

        async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
            if scope["type"] != "http":
                await self.app(scope, receive, send)
                return
            with tracer.start_as_current_span(scope["method"]):
                await self.app(scope, receive, send)

    def around(name: str) -> list[str]:
        links = recorded.one(name).links
        spans = {s.context.span_id: s.name for s in recorded.all() if s.context is not None}
        return [spans[link.context.span_id] for link in links]

    app = server().http_app(stateless_http=True)
    with served(Instrumented(app)) as base, Mcp(base) as client:
        client.modern(call("work"))
        recorded.one("POST")
        assert recorded.path("tools/call work SERVER") == ["POST", "tools/call work SERVER"]
        recorded.clear()
        client.post(
            with_meta(
                call("work"),
                {VERSION_KEY: MODERN, CAPABILITIES_KEY: {}, "traceparent": PARENT},
            ),
            modern_headers(call("work")),
        )
        recorded.one("POST")
    assert parent_of(recorded) == f"{TRACE}-{SPAN}"
    assert around("tools/call work SERVER") == ["POST"]


@pytest.mark.parametrize("mode", ["legacy", "auto"])
def test_the_official_client_is_a_parent(
    recorded: Recorded, monkeypatch: pytest.MonkeyPatch, mode: Any
) -> None:
    """The span that it makes for a request is the one that ours belongs to."""
    monkeypatch.setattr(mcp.shared._otel, "_tracer", recorded.provider.get_tracer("official"))

    async def use(url: str) -> None:
        async with OfficialClient(url, mode=mode) as client:
            await client.call_tool("work", {})

    with served(server().http_app()) as base:
        asyncio.run(use(f"{base}/mcp"))

    assert recorded.path("tools/call work SERVER") == [
        "MCP send tools/call work CLIENT",
        "tools/call work SERVER",
    ]


class Reading(Middleware):
    """Keeps the `_meta` of every call."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[dict[str, Any]] = []

    async def on_call_tool(self, context: MiddlewareContext[Any], call_next: Any) -> Any:
        self.seen.append(dict(context.message.meta or {}))
        return await call_next(context)


async def work_with(client: Client) -> None:
    await client.call_tool("work", meta={"example.com/own": 1})


@pytest.mark.parametrize("mode", ["legacy", "auto"])
def test_a_client_says_what_its_request_belongs_to(recorded: Recorded, mode: str) -> None:
    """In `_meta`, beside what the caller puts there, in the names of W3C."""
    reading, target = Reading(), server()
    target.add_middleware(reading)

    token = context.attach(baggage.set_baggage("user", "anna"))
    try:
        used(target, work_with, mode=mode)
    finally:
        context.detach(token)

    call = recorded.one("tools/call work CLIENT").context
    assert call is not None
    (seen,) = reading.seen
    version, trace_id, span_id, flags = seen["traceparent"].split("-")
    assert (version, trace_id, span_id) == ("00", f"{call.trace_id:032x}", f"{call.span_id:016x}")
    assert int(flags, 16) & 1
    assert seen["baggage"] == "user=anna"
    assert seen["example.com/own"] == 1


@pytest.mark.parametrize("mode", ["legacy", "auto"])
def test_a_client_says_nothing_where_nothing_is_traced(mode: str) -> None:
    """Without an SDK, `_meta` has nothing of a trace."""
    reading, target = Reading(), server()
    target.add_middleware(reading)

    used(target, work_with, mode=mode)

    (seen,) = reading.seen
    assert not {"traceparent", "tracestate", "baggage"} & seen.keys()


@pytest.mark.parametrize("mode", ["legacy", "auto"])
def test_a_server_without_an_sdk_passes_the_context_on(mode: str) -> None:
    """What its tools ask of others belongs to the trace that it was asked in."""
    reading, backend, front = Reading(), server(), FastMCP("Front")
    backend.add_middleware(reading)

    @front.tool
    async def ask() -> None:
        async with Client(backend, mode=mode) as client:
            await client.call_tool("work")

    async def use(client: Client) -> None:
        await client.call_tool("ask", meta={"traceparent": PARENT})

    used(front, use, mode=mode)

    assert reading.seen[0]["traceparent"] == PARENT


def test_what_is_not_sampled_is_not_sampled_further_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """The decision of a trace goes with its context, and no span is recorded anywhere."""
    off = Recorded(ParentBased(ALWAYS_OFF))
    monkeypatch.setattr(trace, "_TRACER_PROVIDER", off.provider)
    reading, target = Reading(), server()
    target.add_middleware(reading)

    used(target, work_with)

    assert reading.seen[0]["traceparent"].endswith(("-00", "-02"))
    assert off.all() == []


def test_other_propagators_are_followed(recorded: Recorded) -> None:
    """What a program has set for HTTP is what it wants here."""
    from opentelemetry.propagators.textmap import TextMapPropagator

    class Own(TextMapPropagator):
        def extract(self, carrier: Any, context: Any = None, getter: Any = None) -> Any:
            said = getter.get(carrier, "x-own")
            if not said:
                return context
            trace_id, span_id = (int(part, 16) for part in said[0].split("/"))
            parent = SpanContext(trace_id, span_id, True, TraceFlags(1))
            return trace.set_span_in_context(trace.NonRecordingSpan(parent), context)

        def inject(self, carrier: Any, context: Any = None, setter: Any = None) -> None:
            current = trace.get_current_span(context).get_span_context()
            carrier["x-own"] = f"{current.trace_id:x}/{current.span_id:x}"

        @property
        def fields(self) -> set[str]:
            return {"x-own"}

    before = propagate.get_global_textmap()
    propagate.set_global_textmap(Own())
    try:
        with served(server().http_app()) as base:
            used(f"{base}/mcp", work_with)
    finally:
        propagate.set_global_textmap(before)

    assert recorded.path("tools/call work SERVER")[0] == "tools/call work CLIENT"
