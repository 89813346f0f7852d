"""The dashboard and the alert rules: checked against the code, and by a real Prometheus."""

from __future__ import annotations

import json
import re
import shutil
import threading
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from apps import Mcp, call, http, request
from deploying import DEPLOY, documents
from opentelemetry.sdk.trace import TracerProvider
from settled import wait_until

from fastmcp import FastMCP
from fastmcp.server.metrics.exposition import families
from fastmcp.server.metrics.outcome import OUTCOMES
from fastmcp.server.metrics.record import DURATIONS, TASKS, Histogram, Record, TaskCounts
from fastmcp.server.observers import stand_around

from .prometheus_server import FILES, Prometheus, prometheus_server, promtool

DASHBOARD = json.loads((DEPLOY / "grafana" / "servers.json").read_text("utf-8"))
PANELS: list[dict[str, Any]] = DASHBOARD["panels"]
VARIABLES = {each["name"]: each for each in DASHBOARD["templating"]["list"]}
EXPRESSIONS = [
    (f"{panel['title']} {target['refId']}", target["expr"])
    for panel in PANELS
    for target in panel["targets"]
]
RULES = [
    (rule["alert"], rule["expr"])
    for document in documents(FILES / "rules.yml")
    for group in document["groups"]
    for rule in group["rules"]
]
# What Prometheus adds to what it scrapes, and a metric of its own.
ADDED = {"job", "instance"}
UP = "up"


def exposed() -> dict[str, set[str]]:
    """The labels of every sample that a server may expose, by the name of the sample."""
    record = Record(
        requests={("tools/call", "x", "ok"): 1},
        durations={("tools/call", "x"): Histogram.within(DURATIONS)},
        errors={("tools/call", "-32602"): 1},
        tasks=TaskCounts(
            submitted={"x": 1},
            ended={("x", "completed"): 1},
            durations={"x": Histogram.within(TASKS)},
        ),
    )
    found: defaultdict[str, set[str]] = defaultdict(set)
    for family in families(record, "server", "1"):
        for sample in family.samples:
            found[sample.name] |= set(sample.labels)
    return found


EXPOSED = exposed()
SELECTOR = re.compile(r"\b(fastmcp_\w+|up)(?:\{([^}]*)\})?")
MATCHER = re.compile(r'(\w+)\s*(?:=~|!=|!~|=)\s*"([^"]*)"')
GROUPING = re.compile(r"\bby\s*\(([^)]*)\)")


def checked(expression: str) -> None:
    """Whether an expression names what there is: metrics, their labels, and the values of those
    that have only some.
    """
    selected: set[str] = set()
    found = SELECTOR.findall(expression)
    assert found
    for name, matchers in found:
        assert name == UP or name in EXPOSED, name
        labels = EXPOSED.get(name, set()) | ADDED
        selected |= labels
        for label, value in MATCHER.findall(matchers):
            assert label in labels, f"{name} has no {label}"
            if label == "outcome":
                assert set(value.split("|")) <= set(OUTCOMES)
    for labels in GROUPING.findall(expression):
        assert {label.strip() for label in labels.split(",")} <= selected


@pytest.mark.parametrize("expression", [e for _, e in EXPRESSIONS], ids=[n for n, _ in EXPRESSIONS])
def test_a_panel_asks_for_what_a_server_exposes(expression: str) -> None:
    """By names, labels and values that are there."""
    checked(expression)


@pytest.mark.parametrize("expression", [e for _, e in RULES], ids=[n for n, _ in RULES])
def test_an_alert_is_about_what_a_server_exposes(expression: str) -> None:
    """By names, labels and values that are there."""
    checked(expression)


def test_every_metric_is_on_the_dashboard() -> None:
    """None is exposed for nothing."""
    shown = {name for _, expression in EXPRESSIONS for name, _ in SELECTOR.findall(expression)}
    of_histograms = re.compile(r"_(bucket|count|sum)$")

    assert {of_histograms.sub("", name) for name in EXPOSED} == {
        of_histograms.sub("", name) for name in shown
    }


def test_legends_name_labels_that_the_query_leaves() -> None:
    """A legend of a label that is summed away is empty."""
    for panel in PANELS:
        for target in panel["targets"]:
            named = set(re.findall(r"\{\{(\w+)\}\}", target["legendFormat"]))
            kept = {
                label.strip()
                for labels in GROUPING.findall(target["expr"])
                for label in labels.split(",")
            }
            assert named <= kept, panel["title"]


def test_panels_have_places_and_sources_of_their_own() -> None:
    """None overlaps another, and all ask the source that the reader chose."""
    taken: set[tuple[int, int]] = set()
    for panel in PANELS:
        place = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert not cells & taken, panel["title"]
        assert max(x for x, _ in cells) < 24
        taken |= cells
        sources = [panel["datasource"], *(target["datasource"] for target in panel["targets"])]
        assert {source["uid"] for source in sources} == {"${datasource}"}
    assert len({panel["id"] for panel in PANELS}) == len(PANELS)
    assert set(VARIABLES) == {"datasource", "job", "instance"}


