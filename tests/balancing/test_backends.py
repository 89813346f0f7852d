"""Backends: what they may be, what they are called, and how much they take."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from apps import served
from processes import free_port

from fastmcp import Client, FastMCP
from fastmcp.client.transports import StreamableHttpTransport
from fastmcp.exceptions import ConfigurationError, McpError
from fastmcp.proxy import Backend, BalancedProvider, ServerProxy, balancer

from .fleet import Fleet
from .replicas import replica, replicas, tally


def test_whatever_a_client_takes_is_a_backend(tmp_path: Path) -> None:
    """A server here, a URL, a script, a transport, a client; each answers."""
    script = Fleet(0, tmp_path).script
    script.write_text(script.read_text("utf-8").replace('os.environ["NUMBER"]', '"4"'), "utf-8")
    with served(replica(1).http_app()) as base:
        url = f"{base}/mcp"
        targets = [replica(0), url, StreamableHttpTransport(url), Client(url), script]
        proxy = ServerProxy("x", backends=targets)

        async def use() -> Any:
            async with Client(proxy, timeout=20) as client:
                while 4 not in await tally(client, 5):
                    pass  # the script takes its time to start
                return await tally(client, 10)

        assert asyncio.run(use()) == {0: 2, 1: 6, 4: 2}
    names = [backend.name for backend in proxy.backends]
    assert names == ["replica-0", url, f"{url}-2", proxy.backends[3].name, str(script)]
    assert len(set(names)) == 5


def test_one_target_needs_no_list() -> None:
    """A lone server, too, is a backend."""
    assert [each.name for each in ServerProxy("x", backends=replica(0)).backends] == ["replica-0"]
    assert ServerProxy("x", backends="http://h:1/mcp").backends[0].name == "http://h:1/mcp"


def test_a_mapping_gives_names() -> None:
    """So does a configuration of servers."""
    by_name = ServerProxy("x", backends={"a": replica(0), "b": {"url": "http://h:1/mcp"}})
    config = ServerProxy("x", backends={"mcpServers": {"c": {"url": "http://h:1/mcp"}}})

    assert [each.name for each in by_name.backends] == ["a", "b"]
    assert [each.name for each in config.backends] == ["c"]


def test_a_password_in_a_url_is_no_part_of_its_name() -> None:
    """Nor what is in its query."""
    proxy = ServerProxy("x", backends=["https://user:secret@host/mcp?key=secret"])

    assert proxy.backends[0].name == "host/mcp"
    assert "secret" not in repr(proxy.backends)


@pytest.mark.parametrize(
    ("backends", "message"),
    [
        ([42], "Cannot tell how to reach 42"),
        (["nowhere at all"], "Cannot tell how to reach"),
        ([Backend(replica(0), "a"), Backend(replica(1), "a")], "There is a backend 'a' already"),
        ([FastMCP], "A backend is no class; make one of FastMCP first"),
    ],
)
def test_what_cannot_be_a_backend_is_refused(backends: Any, message: str) -> None:
    """When the proxy is made, not when it is asked."""
    with pytest.raises(ValueError, match=message):
        ServerProxy("x", backends=backends)


def test_a_backend_belongs_to_one_proxy_once() -> None:
    """And one that is not there cannot be removed."""
    backend = Backend(replica(0), "a")
    proxy = ServerProxy("x", backends=[backend])

    with pytest.raises(ConfigurationError, match="The backend 'a' is added already"):
        proxy.add_backend(backend)
    with pytest.raises(ConfigurationError, match="There is no backend 'b'; there are: a"):
        proxy.remove_backend("b")
    with pytest.raises(ConfigurationError, match="weight=0: it must be greater than 0"):
        Backend(replica(0), weight=0)


def test_a_backend_gets_no_more_at_once_than_it_takes() -> None:
    """The others wait until there is room."""
    running, most = 0, 0
    mcp = FastMCP("busy")

    @mcp.tool
    async def work() -> str:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await asyncio.sleep(0.005)
        running -= 1
        return "done"

    proxy = ServerProxy("x", backends=[Backend(mcp, max_concurrent=3)])

    async def use() -> Any:
        async with Client(proxy) as client:
            return await tally(client, 40, "work", at_once=20)

    assert asyncio.run(use()) == {"done": 40}
    assert most == 3
    assert proxy.backends[0].in_flight == 0


def test_who_waits_for_room_too_long_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """And whoever gives up waiting leaves nothing behind."""
    monkeypatch.setattr(balancer, "PATIENCE", 0.05)
    hold = asyncio.Event()
    mcp = FastMCP("busy")

    @mcp.tool
    async def work() -> str:
        await hold.wait()
        return "done"

    proxy = ServerProxy("x", backends=[Backend(mcp, max_concurrent=1)])

    async def use() -> None:
        async with Client(proxy) as client:
            first = asyncio.create_task(client.call_tool("work"))
            while proxy.backends[0].in_flight == 0:
                await asyncio.sleep(0)
            with pytest.raises(McpError, match="as many requests under way as it may have"):
                await client.call_tool("work")
            hold.set()
            assert (await first).data == "done"
            assert (await client.call_tool("work")).data == "done"

    asyncio.run(use())


def test_a_removed_backend_ends_what_it_is_doing() -> None:
    """Its connections are closed after that."""
    mcp = replica(1)
    going = asyncio.Event()

    @mcp.tool
    async def slow() -> str:
        await going.wait()
        return "finished"

    proxy = ServerProxy("x", backends={"one": mcp})

    async def use() -> Any:
        async with Client(proxy) as client:
            call = asyncio.create_task(client.call_tool("slow"))
            while proxy.backends[0].in_flight == 0:
                await asyncio.sleep(0)
            proxy.remove_backend("one")
            proxy.add_backend(replica(2))
            other = (await client.call_tool("who")).data
            going.set()
            return (await call).data, other

    assert asyncio.run(use()) == ("finished", 2)


def test_a_proxy_is_used_in_one_loop_after_another() -> None:
    """And its backends are closed with each."""
    with served(replica(0).http_app()) as base:
        proxy = ServerProxy("x", backends=[f"{base}/mcp", replica(1)])

        async def use() -> Any:
            async with Client(proxy, timeout=20) as client:
                return await tally(client, 4)

        assert [asyncio.run(use()) for _ in range(3)] == [{0: 2, 1: 2}] * 3
        assert sorted(proxy.call_tool("who") for _ in range(4)) == [0, 0, 1, 1]


def test_balancing_is_a_provider_of_any_server() -> None:
    """Also of several, each in a namespace."""
    mcp = FastMCP("front", providers=[BalancedProvider(replicas(2))])

    assert {mcp.call_tool("who") for _ in range(4)} == {0, 1}


def test_nothing_listens_and_nothing_is_known() -> None:
    """The proxy's own tools work all the same."""
    proxy = ServerProxy("x", backends=[f"http://127.0.0.1:{free_port()}/mcp"])
    proxy.tool(lambda: "mine", name="own")

    async def use() -> Any:
        async with Client(proxy, timeout=20) as client:
            return [t.name for t in await client.list_tools()], await tally(client, 2, "own")

    assert asyncio.run(use()) == (["own"], {"mine": 2})
