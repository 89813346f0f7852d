"""Over the wire: spans of two processes as a collector gets them."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from apps import served
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.proto.trace.v1.trace_pb2 import Span
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from reaching import used

from fastmcp import Client
from fastmcp.client.transports import StdioTransport
from telemetry.collector import Collector
from telemetry.recorded import Recorded

TESTS = str(Path(__file__).parents[1])

SERVER = """
    import sys
    sys.path.insert(0, {tests!r})
    from opentelemetry import trace
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor
    from fastmcp import FastMCP

    provider = TracerProvider(resource=Resource.create({{"service.name": "server"}}))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter({url!r})))
    trace.set_tracer_provider(provider)
    mcp = FastMCP("Work")

    @mcp.tool
    def work() -> str:
        with trace.get_tracer("test").start_as_current_span("inner"):
            return "done"

    @mcp.tool
    def fail() -> str:
        raise RuntimeError("caf\\u00e9 \\udcff")

    mcp.run()
"""


def test_a_collector_gets_one_tree(
    recorded: Recorded, script: Callable[..., Path], caplog: Any
) -> None:
    """By OTLP over HTTP, from the client's process and from the server's."""
    collector = Collector()

    async def use(client: Client) -> None:
        await client.call_tool("work")
        await client.call_tool("fail", raise_on_error=False)

    with served(collector, lifespan="off") as base:
        url = f"{base}/v1/traces"
        server = script(SERVER.format(url=url, tests=TESTS))
        recorded.provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(url)))
        used(StdioTransport(sys.executable, [str(server)]), use)
        recorded.provider.shutdown()

    found = {(span.name, span.kind): (by, span) for by, span in collector.spans}
    by_client, call = found["tools/call work", Span.SPAN_KIND_CLIENT]
    by_server, serving = found["tools/call work", Span.SPAN_KIND_SERVER]
    _, inner = found["inner", Span.SPAN_KIND_INTERNAL]
    assert by_client.endswith("/fastmcp")
    assert by_server == "server/fastmcp"
    assert serving.parent_span_id == call.span_id
    assert inner.parent_span_id == serving.span_id
    assert call.trace_id == serving.trace_id == inner.trace_id
    names = {each.key: each.value.string_value for each in serving.attributes}
    assert names["mcp.method.name"] == "tools/call"
    assert names["gen_ai.tool.name"] == "work"
    _, failed = found["tools/call fail", Span.SPAN_KIND_SERVER]
    assert failed.status.message.startswith("caf\u00e9 ")
