"""Balancing: one server in front of several that do the same."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import ExitStack

import pytest
from apps import served

from fastmcp import Client, FastMCP
from fastmcp.exceptions import McpError
from fastmcp.proxy import Backend, ServerProxy


def translator(name: str) -> FastMCP:
    mcp = FastMCP(name)

    @mcp.tool(annotations={"readOnlyHint": True})
    def translate(text: str) -> str:
        return text[::-1]

    @mcp.tool
    def publish(text: str) -> str:
        return name

    return mcp


async def used(proxy: FastMCP, use: Callable[[Client], Awaitable[None]]) -> None:
    """Use a server in memory, and over HTTP."""
    async with Client(proxy) as client:
        await use(client)
    with served(proxy.http_app()) as base:
        async with Client(f"{base}/mcp") as client:
            await use(client)


async def test_a_proxy_shares_work() -> None:
    """And has components of its own."""
    # snippet: proxy
    from fastmcp.proxy import ServerProxy

    proxy = ServerProxy(
        "Translators",
        backends=["http://10.0.0.1:8000/mcp", "http://10.0.0.2:8000/mcp"],
    )

    @proxy.tool
    def languages() -> list[str]:
        return ["de", "en"]

    # end
    assert [backend.state for backend in proxy.backends] == ["healthy", "healthy"]
    with ExitStack() as stack:
        urls = [f"{stack.enter_context(served(translator(name).http_app()))}/mcp" for name in "ab"]
        for old, url in zip(proxy.backends, urls, strict=True):
            proxy.remove_backend(old.name)
            proxy.add_backend(url)

        async def use(client: Client) -> None:
            assert (await client.call_tool("languages")).data == ["de", "en"]
            taken = [(await client.call_tool("publish", {"text": "x"})).data for _ in range(4)]
            assert sorted(taken) == ["a", "a", "b", "b"]

        await used(proxy, use)


async def test_a_backend_can_say_more() -> None:
    """Its name, its weight, how much it takes at once."""
    # snippet: backends
    from fastmcp import FastMCP
    from fastmcp.proxy import Backend

    here = FastMCP("Here")

    @here.tool(annotations={"readOnlyHint": True})
    def translate(text: str) -> str:
        return text[::-1]

    proxy = ServerProxy(
        "Translators",
        backends=[
            Backend("http://10.0.0.1:8000/mcp", "large", weight=3),
            Backend("python translator.py", "small", max_concurrent=4),
            here,
        ],
        strategy="weighted",
    )
    # end
    assert [(each.name, each.weight) for each in proxy.backends] == [
        ("large", 3),
        ("small", 1),
        ("Here", 1),
    ]


async def test_a_strategy_is_a_class() -> None:
    """With one method."""
    # snippet: strategy
    from collections.abc import Sequence

    from fastmcp.proxy import Asked

    class WritesGoToTheFirst:
        def choose(self, backends: Sequence[Backend], asked: Asked) -> Backend:
            if asked.safe:
                return min(backends, key=lambda backend: backend.in_flight)
            return backends[0]

    proxy = ServerProxy(
        "Translators",
        backends={"primary": "http://10.0.0.1:8000/mcp", "copy": "http://10.0.0.2:8000/mcp"},
        strategy=WritesGoToTheFirst(),
    )
    # end
    for name in ("primary", "copy"):
        proxy.remove_backend(name)
        proxy.add_backend(translator(name), name)

    async def use(client: Client) -> None:
        for _ in range(3):
            assert (await client.call_tool("publish", {"text": "x"})).data == "primary"

    await used(proxy, use)


async def test_a_backend_that_fails_is_left_alone() -> None:
    """And used again when it is there."""
    # snippet: health
    from fastmcp.proxy import HealthPolicy

    health = HealthPolicy(interval=5, timeout=2, failures=3, backoff=1, max_backoff=30)
    proxy = ServerProxy("Translators", backends=["http://10.0.0.1:8000/mcp"], health=health)
    # end
    assert proxy.backends[0].health.policy == health
    quick = HealthPolicy(interval=0.05, failures=1, backoff=0.05)
    with served(translator("a").http_app()) as lasting, ExitStack() as stack:
        base = stack.enter_context(served(translator("b").http_app()))
        proxy = ServerProxy("x", backends=[f"{lasting}/mcp", f"{base}/mcp"], health=quick)
        async with Client(proxy) as client:
            await client.call_tool("translate", {"text": "abc"})
            await asyncio.to_thread(stack.close)
            for _ in range(10):
                assert (await client.call_tool("translate", {"text": "abc"})).data == "cba"
            assert proxy.backends[1].state != "healthy"
            # snippet: status
            for backend in proxy.backends:
                print(backend.name, backend.state, backend.in_flight, backend.status)
            # end


async def test_no_backend_is_left() -> None:
    """That is said."""
    from fastmcp.proxy import HealthPolicy, ServerProxy

    with served(translator("a").http_app()) as base:
        proxy = ServerProxy(
            "Translators", backends=[f"{base}/mcp"], health=HealthPolicy(failures=1)
        )
        client = await Client(proxy).__aenter__()
        await client.list_tools()
    try:
        with pytest.raises(McpError, match="'Translators' cannot reach the only backend"):
            await client.call_tool("translate", {"text": "abc"})
    finally:
        await client.close()


async def test_backends_come_and_go() -> None:
    """While the server runs."""
    proxy = ServerProxy("Translators", backends={"first": translator("first")})
    async with Client(proxy) as client:
        await client.call_tool("publish", {"text": "x"})
        # snippet: changing
        proxy.add_backend("http://10.0.0.3:8000/mcp", "third")
        proxy.remove_backend("third")
        # end
        proxy.add_backend(translator("second"), "second")
        proxy.remove_backend("first")
        assert (await client.call_tool("publish", {"text": "x"})).data == "second"
