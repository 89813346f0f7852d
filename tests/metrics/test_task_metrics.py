"""What is counted of background tasks, in servers and in workers, and who is told of it."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from apps import Mcp, call, http, messages, request
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from processes import free_port
from settled import wait_until
from task_processes import NO_WORKER, shop, tasks_command, worker, write_shop

from fastmcp import FastMCP
from fastmcp.server.metrics.instruments import export
from fastmcp.server.metrics.recorder import Recorder

from .scraping import scrape


def shop_of() -> FastMCP:
    """A server whose tasks end in all ways."""
    mcp = FastMCP("Shop", tasks=True)

    @mcp.tool
    async def add(a: int) -> int:
        return a

    @mcp.tool
    async def fail() -> None:
        raise ValueError("out of paper")

    @mcp.tool
    async def hang() -> None:
        await asyncio.Event().wait()

    return mcp


def submit(server: Mcp, session: dict[str, str], tool: str, **arguments: Any) -> str:
    wish = request("tools/call", 1, name=tool, arguments=arguments, task={})
    return messages(server.post(wish, session))[-1]["result"]["task"]["taskId"]


def test_tasks_are_counted_by_component_and_how_they_ended() -> None:
    """Beside the requests that brought them, which have been answered long before."""
    with http(shop_of(), metrics=True) as server:
        session = server.open()
        for tool in ("add", "add", "fail"):
            submit(server, session, tool, **({"a": 1} if tool == "add" else {}))
        hanging = submit(server, session, "hang")
        wait_until(lambda: scrape(server.base)("fastmcp_tasks_running") == 1)
        wait_until(lambda: scrape(server.base)("fastmcp_tasks_total") == 3)
        server.post(request("tasks/cancel", 2, taskId=hanging), session)
        wait_until(lambda: scrape(server.base)("fastmcp_tasks_running") == 0)
        found = scrape(server.base)

    assert found("fastmcp_tasks_submitted_total", component="add") == 2
    assert found("fastmcp_tasks_submitted_total") == 4
    assert found("fastmcp_tasks_total", component="add", status="completed") == 2
    assert found("fastmcp_tasks_total", component="fail", status="failed") == 1
    assert found("fastmcp_tasks_total", component="hang", status="cancelled") == 1
    assert found("fastmcp_task_wait_seconds_count") == 4
    assert found("fastmcp_task_duration_seconds_count", component="add") == 2
    assert 0 < found("fastmcp_task_wait_seconds_sum") < 20


def test_a_server_that_nobody_measures_counts_nothing() -> None:
    """And loads nothing for it."""
    mcp = shop_of()
    with http(mcp) as server:
        session = server.open()
        id = submit(server, session, "add", a=1)
        server.post(request("tasks/result", 2, taskId=id), session)

    assert Recorder.of(mcp._parts) is None
    assert mcp._parts.tasks.numbers is None


def test_tasks_without_a_worker_are_submitted_and_no_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who only looks at the server sees that nobody begins them."""
    monkeypatch.setenv("FASTMCP_DOCKET_CONCURRENCY", "0")
    with http(shop_of(), metrics=True) as server:
        session = server.open()
        submit(server, session, "add", a=1)
        server.post(call("add", 2, a=1), session)
        found = scrape(server.base)

    assert found("fastmcp_tasks_submitted_total") == 1
    assert found("fastmcp_task_wait_seconds_count") == found("fastmcp_tasks_total") == 0


def test_a_worker_of_its_own_is_asked_for_what_it_ran(tmp_path: Path, log: Path) -> None:
    """With --metrics; the server tells what it was given."""
    program, port = write_shop(tmp_path), free_port()
    url = {"FASTMCP_DOCKET_URL": f"sqlite:///{tmp_path}/tasks.db"}

    with (
        shop(program, log, **url, **NO_WORKER) as server,
        worker(tmp_path / "1.log", program, "--metrics", str(port), **url) as found,
    ):
        for number in range(3):
            assert server.value(server.submit("add", a=number, b=1)) == number + 1
        base = f"http://127.0.0.1:{port}"
        wait_until(lambda: scrape(base)("fastmcp_tasks_total") == 3)
        samples = scrape(base)
        assert found.stop() == 0

    assert samples("fastmcp_tasks_total", component="add", status="completed") == 3
    assert samples("fastmcp_task_wait_seconds_count") == 3
    assert samples("fastmcp_tasks_submitted_total") == 0
    assert samples("fastmcp_server_info", name="Shop") == 1


