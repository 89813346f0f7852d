"""Interfaces of Prefab's components, with the real package and its renderer."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from chromium import Chromium
from inspector.browsing import person
from inspector.running import inspecting
from peers.environments import python_packages
from processes import environment

from fastmcp import Client
from fastmcp.client.transports import StdioTransport

from .framed import Framed

DASHBOARD = Path(__file__).parent / "servers" / "dashboard.py"
WHERE = "import sysconfig; print(sysconfig.get_path('purelib'))"


@pytest.fixture(scope="session")
def prefab() -> dict[str, str]:
    """The variables of a process that finds Prefab; its page is one that loads nothing."""
    interpreter = python_packages("prefab", "prefab-ui==0.21.1")
    found = subprocess.run([interpreter, "-c", WHERE], capture_output=True, text=True, check=True)
    return {"PYTHONPATH": found.stdout.strip(), "PREFAB_BUNDLED_RENDERER": "1"}


@pytest.fixture
def client(prefab: dict[str, str]) -> Client:
    """A client of the server."""
    run = ["-m", "fastmcp", "run", str(DASHBOARD), "--no-banner"]
    return Client(StdioTransport(sys.executable, run, env=environment(prefab)), timeout=30)


def actions(value: Any) -> list[Any]:
    """The names of the tools that an interface calls."""
    if isinstance(value, list):
        return [name for each in value for name in actions(each)]
    if not isinstance(value, dict):
        return []
    own = [value["tool"]] if value.get("action") == "toolCall" else []
    return own + [name for each in value.values() for name in actions(each)]


async def test_components_are_what_an_entry_tool_gives(client: Client) -> None:
    """What they call has the name that the client sees, by whichever they were written."""
    async with client:
        result = await client.call_tool("show")
        assert result.content[0].text == "[Rendered Prefab UI]"
        assert actions(result.structured_content) == ["store", "store"]
        single = (await client.call_tool("other")).structured_content or {}
        assert "$prefab" in single and "other" in str(single["view"])
        assert (await client.call_tool("words")).content[0].text == "no components today"


async def test_each_has_a_page_with_what_is_said_of_it(client: Client) -> None:
    """Those of which nothing is said have the same one."""
    async with client:
        tools = {each.name: (each.meta or {}).get("ui", {}) for each in await client.list_tools()}
        uris = {name: tools[name]["resourceUri"] for name in ("show", "other", "words")}
        assert uris["show"] == uris["words"] == "ui://prefab/renderer.html" != uris["other"]
        assert tools["other"] == {"resourceUri": uris["other"], "visibility": ["model"]}
        [contents] = await client.read_resource(uris["other"])
        ui = (contents.meta or {})["ui"]
        assert ui["csp"] == {"connectDomains": ["https://api.example"], "resourceDomains": []}
        assert ui["permissions"] == {"camera": {}}
        assert contents.text.lower().startswith("<!doctype html>")


async def test_a_model_looks_components_up(client: Client) -> None:
    """And is told how to write an interface of them."""
    async with client:
        found = await client.call_tool("search_prefab_components", {"query": "Slider"})
        assert "Slider" in found.content[0].text
        tools = {each.name: each for each in await client.list_tools()}
        written = tools["generate_prefab_ui"]
        assert "PrefabApp" in (written.description or "")
        uri = (written.meta or {})["ui"]["resourceUri"]
        [contents] = await client.read_resource(uri)
        assert (contents.meta or {})["ui"]["csp"]["connectDomains"]


def test_they_work_in_a_browser(
    prefab: dict[str, str],
    browser: Chromium,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Prefab's own side of the protocol understands the page's."""
    for name, value in prefab.items():
        monkeypatch.setenv(name, value)
    with (
        inspecting("apps", DASHBOARD, "--no-reload", cwd=tmp_path) as running,
        person(browser, running) as ada,
    ):
        framed = Framed(browser, ada)
        ada.choose("Tools", "show")
        ada.press("Run")
        framed.read("Dashboard")
        framed.press("Save")
        framed.read("saved x")
        ada.read("The app says into the conversation")
