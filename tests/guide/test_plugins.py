"""Plugins, and events."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from redis_server import redis_server

from fastmcp import Client
from fastmcp.exceptions import ConfigurationError


@pytest.fixture
def redis_url(tmp_path: Path) -> Iterator[str]:
    with redis_server(tmp_path) as server:
        yield server.url


async def test_a_plugin_is_loaded_and_unloaded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As one."""
    monkeypatch.chdir(tmp_path)
    # snippet: plugin
    from fastmcp.plugins import MCPPlugin

    class EmailPlugin(MCPPlugin):
        """Sends mail."""

        @property
        def name(self) -> str:
            return "email"

        @property
        def version(self) -> str:
            return "1.0"

        def register_tools(self, mcp) -> None:
            @mcp.tool
            def send_email(to: str, text: str) -> str:
                return f"sent to {to}"

        def register_resources(self, mcp) -> None:
            @mcp.resource("email/templates")
            def templates() -> list[str]:
                return ["welcome", "goodbye"]

    # end
    Path("plugins").mkdir()
    Path("plugins/database.py").write_text(
        "from fastmcp.plugins import MCPPlugin\nclass P(MCPPlugin):\n    name = 'database'\n"
    )
    # snippet: manager
    from fastmcp import FastMCP
    from fastmcp.plugins import PluginManager

    mcp = FastMCP("Office")
    plugins = PluginManager(mcp)
    plugins.register(EmailPlugin())
    plugins.load_entry_points()  # of installed packages, in the group fastmcp.plugins

    @mcp.tool
    def load_plugins(path: str) -> list[str]:
        """Load the plugins in a file."""
        return [plugin.name for plugin in plugins.load_from_file(path)]

    # end

    async with Client(mcp) as client:
        loaded = await client.call_tool("load_plugins", {"path": "plugins/database.py"})
        assert loaded.data == ["database"]
        assert len(await client.list_tools()) == 2
        assert list(plugins.plugins) == ["email", "database"]
        with pytest.raises(ConfigurationError, match="'email' is registered already"):
            plugins.register(EmailPlugin())
        # snippet: unload
        assert plugins.info("email")["tools"] == ["send_email"]
        plugins.unload("email")
        # end
        assert [tool.name for tool in await client.list_tools()] == ["load_plugins"]


async def test_events_are_told() -> None:
    """From tools, to functions."""
    # snippet: events
    from fastmcp import FastMCP
    from fastmcp.events import Event, EventBus

    bus = EventBus()
    mcp = FastMCP("Shop", lifespan=bus.lifespan)
    mails = []

    @bus.subscribe("order.*")
    async def write_mail(event: Event) -> None:
        mails.append(f"{event.type}: {event.data['item']}")

    @mcp.tool
    def order(item: str) -> str:
        return bus.publish("order.placed", {"item": item}).id

    @mcp.tool
    async def cancel(item: str) -> str:
        event = await bus.publish("order.cancelled", {"item": item})
        return event.id

    @mcp.tool
    def history(limit: int = 10) -> list[Event]:
        return bus.history("order.*", limit)

    # end
    async with Client(mcp) as client:
        await client.call_tool("order", {"item": "tea"})
        await client.call_tool("cancel", {"item": "tea"})
        assert mails == ["order.placed: tea", "order.cancelled: tea"]
        assert len((await client.call_tool("history")).data) == 2


async def test_workers_tell_each_other(redis_url: str) -> None:
    """Over Redis."""
    # snippet: shared
    from fastmcp.events import EventBus

    bus = EventBus(backplane="redis://localhost:6379/0", history=500)
    # end
    assert bus.history() == []
    first, second = (EventBus(backplane=redis_url) for _ in range(2))
    async with first, second:
        import asyncio

        heard = asyncio.Event()
        second.subscribe("x", lambda event: loop.call_soon_threadsafe(heard.set))
        loop = asyncio.get_running_loop()
        await first.publish("x", 1)
        async with asyncio.timeout(20):
            await heard.wait()
    assert second.history()[0].data == 1
