"""Limiting: how much, how often, how long."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest
from apps import http, initialize, served
from redis_server import redis_server

from fastmcp import Client, FastMCP
from fastmcp.exceptions import McpError, ToolError
from fastmcp.server.middleware.rate_limiting import RateLimitingMiddleware


@pytest.fixture(params=["memory", "http"])
def over(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def redis_url(tmp_path: Path) -> Iterator[str]:
    with redis_server(tmp_path) as server:
        yield server.url


async def used(over: str, mcp: FastMCP, use: Callable[[Client], Awaitable[None]]) -> None:
    """Use a server in memory, or over HTTP."""
    if over == "memory":
        async with Client(mcp) as client:
            await use(client)
        return
    with served(mcp.http_app()) as base:
        async with Client(f"{base}/mcp") as client:
            await use(client)


async def test_requests_are_so_many_in_a_time(over: str) -> None:
    """A bucket for bursts, a window for exactness."""
    # snippet: rates
    from fastmcp import FastMCP
    from fastmcp.server.middleware.rate_limiting import (
        RateLimitingMiddleware,
        SlidingWindowRateLimitingMiddleware,
    )

    mcp = FastMCP("Translator")
    mcp.add_middleware(RateLimitingMiddleware(max_requests_per_second=20, burst_capacity=50))
    mcp.add_middleware(
        SlidingWindowRateLimitingMiddleware(
            3, window_minutes=60, per="client", methods=["tools/call"]
        )
    )

    @mcp.tool
    def translate(text: str) -> str:
        return text[::-1]

    # end
    # snippet: refused
    from fastmcp import Client
    from fastmcp.exceptions import McpError

    async with Client(mcp) as client:
        try:
            for _ in range(4):
                await client.call_tool("translate", {"text": "abc"})
        except McpError as error:
            assert error.code == -32000
            assert error.data["retry_after"] > 3000
    # end

    async def use(client: Client) -> None:
        for _ in range(3):
            await client.call_tool("translate", {"text": "abc"})
        with pytest.raises(McpError, match="3 requests per 60 minutes for this client"):
            await client.call_tool("translate", {"text": "abc"})

    await used(over, mcp, use)


async def test_a_function_says_whose_limit_it_is(over: str) -> None:
    """Whatever it can tell from the context."""

    # snippet: plan
    def plan(context) -> str:
        claims = context.fastmcp_context.user_info
        return claims.get("organization", "nobody")

    mcp = FastMCP("Plans", middleware=[RateLimitingMiddleware(0.01, 2, per=plan, tools=["ask"])])

    # end
    @mcp.tool
    def ask() -> str:
        return "answer"

    async def use(client: Client) -> None:
        await client.call_tool("ask")
        await client.call_tool("ask")
        with pytest.raises(McpError, match="client: nobody"):
            await client.call_tool("ask")

    await used(over, mcp, use)


async def test_processes_share_a_limit(over: str, redis_url: str) -> None:
    """In Redis."""
    # snippet: shared
    limit = RateLimitingMiddleware(
        max_requests_per_second=100,
        per="principal",
        store="redis://localhost:6379/0",
        on_store_failure="refuse",
    )
    # end
    assert limit.burst_capacity == 200

    def make() -> FastMCP:
        shared = RateLimitingMiddleware(0.01, 2, store=redis_url, methods=["tools/call"])
        mcp = FastMCP("Shared", middleware=[shared])
        mcp.tool(lambda: 1, name="one")
        return mcp

    async def use(client: Client) -> None:
        await client.call_tool("one")

    await used(over, make(), use)
    await used(over, make(), use)
    with pytest.raises(ToolError, match="Rate limit exceeded"):
        await used(over, make(), use)


async def test_functions_run_so_many_at_a_time(over: str) -> None:
    """The others wait, for a while."""
    # snippet: concurrency
    from fastmcp.server.middleware.concurrency import ConcurrencyLimitMiddleware

    mcp = FastMCP("Renderer")
    mcp.add_middleware(
        ConcurrencyLimitMiddleware(50, tools={"render": 2}, max_queue=10, max_wait=5)
    )
    # end
    running: list[int] = [0, 0]

    @mcp.tool
    async def render() -> str:
        running[0] += 1
        running[1] = max(running)
        await asyncio.sleep(0.01)
        running[0] -= 1
        return "done"

    async def use(client: Client) -> None:
        await asyncio.gather(*(client.call_tool("render") for _ in range(8)))

    await used(over, mcp, use)
    assert running == [0, 2]


async def test_requests_take_so_long(over: str) -> None:
    """And some tools longer, or for ever."""
    # snippet: timeouts
    from fastmcp.server.middleware.timeouts import TimeoutMiddleware

    mcp = FastMCP("Reports")
    mcp.add_middleware(
        TimeoutMiddleware(10, methods={"tools/call": 60}, tools={"report": 600, "watch": None})
    )
    # end
    mcp.add_middleware(TimeoutMiddleware(0.05))

    @mcp.tool
    async def report() -> None:
        await asyncio.sleep(3600)

    async def use(client: Client) -> None:
        with pytest.raises(McpError, match="The tool 'report' took longer"):
            await client.call_tool("report")

    await used(over, mcp, use)


async def test_a_failing_tool_is_left_alone(over: str) -> None:
    """For a while, and then it is tried."""
    # snippet: breaker
    from fastmcp.server.middleware.circuit_breaker import CircuitBreakerMiddleware

    breaker = CircuitBreakerMiddleware(
        failure_threshold=3, recovery_timeout=30, failures=(OSError, TimeoutError)
    )
    mcp = FastMCP("Weather", middleware=[breaker])

    @mcp.tool
    def forecast(city: str) -> str:
        raise ConnectionError("the service is down")

    # end
    async def use(client: Client) -> None:
        for _ in range(3):
            await client.call_tool("forecast", {"city": "Bern"}, raise_on_error=False)
        assert breaker.state("forecast") == "open"
        with pytest.raises(McpError, match="failed 3 times in a row") as caught:
            await client.call_tool("forecast", {"city": "Bern"})
        assert 0 < caught.value.data["retry_after"] <= 30

    await used(over, mcp, use)


async def test_a_call_with_a_key_is_done_once(over: str) -> None:
    """However often it comes."""
    # snippet: idempotency
    from fastmcp.server.middleware.idempotency import IdempotencyMiddleware

    mcp = FastMCP("Bank", middleware=[IdempotencyMiddleware(ttl=3600)])
    transfers: list[int] = []

    @mcp.tool
    def transfer(amount: int) -> str:
        transfers.append(amount)
        return f"transfer {len(transfers)}"

    # end
    # snippet: key
    import uuid

    from fastmcp import Client

    key = {"idempotencyKey": str(uuid.uuid4())}
    async with Client(mcp) as client:
        first = await client.call_tool("transfer", {"amount": 5}, meta=key)
    async with Client(mcp) as client:
        again = await client.call_tool("transfer", {"amount": 5}, meta=key)
    assert first.data == again.data == "transfer 1"
    # end

    async def use(client: Client) -> None:
        again = await client.call_tool("transfer", {"amount": 5}, meta=key)
        assert again.data == "transfer 1"

    await used(over, mcp, use)
    assert transfers == [5]


async def test_limits_have_one_place(over: str) -> None:
    """With defaults, and with what is different for some tools."""
    # snippet: limits
    from fastmcp import FastMCP
    from fastmcp.server.limits import Limits, ToolLimits

    limits = Limits(
        tool_timeout=60,
        max_concurrent=200,
        max_result_size=1_000_000,
        tools={"export": ToolLimits(timeout=600, max_concurrent=2, max_result_size=None)},
    )
    mcp = FastMCP("Limited", limits=limits)
    # end

    @mcp.tool
    def dump(size: int) -> str:
        return "x" * size

    @mcp.tool
    def export(size: int) -> str:
        return "x" * size

    async def use(client: Client) -> None:
        assert len((await client.call_tool("export", {"size": 1_000_001})).data) == 1_000_001
        with pytest.raises(ToolError, match="Ask for less of it"):
            await client.call_tool("dump", {"size": 1_000_001})

    await used(over, mcp, use)


def test_the_limits_of_http_are_those_of_the_server() -> None:
    """Unless a keyword says something else."""
    from fastmcp.server.limits import Limits

    mcp = FastMCP("x", limits=Limits(max_sessions=1))

    for options, refused in (({}, [200, 503]), ({"max_sessions": 2}, [200, 200])):
        with http(mcp, **options) as client:
            assert [client.post(initialize()).status_code for _ in "12"] == refused
