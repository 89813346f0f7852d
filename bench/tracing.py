"""What tracing costs a server: calls over HTTP that are traced and that are not, in turns.

    python bench/tracing.py [ROUNDS]

Client and servers are in one process, and its CPU time is what is measured. "SDK alone" is a span
of OpenTelemetry's SDK with as many attributes and no more: nobody who uses the SDK gets below it.
Spans are sampled, batched, and exported to nowhere.
"""

from __future__ import annotations

import asyncio
import os
import statistics
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from time import thread_time
from typing import Any

import uvicorn
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult

from fastmcp import Client, FastMCP

CALLS = 100
ATTRIBUTES = {f"an.attribute.{number}": f"value {number}" for number in range(10)}


class Nowhere(SpanExporter):
    def export(self, spans: Any) -> SpanExportResult:
        return SpanExportResult.SUCCESS

    def shutdown(self) -> None: ...


def server(*, traced: bool, alone: bool = False) -> FastMCP:
    os.environ["FASTMCP_TELEMETRY"] = "true" if traced else "off"
    mcp = FastMCP("bench")

    @mcp.tool
    async def add(a: int, b: int) -> int:
        return a + b

    if alone:
        tracer = trace.get_tracer("bench")

        async def observe(exchange: Any, serve: Any) -> Any:
            span = tracer.start_span("tools/call add", None, trace.SpanKind.SERVER, ATTRIBUTES)
            try:
                return await serve(exchange)
            finally:
                span.end()

        mcp.dispatcher.observe = observe
    return mcp


@asynccontextmanager
async def running(mcp: FastMCP) -> AsyncIterator[str]:
    app = mcp.http_app(json_response=True)
    config = uvicorn.Config(app, host="127.0.0.1", port=0, log_level="error", ws="none")
    http = uvicorn.Server(config)
    task = asyncio.create_task(http.serve())
    while not http.started:
        await asyncio.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{http.servers[0].sockets[0].getsockname()[1]}/mcp"
    finally:
        http.should_exit = True
        await task


async def measure(mode: str, rounds: int) -> None:
    kinds = {
        "untraced": {"traced": False},
        "SDK alone": {"traced": False, "alone": True},
        "traced": {"traced": True},
    }
    async with AsyncExitStack() as stack:
        clients: dict[str, Client] = {}
        for kind, how in kinds.items():
            url = await stack.enter_async_context(running(server(**how)))
            os.environ["FASTMCP_TELEMETRY"] = "off"  # the client's are not measured
            clients[kind] = await stack.enter_async_context(Client(url, mode=mode))
        spent: dict[str, list[float]] = {kind: [] for kind in kinds}
        for _ in range(rounds + 1):
            for kind, client in clients.items():
                begin = thread_time()
                for _ in range(CALLS):
                    await client.call_tool("add", {"a": 1, "b": 2})
                spent[kind].append((thread_time() - begin) / CALLS * 1e6)
    untraced = spent["untraced"][1:]
    for kind, each in spent.items():
        more = statistics.median(b / a for a, b in zip(untraced, each[1:], strict=True)) - 1
        print(f"{mode:8}{kind:12}{statistics.median(each[1:]):6.0f} µs a call {more:+7.1%}")


def main() -> None:
    provider = TracerProvider()
    provider.add_span_processor(BatchSpanProcessor(Nowhere()))
    trace.set_tracer_provider(provider)
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 40
    for mode in ("legacy", "auto"):
        asyncio.run(measure(mode, rounds))


if __name__ == "__main__":
    main()
