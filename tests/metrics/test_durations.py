"""Durations by the semantic conventions for MCP: of requests where they are made, of sessions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from apps import served
from opentelemetry import metrics
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader, PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource
from reaching import Reach, used
from settled import wait_until
from telemetry.collector import Collector

from fastmcp import Client, FastMCP
from fastmcp.client.transports import StreamableHttpTransport
from fastmcp.exceptions import McpError

OPERATION, SESSION = "mcp.client.operation.duration", "mcp.client.session.duration"
SERVED = "mcp.server.session.duration"
HTTP = {"network.transport": "tcp", "network.protocol.name": "http"}


def shop() -> FastMCP:
    mcp = FastMCP("Shop")

    @mcp.tool
    async def price(item: str) -> float:
        return {"tea": 4.5}[item]

    @mcp.prompt
    async def polite() -> str:
        return "Be polite"

    @mcp.resource("x://y")
    async def data() -> str:
        return "data"

    return mcp


async def buy(client: Client) -> None:
    await client.call_tool("price", {"item": "tea"})
    await client.call_tool("price", {"item": "gold"}, raise_on_error=False)
    await client.get_prompt("polite")
    await client.read_resource("x://y")
    with pytest.raises(McpError):
        await client.get_prompt("rude")


@pytest.fixture
def reader(monkeypatch: pytest.MonkeyPatch) -> Iterator[InMemoryMetricReader]:
    """The metrics of a program that has a provider, as it is asked for them."""
    reader = InMemoryMetricReader()
    provider = MeterProvider([reader], shutdown_on_exit=False)
    monkeypatch.setattr(metrics._internal, "_METER_PROVIDER", provider)
    yield reader
    provider.shutdown()


def told(reader: InMemoryMetricReader, name: str) -> list[Any]:
    data = reader.get_metrics_data()
    return [
        point
        for resource in (data.resource_metrics if data else ())
        for scope in resource.scope_metrics
        for metric in scope.metrics
        for point in metric.data.data_points
        if metric.name == name
    ]


def place_of(target: Any) -> dict[str, Any]:
    if not isinstance(target, str):
        return {}
    port = int(target.rpartition(":")[2].removesuffix("/mcp"))
    return {**HTTP, "server.address": "127.0.0.1", "server.port": port}


@pytest.mark.parametrize(("mode", "revision"), [("legacy", "2025-11-25"), ("auto", "2026-07-28")])
def test_a_client_tells_how_long_its_requests_took(
    reader: InMemoryMetricReader, reach: Reach, mode: str, revision: str
) -> None:
    """By what they were for and how they ended; a resource is not told by its URI."""
    target = reach(shop())
    used(target, buy, mode=mode)

    found = [dict(point.attributes) for point in told(reader, OPERATION)]
    of = {**place_of(target), "mcp.protocol.version": revision}
    call = {"gen_ai.tool.name": "price", "gen_ai.operation.name": "execute_tool"}
    code = "-32602"
    for expected in (
        {**of, "mcp.method.name": "tools/call", **call},
        {**of, "mcp.method.name": "tools/call", **call, "error.type": "tool_error"},
        {**of, "mcp.method.name": "prompts/get", "gen_ai.prompt.name": "polite"},
        {**of, "mcp.method.name": "resources/read"},
        {
            **of,
            "mcp.method.name": "prompts/get",
            "gen_ai.prompt.name": "rude",
            "error.type": code,
            "rpc.response.status_code": code,
        },
    ):
        assert expected in found
    opening = "initialize" if mode == "legacy" else "server/discover"
    assert {**place_of(target), "mcp.method.name": opening} in found
    bounds = told(reader, OPERATION)[0].explicit_bounds
    assert (bounds[0], bounds[-1]) == (0.01, 300)


@pytest.mark.parametrize("mode", ["legacy", "auto"])
def test_a_client_tells_how_long_it_was_connected(
    reader: InMemoryMetricReader, reach: Reach, mode: str
) -> None:
    """Once for each time, when that is over."""
    target = reach(shop())

    async def use(client: Client) -> None:
        assert sum(point.count for point in told(reader, SESSION)) < 2

    for _ in range(2):
        used(target, use, mode=mode)

    [point] = told(reader, SESSION)
    assert point.count == 2
    revision = "2025-11-25" if mode == "legacy" else "2026-07-28"
    assert dict(point.attributes) == {**place_of(target), "mcp.protocol.version": revision}


def test_a_server_that_cannot_be_reached_is_no_session(reader: InMemoryMetricReader) -> None:
    """Nothing was agreed on."""

    async def use(client: Client) -> None: ...

    with pytest.raises(RuntimeError):
        used(StreamableHttpTransport("http://127.0.0.1:9/mcp"), use)

    assert told(reader, SESSION) == []


def test_a_server_tells_how_long_sessions_were(reader: InMemoryMetricReader, reach: Reach) -> None:
    """When they have ended."""
    target = reach(shop())

    async def use(client: Client) -> None:
        await client.call_tool("price", {"item": "tea"})
        assert told(reader, SERVED) == []

    used(target, use, mode="legacy")
    wait_until(lambda: bool(told(reader, SERVED)))

    [point] = told(reader, SERVED)
    assert point.count == 1
    network = HTTP if isinstance(target, str) else {}
    assert dict(point.attributes) == {
        **network,
        "mcp.protocol.version": "2025-11-25",
        "fastmcp.server.name": "Shop",
    }


@pytest.mark.parametrize(
    "change",
    [
        {"FASTMCP_TELEMETRY": "off"},
        {"FASTMCP_TELEMETRY_MODE": "propagation_only"},
    ],
)
def test_a_program_can_do_without_them(
    reader: InMemoryMetricReader, monkeypatch: pytest.MonkeyPatch, change: dict[str, str]
) -> None:
    """With the same switches as spans."""
    for name, value in change.items():
        monkeypatch.setenv(name, value)
    used(shop(), buy)

    for name in (OPERATION, SESSION, SERVED, "mcp.server.operation.duration"):
        assert told(reader, name) == []


def test_a_cache_of_answers_is_no_session(reader: InMemoryMetricReader) -> None:
    """Though it hears of changes, as clients do."""
    from fastmcp.server.middleware.caching import ResponseCachingMiddleware

    mcp = shop()
    mcp.add_middleware(ResponseCachingMiddleware())

    async def use(client: Client) -> int:
        await client.call_tool("price", {"item": "tea"})
        [point] = told(reader, "fastmcp.server.sessions")
        return point.value

    assert used(mcp, use) == 1


def test_a_collector_gets_them(monkeypatch: pytest.MonkeyPatch) -> None:
    """By OTLP over HTTP: those of a server and of its client."""
    collector = Collector()
    with served(collector, lifespan="off") as base:
        exporter = OTLPMetricExporter(f"{base}/v1/metrics")
        reading = PeriodicExportingMetricReader(exporter, export_interval_millis=3_600_000)
        provider = MeterProvider(
            [reading], Resource.create({"service.name": "shop"}), shutdown_on_exit=False
        )
        monkeypatch.setattr(metrics._internal, "_METER_PROVIDER", provider)
        with served(shop().http_app()) as server:
            used(f"{server}/mcp", buy, mode="legacy")
        provider.shutdown()

    assert {by for by, _ in collector.metrics} == {"shop/fastmcp"}

    def points(name: str) -> Any:
        return [
            point
            for _, metric in collector.metrics
            for point in metric.histogram.data_points
            if metric.name == name
        ]

    for name in (OPERATION, "mcp.server.operation.duration"):
        calls = [
            point
            for point in points(name)
            if any(each.value.string_value == "tools/call" for each in point.attributes)
        ]
        assert sum(point.count for point in calls) == 2
    assert sum(point.count for point in points(SESSION)) == 1
    assert sum(point.count for point in points(SERVED)) == 1
    assert {metric.name for _, metric in collector.metrics} >= {"fastmcp.server.sessions"}
