"""Plugins: loaded and unloaded as one, by hand, from files and from installed packages."""

from __future__ import annotations

import asyncio
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
from apps import served

from fastmcp import Client, FastMCP
from fastmcp.exceptions import ConfigurationError, NotFoundError
from fastmcp.plugins import MCPPlugin, PluginHost, PluginManager
from fastmcp.tools import Tool

SECONDS = 20


class DatabasePlugin(MCPPlugin):
    """Queries a database."""

    def __init__(self, rows: tuple[str, ...] = ("a", "b")) -> None:
        self.rows = list(rows)
        self.mcp: PluginHost | None = None

    @property
    def name(self) -> str:
        return "database"

    @property
    def version(self) -> str:
        return "1.2"

    def register_tools(self, mcp: PluginHost) -> None:
        self.mcp = mcp

        @mcp.tool
        def db_query(table: str) -> list[str]:
            """Query a table."""
            return [f"{table}.{row}" for row in self.rows]

    def register_resources(self, mcp: PluginHost) -> None:
        @mcp.resource("database/schema")
        def schema() -> str:
            return "CREATE TABLE t"

        @mcp.resource("database/{table}/rows")
        def rows(table: str) -> str:
            return table

    def register_prompts(self, mcp: PluginHost) -> None:
        @mcp.prompt
        def explain(table: str) -> str:
            return f"Explain {table}"

    def on_unload(self) -> None:
        self.rows.clear()


def plugin(name: str = "p", register: Callable[[Any], Any] = lambda mcp: None) -> MCPPlugin:
    """A plugin of one function."""

    class Small(MCPPlugin):
        @property
        def name(self) -> str:
            return name

        def register(self, mcp: PluginHost) -> None:
            return register(mcp)

    return Small()


def offered(mcp: FastMCP) -> list[list[str]]:
    """What a client sees: tools, resources, templates, prompts."""

    async def main() -> list[list[str]]:
        async with Client(mcp) as client:
            return [
                [tool.name for tool in await client.list_tools()],
                [str(resource.uri) for resource in await client.list_resources()],
                [each.uri_template for each in await client.list_resource_templates()],
                [prompt.name for prompt in await client.list_prompts()],
            ]

    return asyncio.run(main())


def server() -> FastMCP:
    mcp = FastMCP("x")

    @mcp.tool
    def own() -> str:
        return "own"

    return mcp


def test_a_plugin_is_loaded_and_unloaded() -> None:
    """Nothing of it stays, and everything else does."""
    mcp = server()
    before = offered(mcp)
    manager = PluginManager(mcp)

    loaded = manager.register(DatabasePlugin)

    assert manager.plugins == {"database": loaded}
    assert offered(mcp) == [
        ["own", "db_query"],
        ["resource://database/schema"],
        ["resource://database/{table}/rows"],
        ["explain"],
    ]
    assert mcp.call_tool("db_query", {"table": "t"}) == ["t.a", "t.b"]  # type: ignore[comparison-overlap]
    assert manager.info() == [manager.info("database")]
    assert manager.info("database") == {
        "name": "database",
        "version": "1.2",
        "description": "Queries a database.",
        "source": __name__,
        "tools": ["db_query"],
        "resources": ["database/schema"],
        "templates": ["database/{table}/rows"],
        "prompts": ["explain"],
    }

    manager.unload("database")

    assert offered(mcp) == before
    assert (manager.info(), loaded.rows) == ([], [])  # type: ignore[attr-defined]
    with pytest.raises(NotFoundError, match="no plugin 'database'; loaded: none"):
        manager.unload("database")
    manager.register(DatabasePlugin(("c",)))
    assert mcp.call_tool("db_query", {"table": "t"}) == ["t.c"]  # type: ignore[comparison-overlap]


def twice(mcp: Any) -> None:
    mcp.tool(lambda: 1, name="one")
    mcp.tool(lambda: 1, name="one")


def then_fail(mcp: Any) -> None:
    mcp.tool(lambda: 1, name="one")
    mcp.resource("x://y", name="y")(lambda: "y")
    raise OSError("no disk")