def test_the_tool_of_prometheus_accepts_the_files() -> None:
    """Configuration and rules."""
    assert f"{len(RULES)} rules found" in promtool("check", "rules", FILES / "rules.yml")
    promtool("check", "config", FILES / "prometheus.yml")


def test_each_alert_goes_off_when_it_should(tmp_path: Path) -> None:
    """By series that are made up; each of them is among the cases."""
    for path in (FILES / "rules.yml", Path(__file__).with_name("alerts.yml")):
        shutil.copy(path, tmp_path)
    cases = [
        test["alertname"]
        for document in documents(tmp_path / "alerts.yml")
        for case in document["tests"]
        for test in case["alert_rule_test"]
    ]

    promtool("test", "rules", "alerts.yml", cwd=tmp_path)
    assert set(cases) == {name for name, _ in RULES}


@pytest.fixture(scope="module")
def busy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Prometheus, Any]]:
    """Prometheus, with a server that is being used in all ways; and a trace of its requests."""
    mcp = FastMCP("shop", version="3", tasks=True)

    @mcp.tool
    def price(item: str) -> float:
        return {"tea": 4.5}[item]

    tracer = TracerProvider().get_tracer("test")
    traces: set[str] = set()

    def observe(exchange: Any, serve: Any) -> Any:
        async def inside() -> Any:
            with tracer.start_as_current_span(exchange.method) as span:
                traces.add(f"{span.get_span_context().trace_id:032x}")
                return await serve(exchange)

        return inside()

    stand_around(mcp._parts.dispatcher, observe, outermost=True)
    ended = threading.Event()

    def use(server: Mcp) -> None:
        with Mcp(server.base) as client:
            session = client.open()
            while not ended.wait(0.02):
                client.post(call("price", 1, item="tea"), session)
                client.post(call("price", 2, item="gold"), session)
                client.post(request("tools/list", 3), session)
                client.post(request("tools/none", 4), session)
                wish = {"name": "price", "arguments": {"item": "tea"}, "task": {}}
                client.post(request("tools/call", 5, **wish), session)

    folder = tmp_path_factory.mktemp("prometheus")
    with http(mcp, metrics=True) as server, prometheus_server(folder, server.base) as prometheus:
        using = threading.Thread(target=use, args=(server,))
        using.start()
        try:
            yield prometheus, traces
        finally:
            ended.set()
            using.join()


def as_asked(expression: str) -> str:
    """An expression as Grafana sends it."""
    asked = expression.replace("$__rate_interval", "10s")
    for name in ("job", "instance"):
        asked = asked.replace(f"${name}", VARIABLES[name]["allValue"])
    assert "$" not in asked
    return asked


@pytest.mark.parametrize("expression", [e for _, e in EXPRESSIONS], ids=[n for n, _ in EXPRESSIONS])
def test_prometheus_answers_a_panel_with_data(
    busy: tuple[Prometheus, Any], expression: str
) -> None:
    """That a server gave it."""
    prometheus, _ = busy

    def data() -> bool:
        found = prometheus.query(as_asked(expression))
        return bool(found) and all(each["value"][1] != "NaN" for each in found)

    wait_until(data)


def test_prometheus_finds_the_variables_of_the_dashboard(busy: tuple[Prometheus, Any]) -> None:
    """The job that the rules are for, and its instances."""
    prometheus, _ = busy
    wait_until(lambda: prometheus.query("fastmcp_server_info"))

    [info] = prometheus.query("fastmcp_server_info")
    assert (info["metric"]["job"], info["metric"]["name"]) == ("mcp", "shop")
    for name in ("job", "instance"):
        query = VARIABLES[name]["query"]["query"]
        assert query.startswith("label_values(fastmcp_server_info")
        assert query.endswith(f", {name})")


def test_prometheus_evaluates_the_rules(busy: tuple[Prometheus, Any]) -> None:
    """All of them; for the server's refusals one is about to go off."""
    prometheus, _ = busy

    def pending() -> bool:
        rules = prometheus.rules()
        assert {rule["name"] for rule in rules} == {name for name, _ in RULES}
        assert {rule["health"] for rule in rules} <= {"ok", "unknown"}
        return any(rule["name"] == "MCPManyErrors" and rule["alerts"] for rule in rules)

    wait_until(pending)


def test_prometheus_keeps_which_trace_a_duration_belongs_to(busy: tuple[Prometheus, Any]) -> None:
    """So that Grafana can lead there."""
    prometheus, traces = busy
    name = "fastmcp_request_duration_seconds_bucket"
    wait_until(lambda: prometheus.exemplars(name))

    found = {
        e["labels"]["trace_id"] for each in prometheus.exemplars(name) for e in each["exemplars"]
    }
    assert found
    assert found <= traces
