"""Area F: rate limits, row by row, and under ten thousand requests at once."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from limited import limited, outcome, outcomes, storm
from processes import SECONDS, environment
from reaching import Reach, used
from redis_server import redis_server

from fastmcp import Client, FastMCP
from fastmcp.exceptions import McpError
from fastmcp.server.middleware.error_handling import ErrorHandlingMiddleware
from fastmcp.server.middleware.rate_limiting import (
    RateLimitError,
    RateLimitingMiddleware,
    SlidingWindowRateLimitingMiddleware,
)

CALLS = ["tools/call"]
MANY = 10_000


@pytest.mark.parametrize(
    "middleware",
    [
        lambda: SlidingWindowRateLimitingMiddleware(5, methods=CALLS),
        lambda: RateLimitingMiddleware(0.01, burst_capacity=5, methods=CALLS),
    ],
)
def test_s097_the_sixth_call_is_refused(reach: Reach, mode: str, middleware: Any) -> None:
    """Five are allowed; the error is clear, and says when to come again."""

    async def use(client: Client) -> None:
        assert await outcomes(client, *["echo"] * 5) == ["hello"] * 5
        error = await outcome(client, "echo")
        assert error.code == -32000
        assert error.message.startswith("Rate limit exceeded")
        assert error.data["retry_after"] > 50
        assert len(await client.list_tools()) == 2

    used(reach(limited(middleware())), use, mode=mode)


def test_s097_the_examples_of_fastmcp_run(reach: Reach) -> None:
    """The token bucket and the sliding window of its documentation, with who is limited."""
    from fastmcp.server.middleware.rate_limiting import (
        RateLimitingMiddleware,
        SlidingWindowRateLimitingMiddleware,
    )

    mcp = FastMCP("MyServer")
    mcp.add_middleware(RateLimitingMiddleware(max_requests_per_second=10.0, burst_capacity=20))
    mcp.add_middleware(SlidingWindowRateLimitingMiddleware(max_requests=100, window_minutes=1))

    @mcp.tool
    def add(a: int, b: int) -> int:
        return a + b

    async def use(client: Client) -> list[Any]:
        calls = [outcome(client, "add", {"a": 1, "b": 2}) for _ in range(60)]
        return await asyncio.gather(*calls)

    found = used(reach(mcp), use)

    admitted = found.count(3)
    assert 15 <= admitted <= 59
    assert all(each == 3 or each.code == -32000 for each in found)


def test_s097_other_middleware_sees_the_refusal() -> None:
    """As an exception of the class that FastMCP has for it, where it is further out."""
    seen: list[Exception] = []
    mcp = limited(
        ErrorHandlingMiddleware(error_callback=lambda error, context: seen.append(error)),
        SlidingWindowRateLimitingMiddleware(1, methods=CALLS),
    )

    async def use(client: Client) -> Any:
        await outcome(client, "echo")
        return await outcome(client, "echo")

    assert isinstance(used(mcp, use), McpError)
    [error] = seen
    assert isinstance(error, RateLimitError)
    assert error.retry_after is not None


@pytest.mark.parametrize(
    "middleware",
    [
        lambda: SlidingWindowRateLimitingMiddleware(4000, 60, methods=CALLS),
        lambda: RateLimitingMiddleware(0.001, 4000, methods=CALLS),
    ],
)
def test_ten_thousand_requests_at_once_get_what_is_allowed(middleware: Any) -> None:
    """Not one more, and not one less."""
    admitted, errors = asyncio.run(storm(limited(middleware()), MANY))

    assert admitted == 4000
    assert {error.code for error in errors} == {-32000}


PROGRAM = """
    import asyncio, json, sys, time
    import redis
    from limited import limited, storm
    from fastmcp.server.middleware.rate_limiting import (
        RateLimitingMiddleware, SlidingWindowRateLimitingMiddleware
    )

    url, number = sys.argv[1], int(sys.argv[2])
    calls = ["tools/call"]
    servers = [
        limited(SlidingWindowRateLimitingMiddleware(4000, 60, methods=calls, store=url)),
        limited(RateLimitingMiddleware(1, 1000, methods=calls, store=url)),
    ]
    found = []
    with redis.Redis.from_url(url) as barrier:
        for index, mcp in enumerate(servers):
            barrier.incr(f"ready{index}")
            while int(barrier.get(f"ready{index}")) < 2:
                time.sleep(0.005)
            began = time.time()
            admitted, errors = asyncio.run(storm(mcp, number // (1 + index)))
            found.append([admitted, sorted({e.code for e in errors}), began, time.time()])
    print(json.dumps(found))
"""


def test_two_processes_get_together_what_is_allowed(
    tmp_path: Path, script: Callable[..., Path]
) -> None:
    """Ten thousand requests at once, half of them in each: the limit is met, and never passed."""
    program = script(PROGRAM)
    path = str(Path(__file__).parents[1])
    with redis_server(tmp_path) as server:
        command = [sys.executable, "-W", "error", str(program), server.url, str(MANY // 2)]
        running = [
            subprocess.Popen(
                command, stdout=subprocess.PIPE, env=environment({"PYTHONPATH": path}), text=True
            )
            for _ in range(2)
        ]
        outputs = [process.communicate(timeout=2 * SECONDS)[0] for process in running]

    windows, buckets = zip(*(json.loads(output) for output in outputs), strict=True)
    assert sum(admitted for admitted, *_ in windows) == 4000
    took = max(each[3] for each in buckets) - min(each[2] for each in buckets)
    assert 1000 <= sum(admitted for admitted, *_ in buckets) <= 1000 + took + 1
    assert all(codes == [-32000] for _, codes, *_ in (*windows, *buckets))
