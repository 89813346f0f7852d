"""Scaling: several workers that are one server."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from apps import call, http
from cluster.workers import workers
from redis_server import RedisServer, redis_server

from fastmcp import Client, Context, FastMCP
from fastmcp.exceptions import UnexpectedResponse


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[RedisServer]:
    with redis_server(tmp_path) as server:
        yield server


@pytest.fixture
def redis_url(redis: RedisServer) -> str:
    return redis.url


async def count_to(number: int, url: str) -> list[int]:
    async with Client(url, mode="legacy") as client:
        return [(await client.call_tool("count")).data for _ in range(number)]


async def test_workers_share_sessions(redis_url: str) -> None:
    """Any of them serves any session."""

    def make() -> FastMCP:
        # snippet: store
        from fastmcp import Context, FastMCP

        mcp = FastMCP("Counter", session_store="redis://localhost:6379/0")

        @mcp.tool
        async def count(ctx: Context) -> int:
            """How often this session has called."""
            times = (await ctx.get_state("times") or 0) + 1
            await ctx.set_state("times", times)
            return times

        # end
        assert mcp._parts.cluster is not None
        served = FastMCP("Counter", session_store=redis_url)
        served.add_tool(count)
        return served

    with workers(make) as two:
        assert await count_to(4, two.url) == [1, 2, 3, 4]


async def test_without_a_store_a_session_is_that_of_one_worker() -> None:
    """Other servers than `run_http` know nothing of it: the other worker answers 404."""
    with workers(lambda: FastMCP("Counter")) as two:
        session = two[0].open()
        assert two[1].post(call("count"), session).status_code == 404


async def test_while_the_store_is_away_whoever_names_a_session_is_refused(
    redis: RedisServer,
) -> None:
    """Our client does; a modern one of others, that does not, is served."""
    mcp = FastMCP("Weather", session_store=redis.url)
    mcp.tool(lambda: 21.5, name="temperature")

    with http(mcp) as others:
        session = others.open()
        redis.process.kill()
        redis.process.wait()

        assert others.modern(call("temperature")).status_code == 200
        assert others.post(call("temperature"), session).status_code == 503
        with pytest.raises(UnexpectedResponse, match="503"):
            async with Client(others.url, timeout=20) as ours:
                await ours.call_tool("temperature")


async def test_what_is_kept_can_be_encrypted(redis_url: str) -> None:
    """With a key, nothing in the store can be read."""
    # snippet: encrypted
    import os

    from fastmcp.server.backplane import EncryptedBackplane, RedisBackplane

    store = RedisBackplane("redis://localhost:6379/0", prefix="counter")
    key = os.environ.get("STORE_KEY", "a long text that nobody guesses, from your vault")
    mcp = FastMCP("Counter", session_store=EncryptedBackplane(store, key))

    # end
    assert mcp._parts.cluster is not None

    def make() -> FastMCP:
        hidden = EncryptedBackplane(RedisBackplane(redis_url, prefix="counter"), key)
        served = FastMCP("Counter", session_store=hidden)

        @served.tool
        async def count(ctx: Context) -> int:
            return 1

        return served

    with workers(make) as two:
        assert await count_to(2, two.url) == [1, 1]


async def test_one_file_is_enough_for_one_host(tmp_path: Path) -> None:
    """SQLite in the place of Redis."""
    path = tmp_path / "sessions.db"
    # snippet: file
    mcp = FastMCP("Counter", session_store="sqlite:///sessions.db")
    # end
    assert mcp._parts.cluster is not None

    def make() -> FastMCP:
        served = FastMCP("Counter", session_store=f"sqlite:///{path}")

        @served.tool
        async def count(ctx: Context) -> int:
            return 1

        return served

    with workers(make) as two:
        assert await count_to(2, two.url) == [1, 1]


async def test_a_tool_says_whether_it_may_run_again() -> None:
    """Its annotations decide what becomes of a call whose worker is gone."""
    mcp = FastMCP("Orders")

    # snippet: again
    @mcp.tool(annotations={"readOnlyHint": True})
    def find(order: int) -> str:
        return f"order {order}: shipped"

    @mcp.tool(annotations={"idempotentHint": True})
    def cancel(order: int) -> str:
        return f"order {order} is cancelled"

    # end
    async with Client(mcp) as client:
        assert (await client.call_tool("cancel", {"order": 1})).data == "order 1 is cancelled"
