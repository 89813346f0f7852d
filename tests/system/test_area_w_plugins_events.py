"""Area W, row by row: systems of plugins, and of events."""

from __future__ import annotations

import asyncio
import contextlib
import importlib.util
import json
import time
from abc import ABC, abstractmethod
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from apps import call, initialize, notification, request
from processes import stdio_server
from reaching import Reach

from fastmcp import Client, FastMCP
from fastmcp.testing import create_test_client

Script = Callable[..., Path]

EMAIL = """
    from fastmcp.plugins import MCPPlugin

    class EmailPlugin(MCPPlugin):
        @property
        def name(self) -> str:
            return "email"

        @property
        def version(self) -> str:
            return "1.0.0"

        def register_tools(self, mcp) -> None:
            @mcp.tool
            def send_email(to: str, subject: str, body: str) -> dict:
                print("sending to", to)
                return {"to": to, "subject": subject, "status": "sent"}

            @mcp.tool
            def get_email_templates() -> list:
                return ["welcome", "goodbye"]

        def register_resources(self, mcp) -> None:
            @mcp.resource("email/config")
            def email_config() -> str:
                return '{"host": "localhost"}'
"""
HOST = """
    from fastmcp import FastMCP
    from fastmcp.plugins import MCPPlugin, PluginManager

    mcp = FastMCP("Plugin Host")
    plugin_manager = PluginManager(mcp)

    class DatabasePlugin(MCPPlugin):
        name = "database"
        version = "2.1"

        def __init__(self, url: str) -> None:
            self.url = url

        def register_tools(self, mcp) -> None:
            @mcp.tool
            def db_query(query: str) -> dict:
                return {"query": query, "rows": [], "url": self.url}

            @mcp.tool
            def db_health() -> dict:
                return {"status": "healthy"}

        def register_resources(self, mcp) -> None:
            @mcp.resource("database/schema")
            def schema() -> str:
                return '{"tables": ["users"]}'

    plugin_manager.register(DatabasePlugin("sqlite://"))

    @mcp.tool
    def list_plugins() -> list:
        return plugin_manager.info()

    @mcp.tool
    def load_plugin(path: str) -> dict:
        try:
            [plugin] = plugin_manager.load_from_file(path)
            return {"loaded": plugin.name}
        except ValueError as error:
            return {"error": str(error)}

    @mcp.tool
    def unload_plugin(name: str) -> str:
        plugin_manager.unload(name)
        return name

    if __name__ == "__main__":
        mcp.run()
"""


def test_s327_a_server_loads_plugins_from_files(script: Script) -> None:
    """A process with one plugin of its own; another is loaded, refused twice, and unloaded."""
    program, plugin = script(HOST), script(EMAIL, "email_plugin.py")
    own = ["db_query", "db_health"]
    added = ["send_email", "get_email_templates"]
    heard: list[str] = []
    with stdio_server([program]) as server:

        def ask(message: Any) -> Any:
            server.send(message)
            while "id" not in (answer := server.receive()):
                heard.append(answer["method"])
            return answer["result"]

        def use(tool: str, **arguments: Any) -> Any:
            return json.loads(ask(call(tool, **arguments))["content"][0]["text"])

        def tools() -> set[str]:
            return {each["name"] for each in ask(request("tools/list"))["tools"]}

        ask(initialize())
        server.send(notification("notifications/initialized"))
        assert set(own) < tools() and tools().isdisjoint(added)
        assert use("load_plugin", path=str(plugin)) == {"loaded": "email"}
        assert set(own + added) < tools()
        assert [each["uri"] for each in ask(request("resources/list"))["resources"]] == [
            "resource://database/schema",
            "resource://email/config",
        ]
        sent = use("send_email", to="ann@example.com", subject="Hi", body="")
        assert sent["status"] == "sent"
        assert [(each["name"], each["version"]) for each in use("list_plugins")] == [
            ("database", "2.1"),
            ("email", "1.0.0"),
        ]
        said = use("load_plugin", path=str(plugin))["error"]
        assert "Plugin 'email' is registered already" in said
        assert "no such file" in use("load_plugin", path="/none.py")["error"]
        ask(call("unload_plugin", name="email"))
        assert set(own) < tools() and tools().isdisjoint(added)
        assert server.finish() == 0

    assert {"notifications/tools/list_changed", "notifications/resources/list_changed"} <= {*heard}
    assert all(json.loads(line)["jsonrpc"] == "2.0" for line in server.raw)


class OwnPlugin(ABC):
    """What people wrote before there was any of ours."""

    @property
    @abstractmethod
    def name(self) -> str: ...

    @abstractmethod
    def register_tools(self, mcp: FastMCP) -> None: ...


class OwnManager:
    def __init__(self, mcp: FastMCP) -> None:
        self.mcp = mcp
        self.plugins: dict[str, OwnPlugin] = {}

    def register_plugin(self, plugin: OwnPlugin) -> None:
        if plugin.name in self.plugins:
            raise ValueError(f"Plugin {plugin.name} already registered")
        plugin.register_tools(self.mcp)
        self.plugins[plugin.name] = plugin

    def load_plugin_from_file(self, path: str) -> None:
        spec = importlib.util.spec_from_file_location("plugin", path)
        assert spec is not None and spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        for member in vars(module).values():
            if isinstance(member, type) and hasattr(member, "register_tools"):
                self.register_plugin(member())


