"""Area F: caching, identity, and one chain on every surface, row by row."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from apps import call, http
from callers import USER, client_of, knows_callers
from reaching import Reach, used, value_of

from fastmcp import Client, FastMCP
from fastmcp.client.transports import StdioTransport
from fastmcp.server.middleware import Middleware, MiddlewareContext
from fastmcp.server.middleware.caching import CallToolSettings, ResponseCachingMiddleware
from fastmcp.testing import create_test_client

SERVER = """
import sys
from pathlib import Path

from fastmcp import FastMCP
from fastmcp.server.middleware import Middleware
from fastmcp.server.middleware.caching import ResponseCachingMiddleware

log = Path(sys.argv[1])

def note(line: str) -> None:
    with log.open("a") as file:
        file.write(line + "\\n")

class Counter(Middleware):
    async def on_call_tool(self, context, call_next):
        note("counted")
        return await call_next(context)

mcp = FastMCP("x", middleware=[Counter(), ResponseCachingMiddleware()])

@mcp.tool
def add(a: int, b: int) -> int:
    note("ran")
    return a + b

mcp.run()
"""


class Counter(Middleware):
    def __init__(self) -> None:
        self.count = 0

    async def on_call_tool(self, context: MiddlewareContext[Any], call_next: Any) -> Any:
        self.count += 1
        return await call_next(context)


def over_stdio(directory: Path, times: int) -> list[str]:
    """What a server noted that was called so often by a client on its pipes."""
    script, log = directory / "server.py", directory / "log"
    script.write_text(SERVER)

    async def main() -> None:
        async with Client(StdioTransport(sys.executable, [str(script), str(log)])) as client:
            for _ in range(times):
                assert (await client.call_tool("add", {"a": 1, "b": 2})).data == 3

    asyncio.run(main())
    return log.read_text().split()


def test_s095_one_chain_serves_every_surface(tmp_path: Path) -> None:
    """A counter counts a call by each: MCP in memory, over HTTP in both eras and over stdio, REST,
    the test client, and the program itself.
    """
    counter = Counter()
    mcp = FastMCP("x", middleware=[counter])

    @mcp.tool
    def add(a: int, b: int) -> int:
        return a + b

    given = {"a": 1, "b": 2}
    with http(mcp, rest=True) as client:
        rest = f"{client.base}/tools/add"
        surfaces: dict[str, Callable[[], Any]] = {
            "memory": lambda: value_of(mcp, "add", given, mode="legacy"),
            "modern memory": lambda: value_of(mcp, "add", given, mode="auto"),
            "http": lambda: value_of(client.url, "add", given, mode="legacy"),
            "modern http": lambda: value_of(client.url, "add", given, mode="auto"),
            "bare http": lambda: client.post(call("add", **given)).json()["result"]["content"],
            "rest": lambda: client.client.post(rest, json=given).raise_for_status().json(),
            "test client": lambda: create_test_client(mcp).call_tool("add", given),
            "program": lambda: mcp.call_tool("add", given),
        }
        counts = {}
        for name, use in surfaces.items():
            before = counter.count
            assert use() is not None
            counts[name] = counter.count - before

    assert counts == dict.fromkeys(surfaces, 1)
    assert over_stdio(tmp_path, 2) == ["counted", "ran", "counted"]


def test_s098_a_cached_call_does_not_run_the_body(reach: Reach, mode: str) -> None:
    """Until its time is over; other arguments do."""
    ran: list[int] = []
    settings = CallToolSettings(ttl=60)
    mcp = FastMCP("x", middleware=[ResponseCachingMiddleware(call_tool_settings=settings)])

    @mcp.tool
    def slow(number: int) -> int:
        ran.append(number)
        return number * 2

    async def use(client: Client) -> Any:
        numbers = (1, 1, 2, 1, 2)
        return [(await client.call_tool("slow", {"number": n})).data for n in numbers]

    assert used(reach(mcp), use, mode=mode) == [2, 2, 4, 2, 4]
    assert ran == [1, 2]


def test_s098_the_cache_serves_stdio_rest_the_test_client_and_the_program(tmp_path: Path) -> None:
    """The same answers on every surface, of one run of the body."""
    ran: list[int] = []
    mcp = FastMCP("x", middleware=[ResponseCachingMiddleware()])

    @mcp.tool
    def slow(number: int) -> int:
        ran.append(number)
        return number * 2

    with http(mcp, rest=True) as client:
        value_of(client.url, "slow", {"number": 1})
        answer = client.client.post(f"{client.base}/tools/slow", json={"number": 1})
        assert (answer.status_code, answer.json()) == (200, 2)
    assert create_test_client(mcp).call_tool("slow", {"number": 1}) == 2
    value: Any = mcp.call_tool("slow", {"number": 1})
    assert value == 2
    assert ran == [1]
    assert over_stdio(tmp_path, 3).count("ran") == 1


class Identified(Middleware):
    """Notes who calls."""

    def __init__(self) -> None:
        self.seen: list[Any] = []

    async def on_call_tool(self, context: MiddlewareContext[Any], call_next: Any) -> Any:
        assert context.fastmcp_context is not None
        self.seen.append(context.fastmcp_context.user_info.get("sub"))
        return await call_next(context)


@pytest.mark.parametrize("mode", ["legacy", "auto"])
def test_s100_middleware_reads_who_calls(mode: str) -> None:
    """`user_info` on HTTP, REST, and for a test client; empty for who did not say."""
    identified = Identified()
    mcp = FastMCP("x", middleware=[identified])

    @mcp.tool
    def ping() -> str:
        return "pong"

    async def called_by(base: str, user: str | None) -> None:
        async with client_of(base, user, mode=mode) as client:
            await client.call_tool("ping")

    with http(mcp, rest=True, middleware=knows_callers()) as client:
        asyncio.run(called_by(client.base, "ada"))
        asyncio.run(called_by(client.base, None))
        client.client.post(f"{client.base}/tools/ping", json={}, headers={USER: "bob"})
    create_test_client(mcp, user_info={"sub": "eve"}).call_tool("ping")
    mcp.call_tool("ping")

    assert identified.seen == ["ada", None, "bob", "eve", None]
