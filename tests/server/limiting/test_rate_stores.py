"""Rate limits that several processes share, in a server of the Redis protocol."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path
from typing import Any

import pytest
import redis as redis_py
from callers import client_of, knows_callers
from cluster.workers import workers
from limited import Clock, limited, outcome, outcomes
from processes import free_port
from reaching import used
from redis_server import RedisServer, redis_server
from settled import wait_until

from fastmcp import Client
from fastmcp.exceptions import McpError, StoreUnavailable
from fastmcp.server.middleware.rate_limiting import (
    RateLimitingMiddleware,
    SlidingWindowRateLimitingMiddleware,
)
from fastmcp.server.middleware.rate_stores import Bucket, RedisRateStore, Window

CALLS = ["tools/call"]


def bucket(store: Any, **options: Any) -> RateLimitingMiddleware:
    return RateLimitingMiddleware(0.01, 3, store=store, **{"methods": CALLS, **options})


def window(store: Any, **options: Any) -> SlidingWindowRateLimitingMiddleware:
    return SlidingWindowRateLimitingMiddleware(3, 10, store=store, **{"methods": CALLS, **options})


@pytest.mark.parametrize("make", [bucket, window])
def test_servers_that_share_a_store_share_the_limit(redis: RedisServer, make: Any) -> None:
    """Whichever of them a request reaches."""

    async def use(client: Client) -> list[Any]:
        return await outcomes(client, "echo", "echo", "echo", "echo", "echo")

    with workers(lambda: limited(make(redis.url)), stateless_http=True) as two:
        found = used(two.url, use)

    assert found[:3] == ["hello"] * 3
    assert all(1 < each["retry_after"] <= 600 for each in found[3:])


@pytest.mark.parametrize("make", [bucket, window])
def test_a_limit_outlives_the_server(redis: RedisServer, make: Any) -> None:
    """A program that starts again finds what was counted."""

    async def use(client: Client) -> list[Any]:
        return await outcomes(client, "echo", "echo")

    assert used(limited(make(redis.url)), use) == ["hello", "hello"]
    assert isinstance(used(limited(make(redis.url)), use)[1], dict)


def test_each_caller_has_its_own_bucket_in_the_store(redis: RedisServer) -> None:
    """And none of their names can be read there."""

    def make() -> Any:
        return limited(bucket(redis.url, per="principal"))

    async def calls_as(url: str, user: str) -> list[Any]:
        async with client_of(url, user) as client:
            return await outcomes(client, *["echo"] * 4)

    with workers(make, stateless_http=True, middleware=knows_callers()) as two:
        base = two.url.removesuffix("/mcp")
        for user in ("alpha", "beta"):
            found = asyncio.run(calls_as(base, user))
            assert found[:3] == ["hello"] * 3
            assert found[3]["retry_after"] > 1

    with redis_py.Redis.from_url(redis.url) as client:
        names = client.keys("*")
        assert len(names) == 2
        assert all(client.pttl(name) > 0 for name in names)
        assert not any(b"alpha" in name or b"beta" in name for name in names)


def test_other_limits_in_the_same_store_are_other_limits(redis: RedisServer) -> None:
    """By what they are, and by the prefix of their server."""
    stores = [redis.url, RedisRateStore(redis.url, prefix="another")]
    makers = [bucket, window, lambda store: bucket(store, tools=["echo"])]

    async def use(client: Client) -> Any:
        return await outcome(client, "echo")

    for store in stores:
        for make in makers:
            mcp = limited(make(store))
            assert [used(mcp, use) for _ in range(3)] == ["hello"] * 3
            assert isinstance(used(mcp, use), McpError)


def test_a_client_of_redis_is_a_store(redis: RedisServer) -> None:
    """Sync or async; its settings are used."""
    clients: list[Any] = [
        redis_py.Redis.from_url(redis.url, db=1),
        redis_py.asyncio.Redis.from_url(redis.url, db=2),
    ]

    async def use(client: Client) -> list[Any]:
        return await outcomes(client, *["echo"] * 4)

    for client in clients:
        assert used(limited(bucket(client)), use)[:3] == ["hello"] * 3
    with redis_py.Redis.from_url(redis.url) as client:
        assert set(client.info("keyspace")) == {"db1", "db2"}


def test_time_passes_by_the_clock_of_the_store(redis: RedisServer) -> None:
    """What has to wait is admitted after as long as it was told, and not before."""

    async def main() -> None:
        store = RedisRateStore(redis.url)
        for rate in (Bucket(1, 1), Window(1, 1)):
            assert await store.take("k", rate) == 0
            wait = await store.take("k", rate)
            assert 0 < wait <= 1
            await asyncio.sleep(wait + 0.001)
            assert await store.take("k", rate) == 0
            assert await store.take("k", rate) > 0

    asyncio.run(main())


def test_scripts_that_the_server_forgot_are_sent_again(redis: RedisServer) -> None:
    """As after `SCRIPT FLUSH`."""

    async def main() -> list[float]:
        store, rate = RedisRateStore(redis.url), Bucket(2, 0.001)
        first = await store.take("k", rate)
        with redis_py.Redis.from_url(redis.url) as client:
            client.script_flush()
        found = [first, await store.take("k", rate), await store.take("k", rate)]
        await store.close()
        return found

    first, second, third = asyncio.run(main())
    assert (first, second) == (0, 0)
    assert third > 900


@pytest.mark.parametrize("on_store_failure", ["allow", "refuse"])
def test_without_the_store_it_does_what_it_was_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, on_store_failure: Any
) -> None:
    """It says so once, and goes on counting when the store is there again."""
    clock, port = Clock(), free_port()
    url = f"redis://127.0.0.1:{port}"
    mcp = limited(bucket(url, on_store_failure=on_store_failure, clock=clock))
    caplog.set_level(logging.WARNING, logger="fastmcp.server.middleware")

    async def main() -> None:
        async with Client(mcp) as client:
            found = await outcomes(client, *["echo"] * 5)
            gone = {"allow": "hello", "refuse": {"retry_after": 1.0}}[on_store_failure]
            assert found == [gone] * 5
            clock.wait(1)
            assert await outcomes(client, "echo", "echo") == [gone] * 2
            with redis_server(tmp_path, port=port):
                clock.wait(1)
                found = await outcomes(client, *["echo"] * 4)
                assert found[:3] == ["hello"] * 3
                assert found[3]["retry_after"] > 1
            found = await outcomes(client, *["echo"] * 2)
            assert found == [gone] * 2

    asyncio.run(main())

    does = {"allow": "are admitted uncounted", "refuse": "are refused"}[on_store_failure]
    said = [record.getMessage() for record in caplog.records]
    assert len(said) == 3
    assert said[0].startswith(f"Rate limits cannot be checked, so requests {does}: Redis: ")
    assert said[1] == "Rate limits can be checked again"
    assert said[2].startswith("Rate limits cannot be checked")


def test_a_store_that_hangs_does_not_hold_up_every_request() -> None:
    """One of them finds out whether it answers again, the others go on."""
    asked: list[str] = []
    clock = Clock()

    class Hanging:
        async def take(self, key: str, rate: Any) -> float:
            asked.append(key)
            if len(asked) > 1:
                await asyncio.Event().wait()
            raise StoreUnavailable("it does not answer")

    async def use(client: Client) -> None:
        assert await outcome(client, "echo") == "hello"
        clock.wait(1)
        finding_out = asyncio.ensure_future(client.call_tool("echo"))
        while len(asked) < 2:
            await asyncio.sleep(0)
        assert await outcomes(client, *["echo"] * 5) == ["hello"] * 5
        assert len(asked) == 2
        finding_out.cancel()
        await asyncio.wait([finding_out])

    used(limited(bucket(Hanging(), clock=clock)), use)


def test_a_store_of_ones_own(reach: Any) -> None:
    """Anything that counts."""

    class Odd:
        def __init__(self) -> None:
            self.rates: list[Any] = []

        async def take(self, key: str, rate: Any) -> float:
            self.rates.append(rate)
            return 0 if len(self.rates) % 2 else 7.5

    store = Odd()

    async def use(client: Client) -> list[Any]:
        return await outcomes(client, "echo", "echo", "echo")

    assert used(reach(limited(bucket(store))), use) == ["hello", {"retry_after": 7.5}, "hello"]
    assert store.rates == [Bucket(3, 0.01)] * 3


def test_the_connection_ends_with_the_event_loop(redis: RedisServer) -> None:
    """Nobody has to close anything."""
    mcp = limited(bucket(redis.url))

    async def use(client: Client) -> Any:
        return await outcome(client, "echo")

    with redis_py.Redis.from_url(redis.url) as client:
        before = client.info("clients")["connected_clients"]
        for _ in range(2):
            assert used(mcp, use) == "hello"
        wait_until(lambda: client.info("clients")["connected_clients"] == before)
