"""What tracing costs a server: calls over HTTP that are traced and that are not, in turns.

    python bench/tracing.py [ROUNDS]

Client and servers are in one process, and its CPU time is what is measured. "SDK alone" is a span
of OpenTelemetry's SDK with as many attributes and no more: nobody who uses the SDK gets below it.
"SDK current" is the same as the SDK itself makes it the parent of what is made inside of it. Spans
are all sampled (but one in ten of "one in ten"), batched, and exported to nowhere. Other work on
the machine adds to single rounds: `least` is of the round of each that was disturbed least, and the
last line compares by that.
"""

from __future__ import annotations

import asyncio
import os
import statistics
import sys
from contextlib import AsyncExitStack
from time import thread_time
from typing import Any

from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.sdk.trace.sampling import ALWAYS_ON, Sampler, TraceIdRatioBased
from serving import serving

from fastmcp import Client, FastMCP
from fastmcp._runtime.dispatch import Observe

CALLS = 50
ATTRIBUTES = {"legacy": 11, "auto": 10}
"""How many our spans of calls have; in the handshake era there is a session, too."""


exported: list[int] = []
"""How many attributes the spans had that were exported."""


class Sampling(Sampler):
    """Has all spans sampled, or the share that is set."""

    def __init__(self) -> None:
        self.share = 1.0
        self._some = TraceIdRatioBased(0.1)

    def should_sample(self, *asked: Any, **more: Any) -> Any:
        return (ALWAYS_ON if self.share == 1 else self._some).should_sample(*asked, **more)

    def get_description(self) -> str:
        return "all or some"


class Nowhere(SpanExporter):
    def export(self, spans: Any) -> SpanExportResult:
        exported.extend(len(span.attributes) for span in spans if span.name == "tools/call add")
        return SpanExportResult.SUCCESS

    def shutdown(self) -> None: ...


def alone(mode: str) -> Observe:
    """A span of the SDK around each request, and no more."""
    start, attributes = trace.get_tracer("bench").start_span, made_up(mode)

    async def observe(exchange: Any, serve: Any) -> Any:
        span = start("tools/call add", None, trace.SpanKind.SERVER, attributes)
        try:
            return await serve(exchange)
        finally:
            span.end()

    return observe


def current(mode: str) -> Observe:
    """The same, as the parent of what is made inside of it."""
    start, attributes = trace.get_tracer("bench").start_as_current_span, made_up(mode)

    async def observe(exchange: Any, serve: Any) -> Any:
        with start("tools/call add", None, trace.SpanKind.SERVER, attributes):
            return await serve(exchange)

    return observe


def made_up(mode: str) -> dict[str, str]:
    return {f"an.attribute.{number}": f"value {number}" for number in range(ATTRIBUTES[mode])}


def server(*, traced: bool = False, observe: Observe | None = None) -> FastMCP:
    os.environ["FASTMCP_TELEMETRY"] = "true" if traced else "off"
    mcp = FastMCP("bench")

    @mcp.tool
    async def add(a: int, b: int) -> int:
        return a + b

    if observe is not None:
        mcp._parts.dispatcher.observe = observe
    return mcp


async def measure(mode: str, rounds: int, provider: TracerProvider, sampling: Sampling) -> None:
    kinds: dict[str, dict[str, Any]] = {
        "untraced": {},
        "SDK alone": {"observe": alone(mode)},
        "SDK current": {"observe": current(mode)},
        "traced": {"traced": True},
        "one in ten": {"traced": True},
    }
    sampling.share = 1.0
    async with AsyncExitStack() as stack:
        clients: dict[str, Client] = {}
        for kind, how in kinds.items():
            port = await stack.enter_async_context(serving(server(**how)))
            os.environ["FASTMCP_TELEMETRY"] = "off"  # the client's are not measured
            clients[kind] = await stack.enter_async_context(
                Client(f"http://127.0.0.1:{port}/mcp", mode=mode)
            )
            provider.force_flush()  # those of the handshake
            exported.clear()
            await clients[kind].call_tool("add", {"a": 1, "b": 2})
            provider.force_flush()
            expected = [] if kind == "untraced" else [ATTRIBUTES[mode]]
            assert exported == expected, f"{kind}: spans with {exported} attributes"
        spent: dict[str, list[float]] = {kind: [] for kind in kinds}
        for _ in range(rounds + 1):
            for kind, client in clients.items():
                sampling.share = 0.1 if kind == "one in ten" else 1.0
                begin = thread_time()
                for _ in range(CALLS):
                    await client.call_tool("add", {"a": 1, "b": 2})
                spent[kind].append((thread_time() - begin) / CALLS * 1e6)
    least = {kind: min(each[1:]) for kind, each in spent.items()}
    floor = least["untraced"]
    for kind, each in spent.items():
        of_each = zip(spent["untraced"][1:], each[1:], strict=True)
        more = statistics.median(b / a for a, b in of_each) - 1
        print(
            f"{mode:8}{kind:12}least {least[kind]:5.0f} µs a call {least[kind] / floor - 1:+7.1%}"
            f"   median {statistics.median(each[1:]):5.0f} {more:+7.1%}"
        )
    for kind in ("SDK alone", "SDK current"):
        ours = (least["traced"] - floor) / (least[kind] - floor)
        print(f"{mode:8}traced / {kind}, of what is more: {ours:.2f}")


def main() -> None:
    sampling = Sampling()
    provider = TracerProvider(sampler=sampling)
    provider.add_span_processor(BatchSpanProcessor(Nowhere()))
    trace.set_tracer_provider(provider)
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 40
    for mode in ("legacy", "auto"):
        asyncio.run(measure(mode, rounds, provider, sampling))


if __name__ == "__main__":
    main()