def test_the_place_of_a_workers_metrics_has_to_be_one(tmp_path: Path) -> None:
    """And free."""
    program = write_shop(tmp_path)
    url = {"FASTMCP_DOCKET_URL": f"sqlite:///{tmp_path}/tasks.db"}
    with worker(tmp_path / "1.log", program, "--metrics", str(port := free_port()), **url):
        taken = tasks_command("worker", "--metrics", f"127.0.0.1:{port}", program, **url)
    wrong = tasks_command("worker", "--metrics", "here", program, **url)

    assert (taken.returncode, wrong.returncode) == (1, 1)
    assert "in use" in taken.stderr
    assert "--metrics here: it must be a port, or HOST:PORT" in wrong.stderr


class Meter:
    """A provider, and what it was told."""

    def __init__(self) -> None:
        self.reader = InMemoryMetricReader()
        self.provider = MeterProvider([self.reader])

    def read(self) -> dict[str, list[tuple[dict[str, Any], Any]]]:
        """The attributes and the points of each metric."""
        data = self.reader.get_metrics_data()
        return {
            metric.name: [
                (dict(point.attributes or {}), point) for point in metric.data.data_points
            ]
            for resource in (data.resource_metrics if data else ())
            for scope in resource.scope_metrics
            for metric in scope.metrics
        }


def test_opentelemetry_is_told_of_tasks() -> None:
    """By the server's name, the component's, and how they ended."""
    meter, mcp = Meter(), shop_of()
    export(mcp._parts, meter.provider)
    with http(mcp) as server:
        session = server.open()
        submit(server, session, "add", a=1)
        submit(server, session, "fail")
        wait_until(lambda: len(meter.read().get("fastmcp.task.ended", ())) == 2)
        told = meter.read()
    meter.provider.shutdown()

    of_server = {"fastmcp.server.name": "Shop"}
    [(attributes, waits)] = told["fastmcp.task.wait"]
    assert (attributes, waits.count) == (of_server, 2)
    ended = {
        (each["fastmcp.component.name"], each["fastmcp.task.status"], point.value)
        for each, point in told["fastmcp.task.ended"]
    }
    assert ended == {("add", "completed", 1), ("fail", "failed", 1)}
    assert {each["fastmcp.component.name"] for each, _ in told["fastmcp.task.submitted"]} == {
        "add",
        "fail",
    }
    assert all(point.count == 1 for _, point in told["fastmcp.task.duration"])
    assert told["fastmcp.server.active_tasks"][0][1].value == 0


PROGRAM = """
    import atexit, json
    from opentelemetry import metrics
    from opentelemetry.sdk.metrics import MeterProvider
    from opentelemetry.sdk.metrics.export import InMemoryMetricReader

    reader = InMemoryMetricReader()
    metrics.set_meter_provider(MeterProvider([reader]))

    def tell():
        [resource] = reader.get_metrics_data().resource_metrics
        names = [metric.name for scope in resource.scope_metrics for metric in scope.metrics]
        print("told", json.dumps(names), flush=True)
"""


def test_a_worker_tells_opentelemetry_though_no_request_comes(tmp_path: Path, log: Path) -> None:
    """Of a program that has set up a provider."""
    program = write_shop(tmp_path)
    measured = tmp_path / "measured.py"
    source = program.read_text("utf-8").replace('print("closed", flush=True)', "tell()")
    prelude = "\n".join(line.removeprefix("    ") for line in PROGRAM.splitlines())
    measured.write_text(prelude + source, "utf-8")
    url = {"FASTMCP_DOCKET_URL": f"sqlite:///{tmp_path}/tasks.db"}

    with (
        shop(program, log, **url, **NO_WORKER) as server,
        worker(tmp_path / "1.log", measured, **url) as found,
    ):
        assert server.value(server.submit("add", a=1, b=1)) == 2
        assert found.stop() == 0

    [told] = [line for line in found.output.splitlines() if line.startswith("told ")]
    assert {"fastmcp.task.ended", "fastmcp.task.wait"} <= set(json.loads(told[5:]))


def test_tasks_of_a_template_are_counted_together() -> None:
    """Not by the URIs that clients ask for, of which there is no end."""
    mcp = FastMCP("Shop", tasks=True)

    @mcp.resource("stock://{item}")
    async def stock(item: str) -> str:
        return item

    with http(mcp, metrics=True) as server:
        session = server.open()
        for number in range(3):
            wish = request("resources/read", 1, uri=f"stock://{number}", task={})
            assert "task" in messages(server.post(wish, session))[-1]["result"]
        samples = scrape(server.base)

    assert samples("fastmcp_tasks_submitted_total", component="stock://{item}") == 3
