"""Tracing: what happens to a request, told by spans of OpenTelemetry."""

from collections.abc import Iterator

import pytest
from apps import served
from opentelemetry import context, trace
from opentelemetry.util._once import Once
from telemetry.collector import Collector
from telemetry.recorded import Recorded

from fastmcp import Client, FastMCP


@pytest.fixture(autouse=True)
def fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    """A program that has set up nothing yet."""
    monkeypatch.setattr(trace, "_TRACER_PROVIDER", None)
    monkeypatch.setattr(trace, "_TRACER_PROVIDER_SET_ONCE", Once())


@pytest.fixture
def collector(monkeypatch: pytest.MonkeyPatch) -> Iterator[Collector]:
    made = Collector()
    with served(made, lifespan="off") as base:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", base)
        yield made


async def test_spans_go_to_a_collector(collector: Collector) -> None:
    """By what the program sets up."""
    # snippet: setup
    from opentelemetry import trace
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    def trace_to_a_collector() -> TracerProvider:
        provider = TracerProvider()
        provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
        trace.set_tracer_provider(provider)
        return provider

    # end
    # snippet: tool
    from fastmcp import FastMCP
    from fastmcp.telemetry import get_tracer

    mcp = FastMCP("Shop")

    @mcp.tool
    def order(item: str) -> str:
        """Order something."""
        trace.get_current_span().set_attribute("shop.item", item)
        with get_tracer().start_as_current_span("reserve"):
            return f"{item}: ordered"

    # end
    provider = trace_to_a_collector()
    async with Client(mcp) as client:
        assert (await client.call_tool("order", {"item": "tea"})).data == "tea: ordered"
    with served(mcp.http_app()) as base:
        async with Client(f"{base}/mcp") as client:
            assert (await client.call_tool("order", {"item": "tea"})).data == "tea: ordered"
    provider.shutdown()

    spans = [span for _, span in collector.spans]
    assert [span.name for span in spans].count("reserve") == 2
    serving = [s for s in spans if s.name == "tools/call order" and s.kind == s.SPAN_KIND_SERVER]
    items = {each.key: each.value.string_value for each in serving[0].attributes}
    assert items["shop.item"] == "tea"


async def test_spans_can_be_looked_at_in_a_test() -> None:
    """As they are in the guide."""
    mcp = FastMCP("Shop")

    @mcp.tool
    def order(item: str) -> str:
        return f"{item}: ordered"

    # snippet: test
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import SimpleSpanProcessor
    from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

    def traced() -> InMemorySpanExporter:
        """Once in a process: there is one provider for good."""
        spans = InMemorySpanExporter()
        provider = TracerProvider()
        provider.add_span_processor(SimpleSpanProcessor(spans))
        trace.set_tracer_provider(provider)
        return spans

    async def test_an_order_is_traced(spans: InMemorySpanExporter) -> None:
        async with Client(mcp) as client:
            await client.call_tool("order", {"item": "tea"})

        serving, calling = [s for s in spans.get_finished_spans() if s.name == "tools/call order"]
        assert (serving.kind.name, calling.kind.name) == ("SERVER", "CLIENT")
        assert serving.parent.span_id == calling.context.span_id
        assert serving.attributes["gen_ai.tool.name"] == "order"

    # end
    await test_an_order_is_traced(traced())


async def test_a_trace_goes_through_a_queue() -> None:
    """By hand, where no request carries it."""
    recorded = Recorded()
    trace.set_tracer_provider(recorded.provider)
    mcp = FastMCP("Shop")
    # snippet: queue
    from fastmcp.telemetry import extract_trace_context, get_tracer, inject_trace_context

    jobs = []

    @mcp.tool
    def send(item: str) -> str:
        """Send something, later."""
        jobs.append({"item": item, "meta": inject_trace_context()})
        return "soon"

    def work() -> None:
        job = jobs.pop()
        parent = extract_trace_context(job["meta"])
        with get_tracer().start_as_current_span("pack", context=parent):
            ...

    # end
    async with Client(mcp) as client:
        await client.call_tool("send", {"item": "tea"})
    assert not context.get_current()
    work()

    assert recorded.path("pack") == [
        "tools/call send CLIENT",
        "tools/call send SERVER",
        "pack",
    ]


async def test_a_block_is_without_spans() -> None:
    """Where the program has its own."""
    recorded = Recorded()
    trace.set_tracer_provider(recorded.provider)
    mcp = FastMCP("Shop")
    # snippet: suppressed
    from fastmcp import Client
    from fastmcp.telemetry import suppress_fastmcp_telemetry

    async with Client(mcp) as client:
        with suppress_fastmcp_telemetry():
            await client.list_tools()
    # end

    assert not [span for span in recorded.names() if span.startswith("tools/list")]