async def later(mcp: Any) -> None:
    pass


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: plugin("", then_fail), "Small.name is ''"),
        (lambda: plugin("p", then_fail), "'p' could not register.*OSError: no disk"),
        (lambda: plugin("p", twice), "'p' could not register.*'one' is registered already"),
        (lambda: plugin("p", later), "is async"),
        (lambda: plugin("p", lambda mcp: mcp.tool(lambda: 2, name="own")), "the tool 'own'"),
        (lambda: plugin("p", lambda mcp: mcp.add_middleware(print)), "cannot use add_middleware"),
        (lambda: plugin("p", lambda mcp: mcp.mount(FastMCP("y"))), "cannot use mount"),
        (lambda: plugin("other"), "'other' is registered already"),
        (lambda: plugin("p", lambda mcp: mcp.tool(lambda: 2, name="plugged")), "tool 'plugged'"),
        (lambda: 5, "is no plugin, but 5"),
        (lambda: FastMCP, "is no plugin"),
        (lambda: MCPPlugin, "abstract"),
    ],
)
def test_a_plugin_that_cannot_be_loaded_leaves_nothing(make: Any, said: str) -> None:
    """The error names it, and is a ValueError."""
    mcp = server()
    manager = PluginManager(mcp)
    manager.register(plugin("other", lambda mcp: mcp.tool(lambda: 1, name="plugged")))
    before = offered(mcp), manager.info()

    with pytest.raises(ConfigurationError, match=f"(?s){said}") as caught:
        manager.register(make())

    assert isinstance(caught.value, ValueError)
    assert (offered(mcp), manager.info()) == before


def test_clients_hear_of_plugins_that_come_and_go() -> None:
    """Loaded by a tool in a worker thread, used in the same session."""
    mcp = server()
    manager = PluginManager(mcp)

    @mcp.tool
    def load() -> str:
        manager.register(DatabasePlugin())
        return threading.current_thread().name

    @mcp.tool
    def unload() -> None:
        manager.unload("database")

    async def main() -> None:
        heard: asyncio.Queue[str] = asyncio.Queue()

        async def on_message(message: Any) -> None:
            if "tools/list_changed" in str(getattr(message, "method", "")):
                heard.put_nowait("tools")

        async with Client(mcp, mode="legacy", message_handler=on_message) as client:
            for act, names in (("load", ["db_query"]), ("unload", [])):
                assert (await client.call_tool(act)).data != threading.main_thread().name
                listed = [tool.name for tool in await client.list_tools()]
                assert listed == ["own", "load", "unload", *names]
                async with asyncio.timeout(SECONDS):
                    await heard.get()

    asyncio.run(main())


def test_what_a_plugin_registers_later_is_part_of_it() -> None:
    """It may keep what it was given."""
    mcp = server()
    manager = PluginManager(mcp)
    loaded = manager.register(DatabasePlugin())
    assert isinstance(loaded, DatabasePlugin) and loaded.mcp is not None

    loaded.mcp.add_tool(Tool.from_function(lambda: 1, name="later"))

    assert offered(mcp)[0] == ["own", "db_query", "later"]
    assert loaded.mcp.name == "x"
    manager.unload("database")
    assert offered(mcp)[0] == ["own"]


def test_routes_of_a_plugin_are_served_while_it_is_loaded() -> None:
    """Also by applications that have been made before."""
    import httpx2

    mcp = server()
    manager = PluginManager(mcp)

    def register(mcp: Any) -> None:
        @mcp.custom_route("/plugged", methods=["GET"])
        def plugged() -> dict[str, int]:
            return {"a": 1}

    with served(mcp.http_app()) as base, httpx2.Client(base_url=base) as http:
        assert http.get("/plugged").status_code == 404
        manager.register(plugin("p", register))
        assert http.get("/plugged").json() == {"a": 1}
        manager.unload("p")
        assert http.get("/plugged").status_code == 404


FILE = """
    from fastmcp.plugins import MCPPlugin

    class Base(MCPPlugin):
        def register_tools(self, mcp):
            mcp.tool(lambda: self.name, name=f"{self.name}_name")

    class One(Base):
        name = "one"

    class Two(Base):
        def __init__(self, name):
            self._name = name

        @property
        def name(self):
            return self._name

    two = Two("two")
    also_two = two
    three = Two("three")
"""


def written(directory: Path, text: str, name: str = "plugin.py") -> Path:
    path = directory / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(dedent(text), "utf-8")
    return path


