"""What is counted of requests: by method, component and outcome, with durations and errors."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import httpx2
import pytest
from apps import Mcp, call, http, notification, request
from conversation import conversation
from settled import wait_until

from fastmcp import Client, Context, FastMCP
from fastmcp.exceptions import McpError
from fastmcp.server.metrics.record import Record, decode_record
from fastmcp.server.metrics.recorder import MOST_CODES, MOST_COMPONENTS, Recorder
from fastmcp.server.middleware import Middleware, MiddlewareContext
from fastmcp.server.observers import stand_around
from fastmcp.tools import ToolResult

from .scraping import Samples, scrape


def shop() -> FastMCP:
    """A server with something of every kind."""
    mcp = FastMCP("shop")

    @mcp.tool
    async def price(item: str) -> float:
        return {"tea": 4.5}[item]

    @mcp.tool
    async def verdict() -> dict[str, Any]:
        return {"isError": True, "resultType": "input_required"}

    @mcp.tool
    async def refuse(code: int) -> None:
        raise McpError(code=code, message="no")

    @mcp.tool
    async def ask(ctx: Context) -> str:
        return (await ctx.elicit("Which one?", str)).action

    @mcp.resource("stock://{item}")
    async def stock(item: str) -> str:
        return f"{item}: 3"

    @mcp.prompt
    async def offer(item: str) -> str:
        return f"Sell {item}"

    return mcp


def read(mcp: FastMCP) -> Record:
    """What a server recorded."""
    recorder = Recorder.of(mcp._parts)
    assert recorder is not None
    return decode_record(recorder.encoded())


async def use(target: Any) -> None:
    async with Client(target, timeout=20) as client:
        await client.call_tool("price", {"item": "tea"})
        await client.call_tool("price", {"item": "gold"}, raise_on_error=False)
        await client.read_resource("stock://tea")
        await client.read_resource("stock://coffee")
        await client.get_prompt("offer", {"item": "tea"})
        await client.list_tools()


EXPECTED = {
    ("tools/call", "price", "ok"): 1,
    ("tools/call", "price", "tool_error"): 1,
    ("resources/read", "stock://{item}", "ok"): 2,
    ("prompts/get", "offer", "ok"): 1,
    ("tools/list", "", "ok"): 1,
}


def test_requests_are_counted_by_method_component_and_outcome_over_http() -> None:
    """A resource of a template is counted as the template."""
    with http(shop(), metrics=True) as server:
        asyncio.run(use(server.url))
        samples = scrape(server.base)

    for (method, component, outcome), number in EXPECTED.items():
        labels = {"method": method, "component": component, "outcome": outcome}
        assert samples("fastmcp_requests_total", **labels) == number
    count = "fastmcp_request_duration_seconds_count"
    assert samples(count, method="tools/call", component="price") == 2
    assert samples("fastmcp_request_errors_total", method="tools/call", code="tool_error") == 1
    assert samples("fastmcp_server_info", name="shop") == 1


def test_requests_of_a_client_in_this_process_are_counted_alike() -> None:
    """Whatever the transport is."""
    mcp = shop()
    Recorder.around(mcp._parts)

    asyncio.run(use(mcp))

    assert EXPECTED.items() <= read(mcp).requests.items()


def test_rest_requests_are_counted_as_what_they_stand_for() -> None:
    """They are requests of the protocol behind the door."""
    with http(shop(), metrics=True, rest=True) as server:
        server.client.post(f"{server.base}/tools/price", json={"item": "tea"})

        assert scrape(server.base)("fastmcp_requests_total", component="price", outcome="ok") == 1


def test_what_clients_make_up_is_no_label() -> None:
    """Tools, resources, prompts and methods that are not there share one series for each method."""
    secret = "of-a-user"
    with http(shop(), metrics=True) as server:
        session = server.open()
        for id, message in enumerate(
            [
                call(secret, 1),
                request("resources/read", 1, uri=f"none://{secret}"),
                request("prompts/get", 1, name=secret),
                request(f"tools/{secret}", 1),
                request("tools/call", 1, name=[secret], arguments={}),
            ]
        ):
            server.post({**message, "id": id}, session)
        samples = scrape(server.base)

    assert not {value for s in samples.all for value in s.labels.values() if secret in value}
    assert samples("fastmcp_requests_total", component="", outcome="error") == 5
    assert samples("fastmcp_requests_total", method="", component="", outcome="error") == 1


def test_what_middleware_answers_is_counted_for_the_component_that_was_asked() -> None:
    """Though its function never ran; what it answers for a component that is not there is not."""

    class Cache(Middleware):
        async def on_call_tool(self, context: MiddlewareContext[Any], call_next: Any) -> Any:
            return ToolResult(content="kept")

    mcp = shop()
    mcp.add_middleware(Cache())
    with http(mcp, metrics=True) as server:
        session = server.open()
        server.post(call("price", 1, item="tea"), session)
        server.post(call("none", 2), session)
        samples = scrape(server.base)

    assert samples("fastmcp_requests_total", component="price", outcome="ok") == 1
    assert samples("fastmcp_requests_total", method="tools/call", component="") == 1


@pytest.mark.parametrize("send", [Mcp.post, Mcp.modern], ids=["legacy", "modern"])
def test_data_that_looks_like_an_outcome_is_none(send: Any) -> None:
    """A tool may return a mapping with such members."""
    with http(shop(), metrics=True, stateless_http=True) as server:
        assert send(server, call("verdict")).status_code == 200

        samples = scrape(server.base)
    assert samples("fastmcp_requests_total", component="verdict", outcome="ok") == 1
    assert samples("fastmcp_requests_total", component="verdict") == 1


def test_errors_are_counted_by_their_code() -> None:
    """Those of the protocol, and those that functions choose."""
    with http(shop(), metrics=True) as server:
        session = server.open()
        server.post(call("refuse", 1, code=-32050), session)
        server.post(call("refuse", 2, code=-32050), session)
        server.post(request("tools/nothing", 3), session)
        samples = scrape(server.base)

    errors = "fastmcp_request_errors_total"
    assert samples(errors, method="tools/call", code="-32050") == 2
    assert samples(errors, method="", code="-32601") == 1
    assert samples("fastmcp_requests_total", component="refuse", outcome="error") == 2


def test_a_question_to_the_client_is_an_outcome_of_its_own() -> None:
    """In the modern protocol the call is sent again with the answer."""

    async def answer(message: str, *rest: Any) -> str:
        return "tea"

    async def main(url: str) -> None:
        async with Client(url, elicitation_handler=answer, timeout=20) as client:
            await client.call_tool("ask")

    with http(shop(), metrics=True) as server:
        asyncio.run(main(server.url))
        samples = scrape(server.base)

    requests = "fastmcp_requests_total"
    assert samples(requests, component="ask", outcome="input_required") == 1
    assert samples(requests, component="ask", outcome="ok") == 1
    assert samples.of("fastmcp_request_errors_total") == []


def test_a_cancelled_request_is_in_flight_until_then() -> None:
    """And counted as cancelled, which is no error."""
    mcp = FastMCP("slow")
    Recorder.around(mcp._parts)

    async def main() -> None:
        begun = asyncio.Event()

        @mcp.tool
        async def wait() -> None:
            begun.set()
            await asyncio.Event().wait()

        async with conversation(mcp) as talk:
            talk.send(call("wait", 7))
            await begun.wait()
            assert read(mcp).now.in_flight == 1
            talk.send(notification("notifications/cancelled", requestId=7))
            await talk.ask(request("ping", 8))

    asyncio.run(main())

    assert read(mcp).requests["tools/call", "wait", "cancelled"] == 1
    assert (read(mcp).now.in_flight, read(mcp).errors) == (0, {})


def test_what_is_being_served_can_be_seen_meanwhile() -> None:
    """Requests in flight, over HTTP."""
    mcp = FastMCP("slow")
    go = threading.Event()

    @mcp.tool
    def wait() -> None:
        go.wait(20)

    with http(mcp, metrics=True) as server:
        session = server.open()
        calling = threading.Thread(target=server.post, args=(call("wait"), session))
        calling.start()
        wait_until(lambda: scrape(server.base)("fastmcp_requests_in_flight") == 1)
        go.set()
        calling.join()

        assert scrape(server.base)("fastmcp_requests_in_flight") == 0


def test_durations_fall_into_their_buckets() -> None:
    """By the clock, and each bucket has those below it, too."""
    now = 0.0
    mcp = FastMCP("timed")

    @mcp.tool
    async def take(seconds: float) -> None:
        nonlocal now
        now += seconds

    stand_around(mcp._parts.dispatcher, Recorder(mcp._parts, clock=lambda: now))

    with http(mcp, metrics=True) as server:
        session = server.open()
        for id, seconds in enumerate((0.5, 0.7, 400)):
            server.post(call("take", id, seconds=seconds), session)
        samples = scrape(server.base)

    name = "fastmcp_request_duration_seconds"
    below = {le: samples(f"{name}_bucket", component="take", le=le) for le in ("0.2", "0.5", "1.0")}
    assert below == {"0.2": 0, "0.5": 1, "1.0": 2}
    assert samples(f"{name}_bucket", component="take", le="300.0") == 2
    assert samples(f"{name}_bucket", component="take", le="+Inf") == 3
    assert samples(f"{name}_sum", component="take") == pytest.approx(401.2)


def test_components_and_codes_beyond_a_number_are_counted_together() -> None:
    """Prometheus keeps every series; a server may have any number of components."""

    async def nothing() -> None:
        pass

    mcp = shop()
    Recorder.around(mcp._parts)
    for number in range(MOST_COMPONENTS + 5):
        mcp.tool(nothing, name=f"t{number}")

    async def main() -> None:
        async with conversation(mcp) as talk:
            for id in range(MOST_COMPONENTS + 5):
                await talk.ask(call(f"t{id}", id))
            for id in range(MOST_CODES + 5):
                await talk.ask(call("refuse", id, code=id + 1))

    asyncio.run(main())

    record = read(mcp)
    calls = {key: n for key, n in record.requests.items() if key[0] == "tools/call"}
    assert len({component for _, component, _ in calls}) <= MOST_COMPONENTS + 1
    assert sum(calls.values()) == MOST_COMPONENTS + MOST_CODES + 10
    assert record.errors["tools/call", "other"] == 5
    assert len(record.errors) == MOST_CODES + 1


def test_a_server_that_is_served_again_goes_on_counting() -> None:
    """In another event loop; Prometheus would take less for a restart."""
    mcp = shop()
    for times in (1, 2):
        with http(mcp, metrics=True) as server:
            server.post(call("price", 1, item="tea"), server.open())
            assert scrape(server.base)("fastmcp_requests_total", component="price") == times


def test_a_server_that_is_not_measured_counts_nothing() -> None:
    """And no `/metrics`."""
    mcp = shop()
    with http(mcp) as server:
        assert httpx2.get(f"{server.base}/metrics").status_code == 404

    assert Recorder.of(mcp._parts) is None


def test_several_applications_of_a_server_count_once() -> None:
    """Both tell the same."""
    mcp = shop()
    with http(mcp, metrics=True) as one, http(mcp, metrics=True) as other:
        one.post(call("price", 1, item="tea"), one.open())
        counted: list[Samples] = [scrape(one.base), scrape(other.base)]

    assert [each("fastmcp_requests_total", component="price") for each in counted] == [1, 1]
