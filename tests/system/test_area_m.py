"""Area M: client configurations, row by row."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from apps import served

from fastmcp import Client, FastMCP
from fastmcp.client.transports import StdioTransport
from fastmcp.exceptions import ConfigurationError
from fastmcp.mcp_config import MCPConfig, RemoteMCPServer, StdioMCPServer
from fastmcp.server.dependencies import get_http_request

SERVER = """
import os
from fastmcp import FastMCP

mcp = FastMCP("weather")

@mcp.tool
def environment() -> dict:
    return dict(os.environ)

mcp.run()
"""


@pytest.fixture
def entry(tmp_path: Path) -> dict[str, Any]:
    """A server that is run by a command."""
    script = tmp_path / "weather.py"
    script.write_text(SERVER)
    return {"command": sys.executable, "args": [str(script)]}


def used(target: Any, use: Callable[[Client], Any]) -> Any:
    """Open a client, use it, close it; bounded in time."""

    async def main() -> Any:
        async with asyncio.timeout(40), Client(target) as client:
            return await use(client)

    return asyncio.run(main())


async def tools(client: Client) -> list[str]:
    """The names of the tools."""
    return [tool.name for tool in await client.list_tools()]


def test_s215_an_mcp_servers_entry_is_reached_from_a_dict_and_from_a_file(
    entry: dict[str, Any], tmp_path: Path
) -> None:
    """Each parses to one server, which a client starts and calls by its own names."""
    config = {"mcpServers": {"weather": {**entry, "env": {"API_KEY": "k"}}}}
    path = tmp_path / "claude_desktop_config.json"
    path.write_text(json.dumps(config))

    assert list(MCPConfig.from_dict(config).mcpServers) == ["weather"]
    assert MCPConfig.from_file(path) == MCPConfig.from_dict(config)
    for target in (config, path, str(path), MCPConfig.from_file(path)):
        assert used(target, tools) == ["environment"]


def test_s216_a_windows_path_is_kept() -> None:
    """Backslashes and the drive stay in the arguments that the process gets."""
    text = (
        r'{"mcpServers": {"w": {"command": "python", "args": ["C:\\Users\\me\\new\\server.py"]}}}'
    )
    args = ["C:\\Users\\me\\new\\server.py"]
    server = MCPConfig.from_dict(json.loads(text)).mcpServers["w"]

    assert isinstance(server, StdioMCPServer)
    assert server.args == args
    transport = server.to_transport()
    assert isinstance(transport, StdioTransport)
    assert (transport.command, transport.args) == ("python", args)


def test_s217_the_environment_of_an_entry_comes_on_top_of_a_safe_one(
    entry: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server has its key and what programs need, and none of our other variables."""
    monkeypatch.setenv("SECRET_OF_OURS", "s3cret")

    async def use(client: Client) -> Any:
        return (await client.call_tool("environment")).data

    seen = used({"mcpServers": {"weather": {**entry, "env": {"API_KEY": "k"}}}}, use)

    assert seen["API_KEY"] == "k"
    assert "PATH" in seen
    assert "SECRET_OF_OURS" not in seen


@pytest.mark.parametrize("transport", ["streamable-http", "http"])
def test_s218_a_remote_entry_is_reached_with_a_trailing_slash(transport: str) -> None:
    """Under both names of the transport."""
    mcp = FastMCP("remote")
    mcp.tool(lambda: "pong", name="ping")

    with served(mcp.http_app()) as base:
        for url in (f"{base}/mcp/", f"{base}/mcp"):
            assert used({"mcpServers": {"r": {"url": url, "transport": transport}}}, tools) == [
                "ping"
            ]


def test_s219_headers_have_variables_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """The server sees the value; one that is not set is a clear error, before anything is sent."""
    mcp = FastMCP("remote")

    @mcp.tool
    def authorization() -> str:
        return get_http_request().headers["authorization"]

    async def use(client: Client) -> Any:
        return (await client.call_tool("authorization")).data

    with served(mcp.http_app()) as base:
        headers = {"Authorization": "Bearer ${MCP_AUTH_TOKEN}"}
        config = {"mcpServers": {"r": {"url": f"{base}/mcp", "headers": headers}}}
        monkeypatch.setenv("MCP_AUTH_TOKEN", "t0ken")
        assert used(config, use) == "Bearer t0ken"
        monkeypatch.delenv("MCP_AUTH_TOKEN")
        with pytest.raises(ConfigurationError) as caught:
            Client(config)

    assert str(caught.value).startswith(
        "server 'r': the header Authorization needs the environment variable MCP_AUTH_TOKEN, which "
        "is not set"
    )


