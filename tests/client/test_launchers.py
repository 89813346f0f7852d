"""The named stdio transports: what they run really runs, and what they cannot run they refuse."""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from small_servers import old

from fastmcp import Client
from fastmcp.client.transports import (
    FastMCPStdioTransport,
    NodeStdioTransport,
    NpxStdioTransport,
    PythonStdioTransport,
    UvStdioTransport,
    UvxStdioTransport,
)
from fastmcp.exceptions import ConfigurationError, ConnectFailed

Script = Callable[..., Path]


def used(transport: Any, use: Callable[[Client], Any] = Client.ping) -> Any:
    async def main() -> Any:
        async with asyncio.timeout(30), Client(transport, mode="legacy") as client:
            return await use(client)

    return asyncio.run(main())


def test_a_server_runs_by_our_command_line(script: Script) -> None:
    """`fastmcp run`, which is found where this interpreter's programs are on PATH."""
    program = script("from fastmcp import FastMCP; mcp = FastMCP('x')")
    programs = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])

    async def use(client: Client) -> str:
        return client.server_info.name

    assert used(FastMCPStdioTransport(program, env={"PATH": programs}), use) == "x"


def test_arguments_of_a_servers_file_stand_apart(script: Script) -> None:
    """`fastmcp run` does not take them for its own."""
    program = script("")

    transport = FastMCPStdioTransport(program, ["--port", "1"])

    assert transport.args == ["run", str(program), "--", "--port", "1"]


NODE = """
    require("readline").createInterface({input: process.stdin}).on("line", (line) => {
      const {id, method, params} = JSON.parse(line)
      if (id === undefined) return
      const serverInfo = {name: "node", version: process.argv[2] ?? "0"}
      const opened = {protocolVersion: params.protocolVersion, capabilities: {}, serverInfo}
      const result = method === "initialize" ? opened : {}
      console.log(JSON.stringify({jsonrpc: "2.0", id, result}))
    })
"""


@pytest.mark.parametrize("suffix", [".js", ".cjs"])
def test_a_script_runs_by_node(script: Script, suffix: str) -> None:
    """With its arguments."""
    node = Path(sys.executable).with_name("node")
    transport = NodeStdioTransport(script(NODE, f"server{suffix}"), ["7"], node_cmd=str(node))

    async def use(client: Client) -> str:
        return client.server_info.version

    assert used(transport, use) == "7"


def test_a_command_runs_by_uv(script: Script, monkeypatch: pytest.MonkeyPatch) -> None:
    """In its project's directory, with all of our variables."""
    uv = Path(shutil.which("uv") or os.environ["UV"])  # the latter is set by `uv run`
    monkeypatch.setenv("PATH", str(uv.parent), prepend=os.pathsep)
    program = script(old())
    transport = UvStdioTransport(
        "python",
        [program.name],
        project_directory=program.parent,
        env_vars={"UV_OFFLINE": "1", "UV_NO_CONFIG": "1"},
    )

    assert used(transport) is True


@pytest.mark.parametrize(
    "transport", [UvStdioTransport("server.py"), UvxStdioTransport("x"), NpxStdioTransport("x")]
)
def test_a_launcher_that_is_not_installed_is_told(transport: Any) -> None:
    """When it is needed, with the place where it was looked for."""
    transport.env = {"PATH": "/nowhere"}

    with pytest.raises(ConnectFailed, match=f"no command '{transport.command}' on PATH"):
        used(transport)


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        (PythonStdioTransport, "server.rb"),
        (FastMCPStdioTransport, "server.txt"),
        (NodeStdioTransport, "server.ts"),
    ],
)
def test_other_kinds_of_files_are_refused(kind: Any, name: str, tmp_path: Path) -> None:
    """When the transport is made, with the kinds that there are."""
    (tmp_path / name).touch()

    with pytest.raises(ConfigurationError, match=rf"{name} is not a \.(py|js)"):
        kind(tmp_path / name)


@pytest.mark.parametrize("kind", [PythonStdioTransport, FastMCPStdioTransport])
def test_a_script_that_is_not_there_is_told(kind: Any, tmp_path: Path) -> None:
    """With its whole path, when the transport is made."""
    with pytest.raises(FileNotFoundError, match=str(tmp_path / "server.py")):
        kind(tmp_path / "server.py")


@pytest.mark.parametrize("kind", [UvStdioTransport, UvxStdioTransport, NpxStdioTransport])
def test_a_project_that_is_not_there_is_told(kind: Any, tmp_path: Path) -> None:
    """With its path, when the transport is made."""
    with pytest.raises(NotADirectoryError, match="nowhere"):
        kind("x", project_directory=str(tmp_path / "nowhere"))


def test_a_relative_script_is_found_from_here(
    script: Script, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Wherever the child runs."""
    (tmp_path / "elsewhere").mkdir()
    script(old())
    monkeypatch.chdir(tmp_path)

    assert used(PythonStdioTransport("server.py", cwd=tmp_path / "elsewhere")) is True
