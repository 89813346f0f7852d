"""Scaling: several workers that are one server."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from cluster.workers import workers
from redis_server import redis_server

from fastmcp import Client, Context, FastMCP


@pytest.fixture
def redis_url(tmp_path: Path) -> Iterator[str]:
    with redis_server(tmp_path) as server:
        yield server.url


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
        assert mcp.cluster is not None
        served = FastMCP("Counter", session_store=redis_url)
        served.add_tool(count)
        return served

    with workers(make) as two:
        assert await count_to(4, two.url) == [1, 2, 3, 4]


async def test_what_is_kept_can_be_encrypted(redis_url: str) -> None:
    """With a key, nothing in the store can be read."""
    # snippet: encrypted
    import os

    from fastmcp.server.backplane import EncryptedBackplane, RedisBackplane

    store = RedisBackplane("redis://localhost:6379/0", prefix="counter")
    key = os.environ.get("STORE_KEY", "a long text that nobody guesses, from your vault")
    mcp = FastMCP("Counter", session_store=EncryptedBackplane(store, key))

    # end
    assert mcp.cluster is not None

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
    assert mcp.cluster is not None

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
