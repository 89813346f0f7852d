"""What a proxy knows of the lists of the server behind it, and when it asks anew."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from fastmcp import Client, FastMCP
from fastmcp.client.messages import ServerNotification
from fastmcp.exceptions import ToolError
from fastmcp.server import create_proxy
from fastmcp.server.providers import guard
from fastmcp.server.providers.proxy import ProxyClient, ProxyProvider, known_list

from .counting import counted, until, within


def late() -> str:
    """A tool that comes later."""
    return "late"


def test_a_list_is_always_that_of_now() -> None:
    """What the server behind has added is in it at once."""

    async def main() -> None:
        behind, _ = counted()
        async with Client(create_proxy(behind)) as client:
            assert "late" not in [tool.name for tool in await client.list_tools()]
            behind.add_tool(late)
            assert "late" in [tool.name for tool in await client.list_tools()]

    asyncio.run(main())


def test_lists_that_are_asked_for_together_are_asked_for_once() -> None:
    """Many clients in front make one request behind."""

    async def main() -> None:
        behind, counting = counted()
        async with Client(create_proxy(behind)) as client:
            await client.list_tools()
            counting.hung.add("tools/list")
            before = counting.counts["tools/list"]
            lists = [asyncio.create_task(client.list_tools()) for _ in range(10)]
            await until(lambda: counting.counts["tools/list"] > before)
            counting.go_on.set()
            await asyncio.gather(*lists)
            assert counting.counts["tools/list"] == before + 1

    asyncio.run(main())


def test_an_unknown_name_is_looked_for_once() -> None:
    """Then it is refused, and not looked for again at once."""

    async def main() -> None:
        behind, counting = counted()
        async with Client(create_proxy(behind)) as client:
            await client.call_tool("greet")
            before = counting.counts["tools/list"]
            for _ in range(3):
                with pytest.raises(ToolError, match="Unknown tool: 'late'"):
                    await client.call_tool("late")
            assert counting.counts["tools/list"] == before + 1
            assert counting.counts["tools/call"] == 1

    asyncio.run(main())


def test_a_tool_that_is_new_behind_can_be_called() -> None:
    """Whether it was told of or not."""

    async def main() -> None:
        behind, _ = counted()
        async with Client(create_proxy(behind)) as client:
            await client.call_tool("greet")
            behind.add_tool(late)
            assert (await client.call_tool("late")).data == "late"

    asyncio.run(main())


@pytest.mark.parametrize("mode", ["legacy", "auto"])
@pytest.mark.parametrize("front", ["legacy", "auto"])
@pytest.mark.parametrize("depth", [1, 2])
def test_changes_behind_are_told_in_front(mode: str, front: str, depth: int) -> None:
    """Lists that have changed, to every client of the proxy."""

    async def main() -> None:
        behind, _ = counted()
        proxy = create_proxy(behind, mode=mode)
        if depth == 2:
            proxy = create_proxy(proxy)
        told: list[str] = []

        def hear(message: Any) -> None:
            if isinstance(message, ServerNotification):
                told.append(message.method)

        async with within(), Client(proxy, mode=front, message_handler=hear) as client:
            await client.list_tools()
            # A stream of changes is opened in the background.
            async with asyncio.timeout(10):
                while "notifications/tools/list_changed" not in told:
                    behind.add_tool(late)
                    await asyncio.sleep(0.05)
                    behind.local_provider.remove_tool("late")
            behind.add_tool(late)
            assert "late" in [tool.name for tool in await client.list_tools()]

    asyncio.run(main())


def test_what_is_known_longer_than_its_time_is_used_while_it_is_asked_for_anew() -> None:
    """A call does not wait for that."""

    async def main() -> None:
        behind, counting = counted()
        provider = ProxyProvider(lambda: ProxyClient(behind), cache_ttl=1e-9)
        async with within(), Client(FastMCP("front", providers=[provider])) as client:
            await client.call_tool("greet")
            before = counting.counts["tools/list"]
            counting.hung.add("tools/list")
            assert (await client.call_tool("greet")).data == "hello 2"
            await until(lambda: counting.counts["tools/list"] == before + 1)
            counting.go_on.set()

    asyncio.run(main())


def test_without_a_time_each_call_asks_anew() -> None:
    """As FastMCP has it for lists that change unheard."""

    async def main() -> None:
        behind, counting = counted()
        provider = ProxyProvider(lambda: ProxyClient(behind), cache_ttl=0)
        async with Client(FastMCP("front", providers=[provider])) as client:
            for calls in (1, 2, 3):
                await client.call_tool("greet")
                assert counting.counts["tools/list"] >= calls

    asyncio.run(main())


def test_a_list_that_takes_its_time_is_told_of_when_it_is_there(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Nobody waits for it longer than a moment, and the rest is listed meanwhile."""
    monkeypatch.setattr(guard, "GRACE", 0.1)
    monkeypatch.setattr(known_list, "PATIENCE", 0.2)

    async def main() -> None:
        behind, counting = counted()
        counting.hung.add("tools/list")
        front = FastMCP("front")
        front.mount(create_proxy(behind, mode="legacy"), namespace="slow")
        front.add_tool(late)
        told: list[str] = []

        def hear(message: Any) -> None:
            if isinstance(message, ServerNotification):
                told.append(message.method)

        async with within(), Client(front, mode="legacy", message_handler=hear) as client:
            assert [tool.name for tool in await client.list_tools()] == ["late"]
            assert (await client.call_tool("late")).data == "late"
            counting.go_on.set()
            await until(lambda: "notifications/tools/list_changed" in told)
            assert "slow_add" in [tool.name for tool in await client.list_tools()]

    asyncio.run(main())


@pytest.mark.parametrize("mode", ["legacy", "auto"])
@pytest.mark.parametrize("front", ["legacy", "auto"])
def test_updates_of_watched_resources_come_through(mode: str, front: str) -> None:
    """Under the URI that they have in front."""

    async def main() -> None:
        behind, _ = counted()
        host = FastMCP("front")
        host.mount(create_proxy(behind, mode=mode), namespace="ns")
        told: list[str] = []

        def hear(message: Any) -> None:
            if isinstance(message, ServerNotification) and message.method.endswith("updated"):
                told.append(message.params.uri)

        async with within(), Client(host, mode=front, message_handler=hear) as client:
            await client.subscribe_resource("data://ns/note")
            behind.notify_resource_updated("data://note")
            await until(lambda: told)
        assert set(told) == {"data://ns/note"}

    asyncio.run(main())
