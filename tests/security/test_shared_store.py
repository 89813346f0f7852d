"""A store that workers share, in which somebody else has written."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import redis
from apps import HANDSHAKE, call, initialize, messages, request
from cluster.workers import Workers, workers
from redis_server import RedisServer, redis_server

from fastmcp import Client, Context, FastMCP
from fastmcp.exceptions import McpError

UNREADABLE = [
    b"",
    b"null",
    b"{}",
    b"\xff\xfe",
    b"[" * 100_000,
    b'{"revision":"2099-01-01","capabilities":{}}',
    b'{"revision":"2025-11-25","capabilities":{"sampling":7}}',
    b'{"worker":"x","request":{}}',
]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    """A server of the Redis protocol."""
    with redis_server(tmp_path_factory.mktemp("redis")) as running:
        yield running


@pytest.fixture
def store(server: RedisServer) -> Iterator[redis.Redis]:
    """What is in it; nothing, to begin with."""
    with redis.Redis.from_url(server.url) as client:
        client.flushall()
        yield client


def made(url: str, **options: Any) -> Callable[[], FastMCP]:
    """What makes one worker of a server whose sessions are in the store."""

    def make() -> FastMCP:
        mcp = FastMCP("shared", session_store=url, **options)

        @mcp.tool
        async def hide(ctx: Context) -> str:
            await ctx.disable_components(names={"shown"})
            return "hidden"

        mcp.tool(lambda: "shown", name="shown")
        return mcp

    return make


@pytest.fixture
def two(server: RedisServer, store: redis.Redis) -> Iterator[Workers]:
    """Two workers."""
    with workers(made(server.url)) as group:
        yield group


def key_of(store: redis.Redis, part: str) -> bytes:
    """The one key that has this in it."""
    [key] = [key for key in store.scan_iter() if part.encode() in key]
    return key


@pytest.mark.parametrize("written", UNREADABLE, ids=range(len(UNREADABLE)))
def test_a_session_that_cannot_be_read_is_over(
    two: Workers, store: redis.Redis, written: bytes
) -> None:
    """On the worker that had it as well, as one that was never there; other sessions go on."""
    session, other = two[0].open(), two[0].open()
    store.set(key_of(store, f"session:{session['mcp-session-id']}"), written)

    for worker in (two[0], two[1], two[0]):
        assert worker.post(request("tools/list"), session).status_code == 404
        assert worker.post(request("tools/list"), other).status_code == 200


def test_a_session_in_the_place_of_another_has_its_own_caller(
    server: RedisServer, store: redis.Redis
) -> None:
    """Bob's session under the name of Ann's is of use to Bob alone."""
    ann, bob = ({"authorization": f"Bearer token-of-{name}"} for name in ("ann", "bob"))
    auth = {"token-of-ann": {"user": "ann"}, "token-of-bob": {"user": "bob"}}

    with workers(made(server.url, auth=auth)) as two:
        opened = [two[0].post(initialize(), token) for token in (ann, bob)]
        ids = [answer.headers["mcp-session-id"] for answer in opened]
        of_ann, of_bob = (key_of(store, f"session:{each}") for each in ids)
        kept = store.get(of_bob)
        assert isinstance(kept, bytes)
        store.set(of_ann, kept)

        for worker in (two[0], two[1]):
            session = {"mcp-session-id": ids[0], "mcp-protocol-version": HANDSHAKE}
            assert worker.post(request("ping"), {**session, **ann}).status_code == 404


@pytest.mark.parametrize("written", [b"\xff", b"null", b"{}"])
async def test_a_task_that_cannot_be_read_is_not_there(
    server: RedisServer, store: redis.Redis, written: bytes
) -> None:
    """Nothing of it is sent, and the next one runs."""
    mcp = FastMCP("tasks", tasks=True, docket=server.url)

    @mcp.tool
    async def say(text: str) -> str:
        return text

    async with Client(mcp) as client:
        task = await client.call_tool("say", {"text": "secret"}, task=True)
        assert (await task.result()).data == "secret"
        key = key_of(store, f":task:{task.task_id}")
        kept = store.get(key)
        assert isinstance(kept, bytes)
        store.set(key, kept.replace(b"secret", written) if written == b"\xff" else written)
        again = await client.call_tool("say", {"text": "next"}, task=True)

        with pytest.raises(McpError, match="not found"):
            await client.get_task_status(task.task_id)
        assert (await again.result()).data == "next"


@pytest.mark.parametrize("said", [b"\xff", b"{}", b'{"type":"forwarded","session":"\xff"}'])
def test_what_no_worker_has_said_disturbs_none(
    two: Workers, store: redis.Redis, said: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    """It is as if nobody had said it."""
    session = two[0].open()
    channels = store.pubsub_channels()
    assert channels
    for channel in channels:
        store.publish(channel, said)

    hidden = two[0].post(call("hide"), session)
    listed = two[1].post(request("tools/list"), session)

    assert hidden.status_code == 200
    [*_, last] = messages(listed)
    assert [tool["name"] for tool in last["result"]["tools"]] == ["hide"]
    assert [each.levelname for each in caplog.records if each.levelno >= 40] == []
