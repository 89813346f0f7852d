"""Stores of state: the server's own, those of py-key-value-aio, and what is none."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from apps import call, enveloped, http, messages, modern_headers
from key_value.aio.stores.disk import DiskStore
from processes import http_server

from fastmcp import Context, FastMCP
from fastmcp.exceptions import ConfigurationError
from fastmcp.server.state import MemoryStateStore
from fastmcp.server.state.store import Address


def at(session: str, key: str = "a", principal: str | None = None, kind: str = "kind") -> Address:
    return Address(kind, session, principal, key)


class Clock:
    """A clock that somebody sets."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_the_own_store_keeps_what_it_is_given_apart() -> None:
    """By kind, session, caller and name."""
    store = MemoryStateStore()
    places = [at("1"), at("2"), at("1", "b"), at("1", principal="p"), at("1", kind="other")]

    async def main() -> None:
        for number, place in enumerate(places):
            await store.put(place, str(number).encode(), 60)
        assert [await store.get(place) for place in places] == [b"0", b"1", b"2", b"3", b"4"]
        await store.delete(places[0])
        await store.delete(places[0])
        assert [await store.get(place) for place in places[:3]] == [None, b"1", b"2"]
        store.forget("1")
        assert [await store.get(place) for place in places] == [None, b"1", None, None, None]

    asyncio.run(main())


def test_the_own_store_forgets_what_is_over() -> None:
    """When its time to live has passed; what has none stays."""
    clock = Clock()
    store = MemoryStateStore(clock=clock)

    async def main() -> None:
        await store.put(at("1", "short"), b"1", 10)
        await store.put(at("1", "long"), b"2", 20)
        await store.put(at("1", "for good"), b"3", None)
        clock.now = 9.9
        assert await store.get(at("1", "short")) == b"1"
        clock.now = 10
        assert await store.get(at("1", "short")) is None
        assert await store.get(at("1", "long")) == b"2"
        clock.now = 1000
        assert await store.get(at("1", "long")) is None
        assert await store.get(at("1", "for good")) == b"3"

    asyncio.run(main())


def test_the_own_store_is_bounded() -> None:
    """Beyond its limit the session goes that was not used for the longest time, of that kind."""
    store = MemoryStateStore(max_sessions=2)

    async def main() -> list[bytes | None]:
        await store.put(at("1", kind="other"), b"0", None)
        await store.put(at("1"), b"1", None)
        await store.put(at("2"), b"2", None)
        await store.get(at("1"))
        await store.put(at("3"), b"3", None)
        places = [at("1"), at("2"), at("3"), at("1", kind="other")]
        return [await store.get(place) for place in places]

    assert asyncio.run(main()) == [b"1", None, b"3", b"0"]


def test_the_own_store_makes_room_of_what_is_over_first() -> None:
    """So a session in use stays while an old one could go."""
    clock = Clock()
    store = MemoryStateStore(max_sessions=2, clock=clock)

    async def main() -> list[bytes | None]:
        await store.put(at("1"), b"1", 10)
        await store.put(at("2"), b"2", 100)
        clock.now = 50
        await store.put(at("3"), b"3", 100)
        return [await store.get(at(session)) for session in "123"]

    assert asyncio.run(main()) == [None, b"2", b"3"]
    with pytest.raises(ConfigurationError):
        MemoryStateStore(max_sessions=0)


@pytest.mark.parametrize("store", [object(), "redis://localhost", {}])
def test_what_is_no_store_is_refused_when_the_server_is_made(store: Any) -> None:
    """With the name of the keyword and of what it takes."""
    with pytest.raises(ConfigurationError, match="session_state_store= is a store of py-key-value"):
        FastMCP("x", session_state_store=store)


COUNTER = """
    import os

    from key_value.aio.stores.disk import DiskStore

    from fastmcp import Context, FastMCP

    mcp = FastMCP("counter", session_state_store=DiskStore(directory=os.environ["STATE"]))

    @mcp.tool
    async def count(ctx: Context) -> int:
        total = (await ctx.get_state("total") or 0) + 1
        await ctx.set_state("total", total)
        return total

    @mcp.tool
    def count_plainly(ctx: Context) -> int:
        total = (ctx.get_state("total") or 0) + 1
        ctx.set_state("total", total)
        return total

    if __name__ == "__main__":
        mcp.run(transport="http", port=int(os.environ["PORT"]), stateless_http=True)
"""


def test_state_on_disk_survives_the_server(
    script: Callable[..., Path], log: Path, tmp_path: Path
) -> None:
    """A client that keeps its session's name finds it again in the next process."""
    import httpx2

    program, state = script(COUNTER), {"STATE": str(tmp_path / "state")}

    def counted(url: str, tool: str) -> str:
        message = call(tool)
        body = enveloped(message, **{"fastmcp/session": "mine"})
        headers = {**modern_headers(message), "accept": "application/json, text/event-stream"}
        [answer] = messages(httpx2.post(url, json=body, headers=headers, timeout=20))
        return answer["result"]["content"][0]["text"]

    totals: list[str] = []
    for _ in range(2):
        with http_server([program], log, env=state) as server:
            totals += [counted(server.url, tool) for tool in ("count", "count_plainly")]

    assert totals == ["1", "2", "3", "4"]


def test_names_of_any_kind_fit_into_any_store(tmp_path: Path) -> None:
    """Long ones, empty ones, and those that are no path."""
    names = ["", "a" * 5000, "../../etc", "with space/and:colon", "\ud800", "ü\x00"]
    mcp = FastMCP("x", session_state_store=DiskStore(directory=tmp_path))

    @mcp.tool
    async def put(ctx: Context) -> None:
        for name in names:
            await ctx.set_state(name, len(name))

    @mcp.tool
    async def look(ctx: Context) -> list[int]:
        return [await ctx.get_state(name) for name in names]

    def ask(client: Any, tool: str) -> Any:
        message = call(tool)
        body = enveloped(message, **{"fastmcp/session": "s"})
        return messages(client.post(body, modern_headers(message)))[0]["result"]

    with http(mcp, stateless_http=True) as client:
        ask(client, "put")
        looked = ask(client, "look")

    assert looked["structuredContent"] == {"result": [len(name) for name in names]}
