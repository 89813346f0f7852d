"""Area Q: sessions in Redis, row by row."""

from __future__ import annotations

import json
from collections.abc import Generator
from pathlib import Path
from textwrap import dedent

import pytest
import redis
from apps import Mcp, call, messages
from cluster.workers import workers
from processes import HttpServer, http_server
from redis_server import RedisServer, redis_server

from fastmcp import Context, FastMCP
from fastmcp.server.backplane import EncryptedBackplane, RedisBackplane

SERVER = """
    import os
    from fastmcp import Context, FastMCP

    mcp = FastMCP("kept", stateless_http=False)

    @mcp.tool
    async def remember(value: str, ctx: Context) -> str | None:
        before = await ctx.get_state("value")
        await ctx.set_state("value", value)
        return before

    mcp.run(transport="http", port=int(os.environ["PORT"]))
"""


@pytest.fixture
def store(tmp_path: Path) -> Generator[RedisServer]:
    with redis_server(tmp_path) as server:
        yield server


def base(server: HttpServer) -> str:
    return f"http://127.0.0.1:{server.port}"


def remember(client: Mcp, session: dict[str, str], value: str) -> str | None:
    [*_, answer] = messages(client.post(call("remember", value=value), session))
    content = answer["result"]["content"]
    return content[0]["text"] if content else None


def test_s256_a_session_survives_a_restart_of_its_server(
    store: RedisServer, tmp_path: Path
) -> None:
    """The same Mcp-Session-Id goes on in another process, with its state."""
    script, log = tmp_path / "server.py", tmp_path / "server.log"
    script.write_text(dedent(SERVER), "utf-8")
    env = {"FASTMCP_SESSION_STORE": store.url}
    with http_server([script], log, env=env) as first, Mcp(base(first)) as client:
        session = client.open()
        assert remember(client, session, "one") is None
        assert first.stop() == 0
    with http_server([script], log, env=env) as second, Mcp(base(second)) as client:
        assert remember(client, session, "two") == "one"


def counting(session_store: object) -> FastMCP:
    mcp = FastMCP("shared", session_store=session_store)

    @mcp.tool
    async def remember(value: str, ctx: Context) -> str | None:
        before = await ctx.get_state("value")
        await ctx.set_state("value", value)
        return before

    return mcp


def test_s257_any_instance_serves_the_session(store: RedisServer) -> None:
    """Two instances are asked in turn."""
    with workers(lambda: counting(store.url)) as two:
        session = two[0].open()
        said = [remember(two[number % 2], session, str(number)) for number in range(5)]
    assert said == [None, "0", "1", "2", "3"]


def test_s259_what_is_kept_cannot_be_read_in_redis(store: RedisServer) -> None:
    """With a key, neither names nor values of it tell anything."""
    secret = "nobody may read this"

    def make() -> FastMCP:
        plain = RedisBackplane(store.url)
        return counting(EncryptedBackplane(plain, "a key that is long enough to be one"))

    with workers(make) as two:
        session = two[0].open()
        remember(two[0], session, secret)
        assert remember(two[1], session, "") == secret
        kept = dump(store.url)
    assert len(kept) > 100
    assert secret not in kept
    assert session["mcp-session-id"] not in kept


def dump(url: str) -> str:
    """All names and values of a database."""
    found: dict[str, str] = {}
    with redis.Redis.from_url(url) as client:
        for name in client.scan_iter():
            read = {b"list": lambda k: client.lrange(k, 0, -1), b"string": client.get}
            read[b"zset"] = lambda k: client.zrange(k, 0, -1)
            found[repr(name)] = repr(read[client.type(name)](name))
    return json.dumps(found)
