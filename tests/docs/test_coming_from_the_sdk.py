"""The changes that the page for users of the official SDK shows: both programs run."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from peers.environments import python_packages
from processes import environment

from fastmcp import Client, FastMCP
from fastmcp.client import MCPClient
from fastmcp.client.transports import StdioTransport

PAGE = (Path(__file__).parents[2] / "docs" / "coming-from-the-sdk.md").read_text("utf-8")
BLOCKS = re.findall(r"<!-- (\w+) of mcp (\d) -->\n```diff\n(.*?)```", PAGE, flags=re.S)
WEATHER = next(block for kind, version, block in BLOCKS if version == "2" and kind == "server")


def program(block: str, side: str) -> str:
    """A block before (`-`) or after (`+`) its change."""
    lines = [line for line in block.splitlines() if line[:1] in (side, " ", "")]
    return "".join(f"{line[1:]}\n" for line in lines)


def interpreter(version: str) -> str:
    """A Python that has the SDK."""
    return python_packages("mcp1", "mcp==1.30.0") if version == "1" else sys.executable


async def served(python: str, path: Path) -> dict[str, Any]:
    """What a client is told by the program of a server."""
    transport = StdioTransport(python, [str(path)], cwd=str(path.parent), keep_alive=False)
    async with Client(transport, mode="legacy") as client:
        told: dict[str, Any] = {
            "tools": [(tool.name, tool.description) for tool in await client.list_tools()],
            "forecast": (await client.call_tool("forecast", {"city": "Bern"})).content[0].text,
            "instructions": client.instructions,
        }
        if client.server_capabilities.resources and await client.list_resource_templates():
            failed = await client.call_tool("forecast", {"city": "Atlantis"}, raise_on_error=False)
            [chart] = (await client.call_tool("chart")).content
            [now] = await client.read_resource("weather://Bern/now")
            asked = await client.get_prompt("pack", {"city": "Bern"})
            told |= {
                "failed": failed.is_error and "no weather in Atlantis" in failed.text(),
                "chart": (chart.type, chart.data, chart.mime_type),
                "now": now.text,
                "prompt": [message.content.text for message in asked.messages],
            }
        return told


@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    ("version", "block"),
    [(version, block) for kind, version, block in BLOCKS if kind == "server"],
    ids=["FastMCP", "MCPServer", "Server"],
)
async def test_a_server_is_the_same_after_its_change(
    version: str, block: str, tmp_path: Path
) -> None:
    """To its clients."""
    before, after = tmp_path / "before.py", tmp_path / "after.py"
    before.write_text(program(block, "-"), "utf-8")
    after.write_text(program(block, "+"), "utf-8")

    told = await served(sys.executable, after)

    assert told == await served(interpreter(version), before)
    assert told["forecast"] == "Bern: sun"


@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    ("version", "block"),
    [(version, block) for kind, version, block in BLOCKS if kind == "client"],
    ids=["ClientSession", "Client"],
)
def test_a_client_prints_the_same_after_its_change(
    version: str, block: str, tmp_path: Path
) -> None:
    """Each with the server of its own package."""
    printed: list[str] = []
    for side, python in (("-", interpreter(version)), ("+", sys.executable)):
        folder = tmp_path / ("before" if side == "-" else "after")
        folder.mkdir()
        theirs = BLOCKS[0][2] if version == "1" else WEATHER
        (folder / "weather.py").write_text(program(theirs, side), "utf-8")
        (folder / "client.py").write_text(program(block, side), "utf-8")
        path = os.pathsep.join((str(Path(python).parent), os.environ["PATH"]))
        done = subprocess.run(
            [python, "client.py"],
            cwd=folder,
            env=environment({"PATH": path}),
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert done.returncode == 0, done.stderr
        printed.append(done.stdout)

    assert printed[0] == printed[1]
    assert "Bern: sun" in printed[0]


def test_the_objects_of_the_sdk_are_taken() -> None:
    """Content and annotations, as `mcp.types` has them."""
    types = import_module("mcp.types")
    mcp = FastMCP("Weather")

    @mcp.tool(annotations=types.ToolAnnotations(read_only_hint=True))
    def forecast() -> list[Any]:
        return [types.TextContent(type="text", text="sun")]

    with MCPClient(mcp) as client:
        assert client.call_tool("forecast") == "sun"
        [tool] = client.list_tools()
    assert tool["annotations"] == {"readOnlyHint": True}


async def test_results_of_the_two_differ_as_the_page_says() -> None:
    """Text is sent once here, and a list is one text."""
    told: list[list[Any]] = []
    for mcp in (FastMCP("Weather"), import_module("mcp.server").MCPServer("Weather")):

        @mcp.tool()
        def text() -> str:
            return "sun"

        @mcp.tool()
        def days() -> list[str]:
            return ["sun", "rain"]

        client_class = Client if isinstance(mcp, FastMCP) else import_module("mcp").Client
        async with client_class(mcp) as client:
            results = [await client.call_tool(name) for name in ("text", "days")]
        told.append([(r.structured_content, len(r.content)) for r in results])

    [ours, theirs] = told
    assert ours == [(None, 1), ({"result": ["sun", "rain"]}, 1)]
    assert theirs == [({"result": "sun"}, 1), ({"result": ["sun", "rain"]}, 2)]


@pytest.mark.parametrize("name", ["host", "port"])
def test_what_the_constructor_no_longer_takes_it_names(name: str) -> None:
    """With the place where it goes."""
    with pytest.raises(TypeError, match=rf"mcp\.run\(transport='http', {name}="):
        FastMCP("Weather", **{name: 1})


NAMES = {
    "fastmcp.FastMCP": "streamable_http_app sse_app http_app notify_resource_updated completion",
    "fastmcp.Context": "lifespan_context sample list_roots elicit request_context",
    "fastmcp.Client": "list_tools_mcp read_resource ping",
    "fastmcp.prompts": "Message",
    "fastmcp.client": "ClientGroup",
    "fastmcp.client.auth": "OAuth",
    "fastmcp.client.transports": "StdioTransport StreamableHttpTransport",
    "fastmcp.exceptions": "McpError ToolError",
}


@pytest.mark.parametrize("home", NAMES)
def test_what_the_tables_name_is_there(home: str) -> None:
    """And stands on the page."""
    module, _, attribute = home.rpartition(".")
    try:
        owner: Any = import_module(home)
    except ImportError:
        owner = getattr(import_module(module), attribute)

    for name in NAMES[home].split():
        assert hasattr(owner, name) and name in PAGE
