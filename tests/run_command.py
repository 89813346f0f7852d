"""`fastmcp run`, as a client or a shell starts it, and a server that tells how it was started."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from processes import environment, run_python

from fastmcp import Client
from fastmcp.client.transports import StdioTransport

TELLER = """
    import os
    import sys
    from fastmcp import FastMCP

    AT_IMPORT = os.environ.get("GREETING")

    mcp = FastMCP("teller")

    @mcp.tool
    def argv() -> list[str]:
        return sys.argv

    @mcp.tool
    def variable(name: str) -> str | None:
        return os.environ.get(name)

    @mcp.tool
    def at_import() -> str | None:
        return AT_IMPORT

    @mcp.tool
    def folder() -> str:
        return os.getcwd()

    @mcp.tool
    def python() -> list[str]:
        return [sys.version.split()[0], sys.prefix]
"""


def write(folder: Path, source: str = TELLER, name: str = "server.py") -> Path:
    """A program in a folder; its path."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(textwrap.dedent(source), "utf-8")
    return path


def running(
    folder: Path, *arguments: str | Path, env: Mapping[str, str] | None = None, **options: Any
) -> Client:
    """A client of `fastmcp run`, started in a folder."""
    whole = {**environment(), **(env or {})}
    command = ["-m", "fastmcp", "run", *map(str, arguments)]
    return Client(StdioTransport(sys.executable, command, env=whole, cwd=folder), **options)


async def told(client: Client, tool: str, **arguments: Any) -> Any:
    """What a tool of a server says, that is started for it."""
    async with client:
        return (await client.call_tool(tool, arguments)).data


def run_command(
    folder: Path, *arguments: str | Path, env: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """`fastmcp run` in a folder, to its end."""
    return run_python("-m", "fastmcp", "run", *map(str, arguments), cwd=folder, env=env)