def test_s220_the_tools_of_several_entries_have_the_names_of_their_servers(
    entry: dict[str, Any],
) -> None:
    """Those of a single one are as the server has them."""
    several = {"mcpServers": {"server1": entry, "server2": entry}}

    async def use(client: Client) -> None:
        assert await tools(client) == ["server1_environment", "server2_environment"]
        assert (await client.call_tool("server2_environment")).data["PATH"]

    used(several, use)
    assert used({"mcpServers": {"server1": entry}}, tools) == ["environment"]


EDITORS: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
    "Library/Application Support/Claude/claude_desktop_config.json": lambda entry: {
        "globalShortcut": "",
        "mcpServers": {"weather": entry},
    },
    "AppData/Roaming/Claude/claude_desktop_config.json": lambda entry: {
        "mcpServers": {"weather": entry}
    },
    ".claude/settings.json": lambda entry: {
        "permissions": {"allow": ["Bash"]},
        "mcpServers": {"weather": {"type": "stdio", **entry}},
    },
    ".mcp.json": lambda entry: {"mcpServers": {"weather": {"type": "stdio", "env": {}, **entry}}},
    ".cursor/mcp.json": lambda entry: {
        "mcpServers": {"weather": {**entry, "envFile": "${workspaceFolder}/.env"}}
    },
    ".vscode/mcp.json": lambda entry: {
        "inputs": [{"type": "promptString", "id": "key", "description": "Key", "password": True}],
        "servers": {"weather": {"type": "stdio", **entry, "dev": {"watch": "src/**"}}},
    },
    "Code/User/settings.json": lambda entry: {
        "editor.fontSize": 12,
        "mcp": {"inputs": [], "servers": {"weather": entry}},
    },
}


@pytest.mark.parametrize("place", EDITORS)
def test_s221_the_file_of_each_editor_is_read(
    place: str, entry: dict[str, Any], tmp_path: Path
) -> None:
    """As it has the servers; the client reaches the one that is in it."""
    path = tmp_path / place
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(EDITORS[place](entry)))

    (server,) = MCPConfig.from_file(path).mcpServers.values()

    assert isinstance(server, StdioMCPServer)
    assert (server.command, server.args) == (entry["command"], entry["args"])
    assert used(path, tools) == ["environment"]


def test_s221_a_remote_server_of_an_editor_is_read() -> None:
    """By its type, as Claude Code and VS Code write it, and by the URLs of others."""
    headers = {"X-Key": "k"}
    for entry in (
        {"type": "http", "url": "http://127.0.0.1:9/mcp", "headers": headers},
        {"serverUrl": "http://127.0.0.1:9/mcp", "headers": headers},
    ):
        server = MCPConfig.from_dict({"servers": {"r": entry}}).mcpServers["r"]
        assert isinstance(server, RemoteMCPServer)
        assert (server.url, server.headers) == ("http://127.0.0.1:9/mcp", headers)


def test_s222_a_command_of_docker_is_started_like_any(tmp_path: Path) -> None:
    """Parsed with its arguments, which the program of that name on PATH gets."""
    args = ["run", "-i", "--rm", "-e", "API_KEY", "example/weather:latest"]
    config = {"mcpServers": {"w": {"command": "docker", "args": args, "env": {"API_KEY": "k"}}}}
    server = MCPConfig.from_dict(config).mcpServers["w"]
    assert isinstance(server, StdioMCPServer)
    assert (server.command, server.args) == ("docker", args)

    docker = tmp_path / "docker"
    script = SERVER.replace("dict(os.environ)", '{"args": sys.argv[1:], **os.environ}')
    docker.write_text(f"#!{sys.executable}\nimport sys{script}")
    docker.chmod(0o755)
    config["mcpServers"]["w"]["env"]["PATH"] = f"{tmp_path}:{Path(sys.executable).parent}"

    async def use(client: Client) -> Any:
        return (await client.call_tool("environment")).data

    seen = used(config, use)

    assert (seen["args"], seen["API_KEY"]) == (args, "k")