def test_s327_a_plugin_system_of_ones_own_runs(script: Script, reach: Reach, mode: str) -> None:
    """With the server itself, which plugins change while a tool runs."""
    mcp = FastMCP("own")
    manager = OwnManager(mcp)
    source = """
        class Extra:
            name = "extra"

            def register_tools(self, mcp):
                @mcp.tool
                def extra(text: str) -> str:
                    return text.upper()

                @mcp.resource("extra/config")
                def config() -> str:
                    return "{}"
    """
    path = str(script(source, "extra.py"))

    @mcp.tool
    def load_plugin(path: str) -> str:
        manager.load_plugin_from_file(path)
        return ", ".join(manager.plugins)

    async def main(target: Any) -> None:
        async with Client(target, mode=mode) as client:
            assert (await client.call_tool("load_plugin", {"path": path})).data == "extra"
            assert (await client.call_tool("extra", {"text": "hi"})).data == "HI"
            [content] = await client.read_resource("extra/config")
            assert content.text == "{}"
            again = await client.call_tool("load_plugin", {"path": path}, raise_on_error=False)
            assert again.is_error
            assert "already registered" in again.content[0].text

    asyncio.run(main(reach(mcp)))


# S328: an event bus


def test_s328_tools_publish_and_subscribe(
    reach: Reach, mode: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Wildcards, handlers of both kinds, one that fails, a history, and a resource of types."""
    from fastmcp.events import Event, EventBus

    mcp = FastMCP("Event-Driven Server")
    bus = EventBus(history=100)
    audit: list[str] = []
    mails: list[str] = []

    @bus.subscribe("user.*")
    async def log_user_event(event: Event) -> None:
        audit.append(event.type)

    @bus.subscribe("user.created")
    def send_welcome(event: Event) -> None:
        mails.append(event.data["email"])

    @bus.subscribe("order.placed")
    def broken(event: Event) -> None:
        raise RuntimeError("the warehouse is closed")

    @mcp.tool
    def publish_event(event_type: str, data: dict) -> dict:  # type: ignore[type-arg]
        event = bus.publish(event_type, data)
        return {"event_id": event.id, "timestamp": event.timestamp}

    @mcp.tool
    async def create_user(email: str) -> str:
        event = await bus.publish("user.created", {"email": email})
        return event.id

    @mcp.tool
    def get_event_history(event_type: str | None = None, limit: int = 10) -> list:  # type: ignore[type-arg]
        return bus.history(event_type, limit)

    @mcp.resource("events/types")
    def event_types() -> str:
        return json.dumps(bus.types)

    async def main(target: Any) -> None:
        async with Client(target, mode=mode) as client:

            async def use(tool: str, **arguments: Any) -> Any:
                return (await client.call_tool(tool, arguments)).data

            first = await use("create_user", email="ann@example.com")
            told = await use("publish_event", event_type="order.placed", data={"id": 1})
            assert len(told["event_id"]) == len(first)
            await use("publish_event", event_type="user.deleted", data={})
            history = await use("get_event_history")
            assert [event["type"] for event in history] == [
                "user.created",
                "order.placed",
                "user.deleted",
            ]
            users = await use("get_event_history", event_type="user.*", limit=1)
            assert [event["type"] for event in users] == ["user.deleted"]
            assert (await use("get_event_history", event_type=None))[0]["id"] == first
            [content] = await client.read_resource("events/types")
            assert json.loads(content.text) == ["order.placed", "user.created", "user.deleted"]

    asyncio.run(main(reach(mcp)))

    assert audit == ["user.created", "user.deleted"]
    assert mails == ["ann@example.com"]
    assert "the warehouse is closed" in caplog.text


class OwnBus:
    """What people wrote before there was any of ours."""

    def __init__(self) -> None:
        self.handlers: dict[str, list[Callable[[Any], None]]] = defaultdict(list)
        self.history: list[dict[str, Any]] = []

    def subscribe(self, event_type: str, handler: Callable[[Any], None]) -> None:
        self.handlers[event_type].append(handler)

    def publish(self, event_type: str, data: Any) -> None:
        self.history.append({"type": event_type, "data": data, "timestamp": time.time()})
        for handler in self.handlers[event_type]:
            try:
                handler(data)
            except Exception as error:
                print(f"Error in event handler: {error}")


def test_s328_an_event_bus_of_ones_own_runs(capsys: pytest.CaptureFixture[str]) -> None:
    """What its handlers raise is printed, and no tool fails."""
    mcp = FastMCP("own")
    bus = OwnBus()

    def failing(data: Any) -> None:
        raise ValueError("bad handler")

    bus.subscribe("x", failing)

    @mcp.tool
    def publish_event(event_type: str, data: dict | None = None) -> dict:  # type: ignore[type-arg]
        bus.publish(event_type, data or {})
        return {"success": True}

    @mcp.tool
    def get_event_history(event_type: str | None = None) -> list:  # type: ignore[type-arg]
        return [event for event in bus.history if event_type in (None, event["type"])]

    @mcp.resource("events/types")
    def event_types() -> str:
        return json.dumps(list(bus.handlers))

    with contextlib.closing(create_test_client(mcp)) as client:
        assert client.call_tool("publish_event", {"event_type": "x"}) == {"success": True}
        assert client.call_tool("get_event_history", {"event_type": None})[0]["type"] == "x"
        assert json.loads(client.get_resource("events/types")) == ["x"]
    assert "Error in event handler: bad handler" in capsys.readouterr().out
