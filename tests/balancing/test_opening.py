"""Backends of this process are open while the proxy is."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from fastmcp import Client, FastMCP
from fastmcp.proxy import ServerProxy


def noting(name: str, events: list[str]) -> FastMCP:
    async def lifespan(server: FastMCP) -> AsyncIterator[None]:
        events.append(f"{name} opens")
        yield
        events.append(f"{name} closes")

    return FastMCP(name, lifespan=lifespan)


def test_lifespans_of_backends_begin_and_end_with_the_proxys() -> None:
    """Of one that is removed it ends before."""
    events: list[str] = []
    proxy = ServerProxy("x", backends=[noting("a", events), noting("b", events)])

    async def use() -> None:
        async with Client(proxy):
            assert sorted(events) == ["a opens", "b opens"]
            proxy.remove_backend("a")
            while "a closes" not in events:
                await asyncio.sleep(0)
            proxy.add_backend(noting("c", events))
            while "c opens" not in events:
                await asyncio.sleep(0)

    asyncio.run(use())
    assert sorted(events[2:]) == ["a closes", "b closes", "c closes", "c opens"]


def test_a_lifespan_that_fails_keeps_the_proxy_from_starting() -> None:
    """As that of a server which is mounted does."""
    events: list[str] = []

    async def broken(server: FastMCP) -> AsyncIterator[None]:
        raise OSError("no database")
        yield

    proxy = ServerProxy("x", backends=[noting("a", events), FastMCP("b", lifespan=broken)])

    async def use() -> None:
        async with Client(proxy):
            pass

    with pytest.raises(OSError, match="no database"):
        asyncio.run(use())
    assert events == ["a opens", "a closes"]
