"""`/metrics`: sessions, streams, threads, exemplars, the program's own, and who may ask."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx2
import pytest
from apps import BOTH, Mcp, call, enveloped, http, modern_headers, request
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF, ALWAYS_ON, Sampler
from processes import http_server, run_python
from prometheus_client import REGISTRY, Counter
from settled import wait_until

from fastmcp import Client, FastMCP
from fastmcp._runtime.dispatch import Answer
from fastmcp._runtime.threads import WorkerThreads
from fastmcp.server.metrics.thread_waits import ThreadWaits
from fastmcp.server.observers import stand_around

from .scraping import scrape, scrape_openmetrics


@pytest.fixture
def mcp() -> FastMCP:
    server = FastMCP("exposed", version="1.2.3")

    @server.tool
    async def greet() -> str:
        return "hello"

    return server


def test_sessions_are_those_that_are_open(mcp: FastMCP) -> None:
    """Modern clients have none."""
    with http(mcp, metrics=True) as server:
        first, _ = server.open(), server.open()
        server.modern(call("greet"))
        assert scrape(server.base)("fastmcp_sessions") == 2
        server.client.delete(server.url, headers=first)

        assert scrape(server.base)("fastmcp_sessions") == 1


def test_clients_of_http_sse_have_sessions_and_streams(mcp: FastMCP) -> None:
    """Both end with the client."""

    async def main(base: str) -> tuple[float, float]:
        async with Client(f"{base}/sse", timeout=20) as client:
            await client.call_tool("greet")
            samples = await asyncio.to_thread(scrape, base)
            return samples("fastmcp_sessions"), samples("fastmcp_open_streams")

    with pytest.warns(DeprecationWarning):
        app = mcp.http_app(transport="sse", metrics=True)
    with http(app) as server:
        assert asyncio.run(main(server.base)) == (1, 1)
        wait_until(lambda: scrape(server.base)("fastmcp_open_streams") == 0)
        wait_until(lambda: scrape(server.base)("fastmcp_sessions") == 0)


def test_streams_are_those_that_clients_listen_to(mcp: FastMCP) -> None:
    """In a session by GET, and by `subscriptions/listen`, which is not counted as a request."""
    listen = request("subscriptions/listen", 9, notifications={"toolsListChanged": True})
    with http(mcp, metrics=True) as server:
        session = server.open()
        assert scrape(server.base)("fastmcp_open_streams") == 0
        with server.stream(headers=session), httpx2.Client() as other:
            wait_until(lambda: scrape(server.base)("fastmcp_open_streams") == 1)
            headers = {**modern_headers(listen), "accept": BOTH}
            with other.stream("POST", server.url, json=enveloped(listen), headers=headers):
                wait_until(lambda: scrape(server.base)("fastmcp_open_streams") == 2)
                assert scrape(server.base)("fastmcp_requests_in_flight") == 0
        wait_until(lambda: scrape(server.base)("fastmcp_open_streams") == 0)

        assert "subscriptions/listen" not in scrape(server.base).values("method")


THREADS = """
    import os, threading
    from fastmcp import FastMCP
    from fastmcp._runtime.threads import workers

    workers._limit = 2
    mcp = FastMCP("threads")
    go = threading.Event()

    @mcp.tool
    def wait() -> None:
        go.wait(20)

    @mcp.tool
    async def release() -> None:
        go.set()

    mcp.run_http(port=int(os.environ["PORT"]), metrics=True, stateless_http=True)
