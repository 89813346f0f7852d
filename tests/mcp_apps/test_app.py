"""FastMCPApp: entry tools, and those that the interface calls."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from fastmcp import Client, Context, FastMCP
from fastmcp.apps import (
    UI_EXTENSION_ID,
    UI_MIME_TYPE,
    AppConfig,
    FastMCPApp,
    PrefabAppConfig,
    ResourceCSP,
    app_config_to_meta_dict,
)
from fastmcp.apps.config import is_model_visible
from fastmcp.client.transports import StdioTransport
from fastmcp.exceptions import ConfigurationError
from fastmcp.server.transforms.search import RegexSearchTransform
from fastmcp.tools import Tool

PAGE = AppConfig(resource_uri="ui://board/page.html")


def board() -> FastMCPApp:
    """An app with a tool of each kind."""
    app = FastMCPApp("board")

    @app.ui("show", title="The board", app=PAGE)
    def show_board() -> dict[str, list[str]]:
        """Show the board."""
        return {"notes": []}

    @app.tool
    def add_note(text: str) -> str:
        return text

    @app.tool("count", model=True, description="How many there are")
    def count_notes() -> int:
        return 0

    @app.resource("ui://board/page.html", app=AppConfig(csp=ResourceCSP(connect_domains=[])))
    def page() -> str:
        return "<!doctype html>"

    return app


async def test_tools_say_whom_they_are_for() -> None:
    """Entry tools are the model's, the others the interface's, unless they are for both."""
    async with Client(FastMCP("x", providers=[board()])) as client:
        tools = {tool.name: tool for tool in await client.list_tools()}
        assert {name: (tool.meta or {})["ui"] for name, tool in tools.items()} == {
            "show": {"resourceUri": "ui://board/page.html", "visibility": ["model"]},
            "add_note": {"visibility": ["app"]},
            "count": {"visibility": ["app", "model"]},
        }
        assert (tools["show"].title, tools["show"].description) == ("The board", "Show the board.")
        assert [is_model_visible(tools[name]) for name in ("show", "add_note", "count")] == [
            True,
            False,
            True,
        ]
        assert (await client.call_tool("add_note", {"text": "a"})).data == "a"
        [contents] = await client.read_resource("ui://board/page.html")
        assert (contents.mimeType, contents.text) == (UI_MIME_TYPE, "<!doctype html>")
        assert contents.meta == {"ui": {"csp": {"connectDomains": []}}}


async def test_functions_and_tools_are_added_for_the_interface() -> None:
    """Unless they say whom they are for; the functions stay what they were."""
    app = FastMCPApp("x")

    def plain() -> str:
        return "plain"

    assert app.tool(plain) is plain
    assert app.ui(lambda: 0, name="opens", app={"resourceUri": "ui://a", "visibility": ["app"]})
    app.add_tool(Tool.from_function(lambda: 1, name="made", meta={"own": 1}))
    app.add_tool(Tool.from_function(lambda: 2, name="both", app=AppConfig(visibility=["model"])))

    async with Client(FastMCP("x", providers=[app])) as client:
        metas = {tool.name: tool.meta for tool in await client.list_tools()}
    assert metas == {
        "plain": {"ui": {"visibility": ["app"]}},
        "opens": {"ui": {"resourceUri": "ui://a", "visibility": ["app"]}},
        "made": {"own": 1, "ui": {"visibility": ["app"]}},
        "both": {"ui": {"visibility": ["model"]}},
    }
    assert repr(app) == "FastMCPApp('x')"


async def test_what_is_for_the_interface_is_kept_from_catalogs() -> None:
    """What a search shows to a model, no host has looked through."""
    mcp = FastMCP("x", providers=[board()], transforms=[RegexSearchTransform()])

    async with Client(mcp) as client:
        found = str(await client.call_tool("search_tools", {"pattern": "note|count|show"}))
        assert "count" in found and "show" in found and "add_note" not in found


async def test_a_tool_knows_whether_its_client_shows_interfaces() -> None:
    """By the extension that the client declares."""
    mcp = FastMCP("x")

    @mcp.tool
    def shows(ctx: Context) -> bool:
        return ctx.client_supports_extension(UI_EXTENSION_ID)

    for extensions in ({UI_EXTENSION_ID: {"mimeTypes": [UI_MIME_TYPE]}}, None):
        async with Client(mcp, extensions=extensions) as client:
            assert (await client.call_tool("shows")).data is bool(extensions)


async def test_an_app_is_served_alone(tmp_path: Path) -> None:
    """By `run()`, as a server of its name."""
    program = tmp_path / "alone.py"
    program.write_text(
        "from fastmcp.apps import FastMCPApp\n"
        "app = FastMCPApp('alone')\n"
        "@app.tool\n"
        "def ping() -> str:\n"
        "    return 'pong'\n"
        "app.run(show_banner=False)\n",
        "utf-8",
    )
    async with Client(StdioTransport(sys.executable, [str(program)])) as client:
        assert client.get_server_info()["name"] == "alone"
        assert (await client.call_tool("ping")).data == "pong"


@pytest.mark.parametrize("app", [None, True, PrefabAppConfig()])
def test_components_of_prefab_need_prefab(app: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """An entry tool without a page says what is missing, and what else can be done."""
    monkeypatch.setitem(sys.modules, "prefab_ui", None)
    given = {} if app is None else {"app": app}

    with pytest.raises(ConfigurationError, match=r"resource_uri='ui://.*pip install prefab-ui"):
        FastMCPApp("x").ui(lambda: 0, name="opens", **given)


@pytest.mark.parametrize("app", [True, PrefabAppConfig()])
def test_prefab_is_for_apps_alone(app: Any) -> None:
    """A tool of a server names its page."""
    assert PrefabAppConfig().resource_uri == "ui://prefab/renderer.html"
    with pytest.raises(ConfigurationError, match=r"a FastMCPApp, @app.ui\(\)"):
        app_config_to_meta_dict(app)