def test_a_file_has_plugins(tmp_path: Path) -> None:
    """Objects at its top level, and one of each class that there is no object of."""
    mcp = server()
    manager = PluginManager(mcp)

    loaded = manager.load_from_file(str(written(tmp_path, FILE)))

    assert [each.name for each in loaded] == ["two", "three", "one"]
    assert mcp.call_tool("one_name") == "one"  # type: ignore[comparison-overlap]
    assert {info["source"] for info in manager.info()} == {str(tmp_path / "plugin.py")}
    with pytest.raises(ValueError, match=r"plugin\.py: Plugin 'two' is registered already"):
        manager.load_from_file(tmp_path / "plugin.py")


def test_a_folder_is_a_plugin_with_modules(tmp_path: Path) -> None:
    """Relative imports work in it."""
    written(tmp_path, FILE, "pack/parts.py")
    written(tmp_path, "from .parts import One as _One\nclass P(_One): pass", "pack/__init__.py")
    mcp = server()

    [loaded] = PluginManager(mcp).load_from_file(tmp_path / "pack")

    assert (loaded.name, offered(mcp)[0]) == ("one", ["own", "one_name"])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("x = 1\n1 / 0", "cannot be imported: line 2: ZeroDivisionError"),
        ("def f(:", "cannot be imported: SyntaxError.*line 1"),
        ("import sys\nsys.exit(1)", "line 2: SystemExit: 1"),
        ("import no_such_module", "No module named 'no_such_module'"),
        ("x = 1", "defines no plugin"),
        ("from fastmcp.plugins import MCPPlugin", "defines no plugin"),
        (FILE + "\n    class One2(One):\n        pass\n", "'one' is registered already"),
        (
            "from fastmcp.plugins import MCPPlugin\nclass P(MCPPlugin):\n  name = 'p'\n"
            "  def __init__(self, url): pass",
            r"P\(\) failed: TypeError.*'url'",
        ),
    ],
)
def test_a_file_that_cannot_be_loaded_leaves_nothing(tmp_path: Path, text: str, said: str) -> None:
    """Neither a plugin nor a module."""
    mcp = server()
    manager = PluginManager(mcp)
    modules = {name for name in sys.modules if name.startswith("fastmcp_plugin_")}

    with pytest.raises(ConfigurationError, match=f"plugin.py.*{said}"):
        manager.load_from_file(written(tmp_path, text))

    assert (offered(mcp)[0], manager.info()) == (["own"], [])
    if "cannot be imported" in said:
        assert {name for name in sys.modules if name.startswith("fastmcp_plugin_")} == modules


@pytest.mark.parametrize("name", ["none.py", "none", "text.txt"])
def test_a_file_that_is_none_is_told_so(tmp_path: Path, name: str) -> None:
    """By its path."""
    written(tmp_path, "", "text.txt")

    with pytest.raises(ConfigurationError, match=f"{name}.*(no such file|not a Python file)"):
        PluginManager(server()).load_from_file(tmp_path / name)


def test_installed_packages_offer_plugins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Those that can be loaded are; the others are named."""
    written(tmp_path, FILE + "\n    def make():\n        return Two('made')\n", "plugged.py")
    points = """
        [fastmcp.plugins]
        klass = plugged:One
        made = plugged:make
        missing = plugged:nothing
        object = plugged:two
        wrong = plugged:Base

        [other.group]
        three = plugged:three
    """
    written(tmp_path, points, "plugged-1.0.dist-info/entry_points.txt")
    written(tmp_path, "Name: plugged\nVersion: 1.0", "plugged-1.0.dist-info/METADATA")
    monkeypatch.syspath_prepend(tmp_path)
    mcp = server()
    manager = PluginManager(mcp)

    with pytest.raises(ConfigurationError) as caught:
        manager.load_entry_points()

    assert list(manager.plugins) == ["one", "made", "two"]
    for said in ("missing = plugged:nothing", "wrong = plugged:Base", "abstract"):
        assert said in str(caught.value)
    assert [each.name for each in manager.load_entry_points("other.group")] == ["three"]
    assert manager.info("one")["source"] == "klass = plugged:One"
    assert manager.load_entry_points("no.such.group") == []


def test_a_plugin_may_bring_others() -> None:
    """And a name is given once, however many threads want it."""
    mcp = server()
    manager = PluginManager(mcp)
    manager.register(plugin("outer", lambda _: manager.register(plugin("inner"))))
    outcomes: list[bool] = []

    def load() -> None:
        try:
            manager.register(DatabasePlugin())
        except ValueError:
            outcomes.append(False)
        else:
            outcomes.append(True)

    threads = [threading.Thread(target=load) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(outcomes) == [False] * 7 + [True]
    assert list(manager.plugins) == ["inner", "outer", "database"]