"""


def test_metrics_are_there_while_no_thread_is_free(script: Callable[..., Path], log: Path) -> None:
    """That is when somebody looks: at who is busy, who waits, and then for how long."""
    with (
        http_server([script(THREADS)], log) as process,
        ThreadPoolExecutor() as pool,
        Mcp(process.url.removesuffix("/mcp")) as server,
    ):
        calls = [pool.submit(server.modern, call("wait", id)) for id in range(4)]
        wait_until(lambda: scrape(server.base)("fastmcp_thread_queue_length") == 2)
        full = scrape(server.base)
        server.modern(call("release", 9))
        assert {each.result().status_code for each in calls} == {200}
        wait_until(lambda: scrape(server.base)("fastmcp_worker_threads", state="busy") == 0)
        free = scrape(server.base)

    assert full("fastmcp_worker_threads", state="busy") == 2
    assert full("fastmcp_worker_threads", state="idle") == 0
    assert full("fastmcp_worker_threads_limit") == 2
    assert full("fastmcp_thread_wait_seconds_count") == 2
    assert free("fastmcp_thread_wait_seconds_count") == 4
    assert free("fastmcp_worker_threads", state="idle") == 2
    assert free("fastmcp_thread_queue_length") == 0


def test_a_function_that_finds_no_free_thread_waits_in_the_queue() -> None:
    """For as long as the others take."""
    threads = WorkerThreads(limit=1)
    waits = ThreadWaits.watch(threads)
    assert ThreadWaits.watch(threads) is waits
    go, begun, done = threading.Event(), threading.Event(), threading.Event()

    def first() -> None:
        begun.set()
        go.wait(20)

    threads.submit(first)
    begun.wait(20)
    threads.submit(done.set)
    assert (threads.busy, threads.idle, threads.waiting, threads.limit) == (1, 0, 1, 1)
    go.set()
    assert done.wait(20)
    wait_until(lambda: threads.idle == 1)

    assert (threads.busy, threads.waiting, sum(waits.read().counts)) == (0, 0, 2)


@pytest.fixture
def own() -> Iterator[Counter]:
    counter = Counter("teapots", "Teapots that were sold", ["colour"])
    yield counter
    REGISTRY.unregister(counter)


def test_metrics_of_the_program_are_told_too(mcp: FastMCP, own: Counter) -> None:
    """What a tool counts with prometheus_client, and what that tells of the process."""

    @mcp.tool
    async def sell(colour: str) -> None:
        own.labels(colour).inc()

    with http(mcp, metrics=True) as server:
        server.post(call("sell", 1, colour="blue"), server.open())
        samples = scrape(server.base)

    assert samples("teapots_total", colour="blue") == 1
    assert samples("process_resident_memory_bytes") > 0
    assert samples("fastmcp_server_info", name="exposed", version="1.2.3") == 1


def traced(mcp: FastMCP, sampler: Sampler) -> list[Any]:
    """Have every request in a span; their contexts."""
    tracer = TracerProvider(sampler=sampler).get_tracer("test")
    contexts: list[Any] = []

    def observe(exchange: Any, serve: Any) -> Awaitable[Answer]:
        async def inside() -> Answer:
            with tracer.start_as_current_span(exchange.method) as span:
                contexts.append(span.get_span_context())
                return await serve(exchange)

        return inside()

    stand_around(mcp._parts.dispatcher, observe, outermost=True)
    return contexts


@pytest.mark.parametrize("first", ["spans", "metrics"])
def test_a_duration_names_the_trace_of_its_request(mcp: FastMCP, first: str) -> None:
    """As an exemplar, whichever of both was set up first."""
    contexts = traced(mcp, ALWAYS_ON) if first == "spans" else None
    app = mcp.http_app(metrics=True)
    contexts = traced(mcp, ALWAYS_ON) if contexts is None else contexts
    with http(app) as server:
        server.modern(call("greet"))
        buckets = scrape_openmetrics(server.base).of(
            "fastmcp_request_duration_seconds_bucket", component="greet"
        )

    [exemplar] = [sample.exemplar for sample in buckets if sample.exemplar]
    [context] = contexts
    assert exemplar.labels == {
        "trace_id": f"{context.trace_id:032x}",
        "span_id": f"{context.span_id:016x}",
    }
    assert 0 < exemplar.value < 20


def test_a_trace_that_nobody_records_is_not_named(mcp: FastMCP) -> None:
    """It cannot be found anywhere."""
    traced(mcp, ALWAYS_OFF)
    with http(mcp, metrics=True) as server:
        server.modern(call("greet"))
        samples = scrape_openmetrics(server.base)

    assert samples("fastmcp_requests_total", component="greet") == 1
    assert [sample for sample in samples.all if sample.exemplar] == []


def test_metrics_are_asked_for_and_nothing_else(mcp: FastMCP) -> None:
    """HEAD has no body, and what changes things is refused."""
    with http(mcp, metrics=True) as server:
        url = f"{server.base}/metrics"
        head, post = server.client.head(url), server.client.post(url)

    assert (head.status_code, head.content) == (200, b"")
    assert int(head.headers["content-length"]) > 0
    assert (post.status_code, post.headers["allow"]) == (405, "GET, HEAD")


def test_pages_of_other_origins_cannot_read_them(mcp: FastMCP) -> None:
    """What guards the endpoint guards them."""
    with http(mcp, metrics=True, host_origin_protection=True) as server:
        answer = server.client.get(
            f"{server.base}/metrics", headers={"origin": "https://elsewhere.example"}
        )

    assert answer.status_code == 403


def test_without_prometheus_client_it_is_said_what_to_install() -> None:
    """Rather than at the first scrape."""
    run = run_python(
        "-c",
        "import sys; sys.modules['prometheus_client'] = None\n"
        "from fastmcp import FastMCP\n"
        "FastMCP('x').http_app(metrics=True)",
    )

    assert run.returncode == 1
    assert "ConfigurationError: metrics=True needs prometheus_client" in run.stderr
    assert "pip install 'peregrine-mcp[prometheus]'" in run.stderr


def test_a_server_that_is_not_measured_loads_nothing_of_it() -> None:
    """Neither the package nor this."""
    run = run_python(
        "-c",
        "import sys\nfrom fastmcp import FastMCP\nFastMCP('x').http_app()\n"
        "print([m for m in sys.modules if 'prometheus' in m or 'server.metrics' in m])",
    )

    assert run.stdout == "[]\n", run.stderr
