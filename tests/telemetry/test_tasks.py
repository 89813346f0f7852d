"""A background task is part of the trace of the request that it was, wherever it runs."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from apps import served
from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.proto.trace.v1.trace_pb2 import Span
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from reaching import Reach, used
from task_processes import NO_WORKER, worker

from fastmcp import Client, Context, FastMCP
from fastmcp.client.elicitation import ElicitResult
from fastmcp.client.transports import StdioTransport
from fastmcp.exceptions import ToolError
from fastmcp.server import create_proxy
from telemetry.collector import Collector
from telemetry.recorded import Recorded


def own(name: str) -> Any:
    """A span of the program's own, by the tracer of the provider that there is now."""
    return trace.get_tracer_provider().get_tracer("test").start_as_current_span(name)


def server() -> FastMCP:
    mcp = FastMCP("Work", tasks=True)

    @mcp.tool
    async def work() -> str:
        with own("inner"):
            return "done"

    @mcp.tool
    async def fails() -> str:
        raise ToolError("no")

    @mcp.tool
    async def asks(ctx: Context) -> str:
        answer = await ctx.elicit("Who?", str)
        with own("inner"):
            return str(answer.data)

    return mcp


def test_a_task_is_in_the_tree_of_its_request(recorded: Recorded, reach: Reach, mode: str) -> None:
    """Its run has a span of its own, which names the task."""
    ids: list[str] = []

    async def use(client: Client) -> None:
        with own("outer"):
            task = await client.call_tool("work", task=True)
            await task.result()
            ids.append(task.task_id)

    used(reach(server()), use, mode=mode)

    assert recorded.path("inner") == [
        "outer",
        "tools/call work CLIENT",
        "tools/call work SERVER",
        "task tools/call work CONSUMER",
        "inner",
    ]
    attributes = recorded.attributes("task tools/call work CONSUMER")
    assert attributes["mcp.task.id"] == ids[0]
    assert attributes["mcp.task.leg"] == 1
    assert attributes["gen_ai.tool.name"] == "work"


def test_a_task_behind_a_proxy_is_in_the_tree(recorded: Recorded, reach: Reach, mode: str) -> None:
    """From the client through the proxy to the worker of the server behind."""

    async def use(client: Client) -> None:
        with own("outer"):
            task = await client.call_tool("work", task=True)
            assert (await task.result()).data == "done"

    used(reach(create_proxy(reach(server()), name="Proxy")), use, mode=mode)

    path = recorded.path("inner")
    assert (path[0], path[-1]) == ("outer", "inner")
    call = ["tools/call work CLIENT", "tools/call work SERVER"]
    spans = [name for name in path if name in (*call, "task tools/call work CONSUMER")]
    assert spans == [*call, *call, "task tools/call work CONSUMER"]


def test_every_run_of_a_task_that_asks_is_there(
    recorded: Recorded, reach: Reach, mode: str
) -> None:
    """Each below the request, with its number."""

    async def answer(*_: Any) -> Any:
        return ElicitResult(action="accept", content={"value": "Ann"})

    async def use(client: Client) -> None:
        task = await client.call_tool("asks", task=True)
        assert (await task.result()).data == "Ann"

    used(reach(server()), use, mode=mode, elicitation_handler=answer)

    name = "task tools/call asks"
    runs = [span for span in recorded.all() if span.name == name]
    assert [(span.attributes or {})["mcp.task.leg"] for span in runs] == [1, 2]
    [parent] = {span.parent.span_id for span in runs if span.parent is not None}
    request = recorded.one("tools/call asks SERVER")
    assert request.context is not None
    assert parent == request.context.span_id


def test_a_run_that_fails_says_so(recorded: Recorded, reach: Reach, mode: str) -> None:
    """As the span of a call does."""

    async def use(client: Client) -> None:
        task = await client.call_tool("fails", task=True)
        with pytest.raises(ToolError):
            await task.result()

    used(reach(server()), use, mode=mode)

    assert recorded.attributes("task tools/call fails CONSUMER")["error.type"] == "tool_error"


SERVER = """
    import os
    from opentelemetry import trace
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import SimpleSpanProcessor
    from fastmcp import FastMCP

    role = os.environ.get("ROLE", "server")
    provider = TracerProvider(resource=Resource.create({{"service.name": role}}))
    provider.add_span_processor(SimpleSpanProcessor(OTLPSpanExporter({url!r})))
    trace.set_tracer_provider(provider)
    mcp = FastMCP("Work", tasks=True, docket={docket!r})

    @mcp.tool
    def work() -> str:
        with trace.get_tracer("test").start_as_current_span("inner"):
            return "done"

    if __name__ == "__main__":
        mcp.run()
"""


def test_a_collector_gets_one_tree_of_three_processes(
    recorded: Recorded, script: Callable[..., Path], tmp_path: Path
) -> None:
    """The client's, the server's, and that of a worker which runs the task."""
    collector = Collector()

    async def use(client: Client) -> None:
        task = await client.call_tool("work", task=True)
        assert (await task.result()).data == "done"

    with served(collector, lifespan="off") as base:
        url = f"{base}/v1/traces"
        program = script(SERVER.format(url=url, docket=f"sqlite:///{tmp_path}/tasks.db"))
        recorded.provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(url)))
        alone = {**os.environ, **NO_WORKER}
        with worker(tmp_path / "worker.log", program, ROLE="worker"):
            used(StdioTransport(sys.executable, [str(program)], env=alone), use)
        recorded.provider.shutdown()

    found = {(span.name, span.kind): (by, span) for by, span in collector.spans}
    _, call = found["tools/call work", Span.SPAN_KIND_CLIENT]
    by_server, serving = found["tools/call work", Span.SPAN_KIND_SERVER]
    by_worker, running = found["task tools/call work", Span.SPAN_KIND_CONSUMER]
    _, inner = found["inner", Span.SPAN_KIND_INTERNAL]
    assert (by_server, by_worker) == ("server/fastmcp", "worker/fastmcp")
    assert serving.parent_span_id == call.span_id
    assert running.parent_span_id == serving.span_id
    assert inner.parent_span_id == running.span_id
    assert call.trace_id == inner.trace_id
