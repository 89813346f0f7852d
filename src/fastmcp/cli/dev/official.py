"""The official inspector, which npx fetches and runs."""

from __future__ import annotations

import argparse
import os
import shlex
from typing import TYPE_CHECKING

from fastmcp.exceptions import ConfigurationError

if TYPE_CHECKING:
    from fastmcp.inspector.target import Target

PACKAGE = "@modelcontextprotocol/inspector"


def run_official(options: argparse.Namespace, target: Target | None) -> int:
    """Run it, with the server as its arguments; its exit code.

    Raises:
        ConfigurationError: there is no npx.
    """
    import shutil
    import subprocess

    npx = shutil.which("npx")
    if npx is None:
        raise ConfigurationError("--official needs npx, which comes with Node: https://nodejs.org")
    version = f"@{options.inspector_version}" if options.inspector_version else ""
    ports = {"CLIENT_PORT": options.ui_port, "SERVER_PORT": options.server_port}
    given = {name: str(port) for name, port in ports.items() if port is not None}
    line = [npx, "-y", PACKAGE + version, *_arguments(target)]
    return subprocess.run(line, env={**os.environ, **given}, check=False).returncode


def _arguments(target: Target | None) -> list[str]:
    if target is None:
        return []
    if target.transport == "stdio":
        return shlex.split(target.command)
    return ["--transport", target.transport, "--server-url", target.url]
