"""Metrics by OpenTelemetry's API, read in this process by its SDK."""

from __future__ import annotations

import asyncio
import gc
from typing import Any

import pytest
from apps import call, http
from opentelemetry import metrics
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader

from fastmcp import Client, FastMCP
from fastmcp.server.metrics.instruments import export, export_when_provided

DURATION = "mcp.server.operation.duration"


class Meter:
    """A provider, and what it was told."""

    def __init__(self) -> None:
        self.reader = InMemoryMetricReader()
        self.provider = MeterProvider([self.reader])

    def read(self) -> dict[str, list[Any]]:
        """The points of each metric."""
        data = self.reader.get_metrics_data()
        return {
            metric.name: list(metric.data.data_points)
            for resource in (data.resource_metrics if data else ())
            for scope in resource.scope_metrics
            for metric in scope.metrics
        }


@pytest.fixture
def meter() -> Any:
    made = Meter()
    yield made
    made.provider.shutdown()


def greeter(name: str = "greeter") -> FastMCP:
    mcp = FastMCP(name)

    @mcp.tool
    async def greet(name: str) -> str:
        if not name:
            raise ValueError("nobody")
        return f"Hello, {name}!"

    @mcp.prompt
    async def polite() -> str:
        return "Be polite"

    @mcp.tool
    def thread() -> str:
        return "done"

    return mcp


def attributes(points: list[Any], **members: str) -> list[dict[str, Any]]:
    found = [dict(point.attributes) for point in points]
    return [each for each in found if members.items() <= each.items()]


def test_durations_have_the_names_of_the_semantic_conventions(meter: Meter) -> None:
    """The metric, its attributes and its buckets."""
    mcp = greeter()
    export(mcp._parts, meter.provider)

    async def main() -> None:
        async with Client(mcp) as client:
            await client.call_tool("greet", {"name": "you"})
            await client.call_tool("greet", {"name": ""}, raise_on_error=False)
            await client.get_prompt("polite")

    asyncio.run(main())

    points = meter.read()[DURATION]
    [good, bad] = sorted(
        attributes(points, **{"mcp.method.name": "tools/call"}),
        key=lambda each: "error.type" in each,
    )
    common = {
        "mcp.method.name": "tools/call",
        "mcp.protocol.version": "2026-07-28",
        "gen_ai.tool.name": "greet",
        "gen_ai.operation.name": "execute_tool",
        "fastmcp.server.name": "greeter",
    }
    assert good == common
    assert bad == {**common, "error.type": "tool_error"}
    [prompt] = attributes(points, **{"mcp.method.name": "prompts/get"})
    assert prompt["gen_ai.prompt.name"] == "polite"
    assert points[0].explicit_bounds[:3] == (0.01, 0.02, 0.05)
    assert points[0].explicit_bounds[-1] == 300


def test_over_http_the_network_is_told_and_errors_have_their_code(meter: Meter) -> None:
    """What no server has is not told."""
    mcp = greeter()
    export(mcp._parts, meter.provider)
    with http(mcp) as server:
        server.post(call("nobody-has-this"), server.open())

    [point] = attributes(meter.read()[DURATION], **{"mcp.method.name": "tools/call"})
    assert point == {
        "mcp.method.name": "tools/call",
        "mcp.protocol.version": "2025-11-25",
        "rpc.response.status_code": "-32602",
        "error.type": "-32602",
        "network.transport": "tcp",
        "network.protocol.name": "http",
        "fastmcp.server.name": "greeter",
    }


def test_what_there_is_at_the_moment_is_told_for_each_server(meter: Meter) -> None:
    """Requests, sessions, and streams where HTTP counts them; of threads what the process has."""
    mcp, other = greeter(), greeter("other")
    for each in (mcp, other):
        export(each._parts, meter.provider)

    async def main() -> dict[str, list[Any]]:
        async with Client(mcp, mode="legacy") as client, Client(mcp, mode="legacy"):
            await client.call_tool("thread")
            return meter.read()

    told = asyncio.run(main())

    by_server = {
        point.attributes["fastmcp.server.name"]: point.value
        for point in told["fastmcp.server.sessions"]
    }
    assert by_server == {"greeter": 2, "other": 0}
    assert {point.value for point in told["fastmcp.server.active_requests"]} == {0}
    assert {point.value for point in told["fastmcp.server.open_streams"]} == {0}
    for name in ("busy", "limit", "queue_length", "calls", "wait_time"):
        assert len(told[f"fastmcp.threads.{name}"]) == 1
    assert told["fastmcp.threads.calls"][0].value >= 1
    assert told["fastmcp.threads.limit"][0].value >= 1


def test_a_server_that_is_gone_is_not_told_of(meter: Meter) -> None:
    """Nothing here keeps it."""
    mcp = greeter()
    export(mcp._parts, meter.provider)
    assert meter.read()["fastmcp.server.sessions"]

    del mcp
    gc.collect()

    assert not meter.read().get("fastmcp.server.sessions")


@pytest.mark.parametrize("scraped", [False, True])
def test_a_provider_is_found_when_the_program_has_one(
    meter: Meter, monkeypatch: pytest.MonkeyPatch, scraped: bool
) -> None:
    """From the first request after that on, each counted once."""
    mcp = greeter()
    export_when_provided(mcp._parts)
    with http(mcp, metrics=scraped) as server:
        server.modern(call("greet", 1, name="you"))
        monkeypatch.setattr(metrics._internal, "_METER_PROVIDER", meter.provider)
        for id in (2, 3):
            server.modern(call("greet", id, name="you"))

    assert [point.count for point in meter.read()[DURATION]] == [2]


def test_both_sinks_tell_the_same(meter: Meter) -> None:
    """A server may have `/metrics` as well."""
    mcp = greeter()
    recorder = export(mcp._parts, meter.provider)
    with http(mcp, metrics=True) as server:
        server.modern(call("greet", 1, name="you"))
        text = server.client.get(f"{server.base}/metrics").text

    assert recorder.now().in_flight == 0
    assert 'component="greet",method="tools/call",outcome="ok"} 1.0' in text
    assert len(attributes(meter.read()[DURATION], **{"gen_ai.tool.name": "greet"})) == 1
