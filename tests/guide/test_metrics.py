"""Metrics: what a server counts, for Prometheus and OpenTelemetry."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from apps import call, http, request
from metrics.scraping import scrape
from prometheus_client import REGISTRY

from fastmcp import Client, FastMCP
from fastmcp.server.metrics.exposition import families
from fastmcp.server.metrics.outcome import OUTCOMES
from fastmcp.server.metrics.record import DURATIONS, TASKS, Histogram, Record, TaskCounts

PAGE = (Path(__file__).parents[2] / "docs" / "guide" / "metrics.md").read_text("utf-8")


def test_a_server_counts_what_it_answers() -> None:
    """As the page shows it."""
    # snippet: server
    from fastmcp import FastMCP

    mcp = FastMCP("Shop")

    @mcp.tool
    def price(item: str) -> float:
        return {"tea": 4.5}[item]

    def serve() -> None:
        mcp.run_http(metrics=True)

    # end
    with http(mcp, metrics=True) as server:
        session = server.open()
        for id, item in enumerate(["tea", "tea", "gold"]):
            server.post(call("price", id, item=item), session)
        text = server.client.get(f"{server.base}/metrics").text

    shown = re.findall(r"^(fastmcp_\w+)\{(.*?)\} (.*)$", PAGE, re.M)
    assert len(shown) == 4
    told = {
        (name, frozenset(labels.split(",")), value)
        for name, labels, value in re.findall(r"^(fastmcp_\w+)\{(.*?)\} (.*)$", text, re.M)
    }
    assert {(name, frozenset(labels.split(",")), value) for name, labels, value in shown} <= told


def test_the_table_has_every_metric_and_its_labels() -> None:
    """Those of a server that has counted something of everything."""
    record = Record(
        requests={("", "", "ok"): 1},
        durations={("", ""): Histogram.within(DURATIONS)},
        errors={("", ""): 1},
        tasks=TaskCounts({"": 1}, {("", "completed"): 1}, {"": Histogram.within(TASKS)}),
    )
    exposed = {}
    for family in families(record, "name", "1"):
        name = {"counter": f"{family.name}_total", "info": f"{family.name}_info"}.get(family.type)
        labels = {label for sample in family.samples for label in sample.labels} - {"le"}
        exposed[name or family.name] = labels

    rows = re.findall(r"^\| `(fastmcp_\w+)` \| (.*?) ?\| ", PAGE, re.M)
    assert {name: set(re.findall(r"`(\w+)`", labels)) for name, labels in rows} == exposed


def test_the_page_knows_every_outcome() -> None:
    """In the order of how often they are met."""
    table = PAGE.split("`outcome` is\n", 1)[1].split("\n## ", 1)[0]

    assert set(re.findall(r"^\| `(\w+)`", table, re.M)) == set(OUTCOMES)


@pytest.fixture
def nothing_counted() -> Iterator[None]:
    """The registry without metrics of this page, before and after."""

    def forget() -> None:
        for each in {*REGISTRY._names_to_collectors.values()}:
            if getattr(each, "_name", "").startswith("shop_"):
                REGISTRY.unregister(each)

    forget()
    yield
    forget()


@pytest.mark.usefixtures("nothing_counted")
def test_a_program_counts_what_it_likes() -> None:
    """In the same answer."""
    mcp = FastMCP("Shop")
    # snippet: own
    from prometheus_client import Counter

    sold = Counter("shop_sold", "Things that were sold", ["item"])

    @mcp.tool
    def sell(item: str) -> str:
        sold.labels(item).inc()
        return f"{item} is on its way"

    # end
    with http(mcp, metrics=True) as server:
        server.post(call("sell", 1, item="tea"), server.open())
        samples = scrape(server.base)

    assert samples("shop_sold_total", item="tea") == 1
    assert samples("fastmcp_requests_total", component="sell") == 1


def test_nobody_fills_prometheus_with_names() -> None:
    """What the server has not has no name."""
    with http(FastMCP("Shop"), metrics=True) as server:
        session = server.open()
        for id in range(5):
            server.post(request("prompts/get", id, name=f"n{id}"), session)

        assert scrape(server.base)("fastmcp_requests_total", component="", outcome="error") == 5


@pytest.mark.parametrize("transport", ["memory", "http"])
async def test_a_meter_provider_is_told(monkeypatch: pytest.MonkeyPatch, transport: str) -> None:
    """On every transport."""
    from opentelemetry import metrics as api
    from opentelemetry.sdk.metrics.export import InMemoryMetricReader

    reader = InMemoryMetricReader()
    provider: Any = None

    def keep(made: Any) -> None:
        nonlocal provider
        provider = made
        monkeypatch.setattr(api._internal, "_METER_PROVIDER", made)

    monkeypatch.setattr(api, "set_meter_provider", keep)
    # snippet: provider
    from opentelemetry import metrics
    from opentelemetry.sdk.metrics import MeterProvider
    from opentelemetry.sdk.metrics.export import (
        ConsoleMetricExporter,
        PeriodicExportingMetricReader,
    )

    def set_up(reader: object = None) -> None:
        reader = reader or PeriodicExportingMetricReader(ConsoleMetricExporter())
        metrics.set_meter_provider(MeterProvider([reader]))

    # end
    set_up(reader)
    mcp = FastMCP("Shop", tasks=True)
    mcp.tool(lambda: 4.5, name="price")

    def read() -> dict[str, list[Any]]:
        data = reader.get_metrics_data()
        return {
            metric.name: list(metric.data.data_points)
            for resource in (data.resource_metrics if data else ())
            for scope in resource.scope_metrics
            for metric in scope.metrics
        }

    async def use(target: Any) -> None:
        async with asyncio.timeout(20), Client(target) as client:
            await client.call_tool("price")
            await (await client.call_tool("price", task=True))
            while "fastmcp.task.ended" not in read():
                await asyncio.sleep(0.01)

    if transport == "memory":
        await use(mcp)
    else:
        with http(mcp) as server:
            await use(server.url)

    told = read()
    tools = [
        dict(each.attributes).get("gen_ai.tool.name")
        for each in told["mcp.server.operation.duration"]
    ]
    assert "price" in tools
    names = set(re.findall(r"`(fastmcp\.[a-z_.]+)`", PAGE)) | {
        f"fastmcp.threads{name}" for name in re.findall(r"`(\.[a-z_]+)`", PAGE)
    }
    histograms = {name for name in told if name.startswith("mcp.")}
    of_docket = {name for name in told if name.startswith("docket_")}
    assert names == told.keys() - histograms - of_docket
    assert {"mcp.client.operation.duration", "mcp.client.session.duration"} <= histograms
    assert histograms <= set(re.findall(r"`(mcp\.[a-z.]+\.duration)`", PAGE))
    provider.shutdown()
