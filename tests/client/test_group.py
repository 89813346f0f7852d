"""ClientGroup: the tools of several servers, each behind a client of its own."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from fastmcp import Client, FastMCP
from fastmcp.client.group import ClientGroup, ToolRoute
from fastmcp.exceptions import ClientError, ConfigurationError, ToolError

from .scripted import ScriptedServer


def server(name: str, *tools: str) -> FastMCP:
    """A server whose tools tell where they are."""
    mcp = FastMCP(name, cache_ttl=60)
    for tool in tools:
        mcp.tool(_telling(name, tool), name=tool)
    return mcp


def _telling(name: str, tool: str) -> Callable[..., str]:
    def tell(what: str = "") -> str:
        if what == "fail":
            raise ToolError(f"{name} fails")
        return f"{name} {tool} {what}".strip()

    return tell


def two(**options: Any) -> ClientGroup:
    return ClientGroup(
        {
            "weather": Client(server("weather", "now", "later"), **options),
            "news": Client(server("news", "now"), **options),
        }
    )


def used(group: ClientGroup, use: Callable[[ClientGroup], Awaitable[Any]]) -> Any:
    async def main() -> Any:
        async with asyncio.timeout(20), group:
            outcome = await use(group)
        assert not any(client.is_connected() for client in group.clients.values())
        assert [t for t in asyncio.all_tasks() if t is not asyncio.current_task()] == []
        return outcome

    return asyncio.run(main())


def test_tools_have_the_names_of_their_servers_before_theirs() -> None:
    """They are listed from all, and called where they are."""

    async def use(group: ClientGroup) -> None:
        names = [tool.name for tool in await group.list_tools()]
        assert names == ["weather_now", "weather_later", "news_now"]
        assert (await group.call_tool("news_now", {"what": "x"})).data == "news now x"
        raw = await group.call_tool_mcp("weather_later")
        assert raw.content[0].text == "weather later"
        route = await group.resolve_tool("weather_now")
        assert route == ToolRoute("weather", group.clients["weather"], "now")

    used(two(), use)


def test_a_call_may_come_before_any_list() -> None:
    """Many at once make one."""
    asked: list[str] = []

    async def serve(message: Any) -> Any:
        asked.append(message["method"])
        if message["method"] == "tools/list":
            return {"tools": [{"name": "now", "inputSchema": {"type": "object"}}]}
        return {"content": [{"type": "text", "text": "x"}]}

    async def use(group: ClientGroup) -> list[Any]:
        return [r.data for r in await asyncio.gather(*(group.call_tool("a_now") for _ in range(5)))]

    assert used(ClientGroup({"a": Client(ScriptedServer(serve))}), use) == ["x"] * 5
    assert asked.count("tools/list") == 1


def test_options_of_a_call_are_those_of_the_client() -> None:
    """Errors as results, progress, versions, and times."""
    mcp = FastMCP("x")

    @mcp.tool(version="1")
    def day() -> str:
        return "old"

    @mcp.tool(version="2", name="day")
    def newer() -> date:
        return date(2024, 1, 1)

    @mcp.tool
    async def slow() -> None:
        await asyncio.sleep(60)

    async def use(group: ClientGroup) -> None:
        assert (await group.call_tool("x_day")).data == date(2024, 1, 1)
        assert (await group.call_tool("x_day", version="1")).data == "old"
        with pytest.raises(TimeoutError):
            await group.call_tool("x_slow", timeout=0.05)

    used(ClientGroup({"x": Client(mcp)}), use)


def test_a_failing_tool_is_an_error_of_the_group() -> None:
    """Or a result that says so."""

    async def use(group: ClientGroup) -> None:
        with pytest.raises(ToolError, match="news fails"):
            await group.call_tool("news_now", {"what": "fail"})
        failed = await group.call_tool("news_now", {"what": "fail"}, raise_on_error=False)
        assert failed.is_error

    used(two(), use)


def test_an_unknown_tool_is_a_key_error_that_names_it() -> None:
    """Whether or not there was a list before."""

    async def use(group: ClientGroup) -> None:
        for name in ("news_then", "now", "news_then"):
            with pytest.raises(KeyError, match=f"{name}.*list_tools"):
                await group.call_tool(name)

    used(two(), use)


def test_a_new_tool_is_found_after_a_list() -> None:
    """Which asks the servers anew, also when the clients remember what they said."""
    news = server("news", "now")

    async def use(group: ClientGroup) -> None:
        await group.list_tools()
        news.tool(_telling("news", "then"), name="then")
        await group.list_tools(cache_mode="use")
        with pytest.raises(KeyError):
            await group.call_tool("news_then")
        await group.list_tools()
        assert (await group.call_tool("news_then")).data == "news then"

    used(ClientGroup({"news": Client(news, cache=True)}), use)


def test_two_tools_of_one_name_are_refused() -> None:
    """The message says whose they are, and the cure."""
    group = ClientGroup(
        {"a": Client(server("a", "b_c")), "a_b": Client(server("a_b", "c"))},
    )

    async def use(group: ClientGroup) -> None:
        with pytest.raises(ValueError, match=r"'a_b_c'.*'c' of 'a_b'.*'b_c' of 'a'"):
            await group.list_tools()

    used(group, use)


def test_each_client_speaks_its_own_revision() -> None:
    """None before it has agreed on one."""
    group = ClientGroup(
        {
            "old": Client(server("old", "x"), mode="legacy"),
            "new": Client(server("new", "x")),
        }
    )

    async def use(group: ClientGroup) -> dict[str, str | None]:
        return group.protocol_versions

    assert group.protocol_versions == {"old": None, "new": None}
    assert used(group, use) == {"old": "2025-11-25", "new": "2026-07-28"}


def test_a_group_may_be_entered_several_times() -> None:
    """It closes with its last user; clients that others use stay open."""

    async def main() -> None:
        group = two()
        async with group, group.clients["news"]:
            async with group:
                pass
            assert (await group.call_tool("weather_now")).data == "weather now"
            await group.__aexit__(None, None, None)
            states = [client.is_connected() for client in group.clients.values()]
            assert states == [False, True]
            await group.__aenter__()
        assert not any(client.is_connected() for client in group.clients.values())
        async with group:
            assert len(await group.list_tools()) == 3

    asyncio.run(main())


def test_a_client_that_cannot_be_opened_leaves_none_open() -> None:
    """The error is its own."""
    group = ClientGroup(
        {"a": Client(server("a", "x")), "b": Client("http://127.0.0.1:9/mcp", init_timeout=5)}
    )

    async def main() -> None:
        with pytest.raises(ClientError, match=r"127\.0\.0\.1:9"):
            async with group:
                pass
        assert not group.clients["a"].is_connected()
        assert [t for t in asyncio.all_tasks() if t is not asyncio.current_task()] == []

    asyncio.run(main())


def test_opening_may_be_given_up() -> None:
    """Nothing stays open."""

    async def never(message: Any) -> Any:
        await asyncio.Event().wait()

    class Silent(ScriptedServer):
        async def start(self, session: Any) -> None:
            await asyncio.Event().wait()

    group = ClientGroup({"a": Client(server("a", "x")), "b": Client(Silent(never))})

    async def main() -> None:
        opening = asyncio.ensure_future(group.__aenter__())
        while not group.clients["a"].is_connected():
            await asyncio.sleep(0)
        opening.cancel()
        with pytest.raises(asyncio.CancelledError):
            await opening
        assert not group.clients["a"].is_connected()

    asyncio.run(main())


def test_leaving_may_be_cancelled_and_closes_all_the_same() -> None:
    """Soon after."""

    async def main() -> None:
        group = two()
        await group.__aenter__()
        leaving = asyncio.ensure_future(group.__aexit__(None, None, None))
        await asyncio.sleep(0)
        leaving.cancel()
        await asyncio.wait([leaving])
        async with asyncio.timeout(20):
            while any(client.is_connected() for client in group.clients.values()):
                await asyncio.sleep(0)

    asyncio.run(main())


def test_one_dead_server_does_not_take_the_others_with_it() -> None:
    """Its own tools say that it is gone; a list needs all."""

    async def use(group: ClientGroup) -> None:
        await group.list_tools()
        await group.clients["news"].close()
        assert (await group.call_tool("weather_now")).data == "weather now"
        with pytest.raises(RuntimeError, match="'news'"):
            await group.call_tool("news_now")
        with pytest.raises(RuntimeError, match="'news'"):
            await group.list_tools()

    used(two(), use)


def test_a_group_that_is_not_open_says_so() -> None:
    """With the cure."""
    with pytest.raises(RuntimeError, match="async with group"):
        asyncio.run(two().list_tools())


def test_a_group_needs_a_client_and_keeps_it() -> None:
    """Its clients cannot be exchanged."""
    with pytest.raises(ValueError, match="at least one"):
        ClientGroup({})
    with pytest.raises(TypeError):
        two().clients["x"] = Client(FastMCP("x"))  # type: ignore[index]


def test_a_group_is_made_of_a_configuration(tmp_path: Path) -> None:
    """A client for each server that is not disabled, in its own mode."""
    program = tmp_path / "server.py"
    program.write_text(
        "from fastmcp import FastMCP\nmcp = FastMCP('x')\n"
        "@mcp.tool\ndef now() -> int:\n    return 1\nmcp.run()\n"
    )
    entry = {"command": sys.executable, "args": [str(program)]}
    config = {
        "mcpServers": {
            "a": {**entry, "mode": "legacy"},
            "b": entry,
            "c": {**entry, "disabled": True},
        }
    }

    async def use(group: ClientGroup) -> Any:
        assert group.protocol_versions == {"a": "2025-11-25", "b": "2026-07-28"}
        return [(await group.call_tool(f"{name}_now")).data for name in "ab"]

    assert used(ClientGroup.from_config(config), use) == [1, 1]
    with pytest.raises(ConfigurationError, match="mcpServers"):
        ClientGroup.from_config({"mcpServer": {"a": entry}})
