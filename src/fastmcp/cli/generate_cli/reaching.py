"""How a generated script reaches its server: without a secret, since scripts are passed on."""

from __future__ import annotations

import argparse
import re
import shlex
from pathlib import Path
from typing import Any

from fastmcp.exceptions import ConfigurationError


def reached(options: argparse.Namespace) -> dict[str, Any]:
    """What the script has in SERVER. Values of headers are taken from variables, and a token from
    MCP_TOKEN, when it runs.

    Raises:
        ConfigurationError: no server is named, and the current folder has none.
    """
    from ..install.discovery import configured_server
    from ..loading import is_url, split, target_of

    server: str | None = options.server
    if options.command is not None:
        return {"command": shlex.split(options.command)}
    if server is not None and is_url(server):
        return {
            "url": server,
            "transport": options.transport or _transport(server),
            "auth": "oauth" if options.auth == "oauth" else None,
            "headers": {name: _variable(name) for name in map(_name, options.header)},
        }
    if server is not None and Path(server).suffix in (".js", ".mjs", ".cjs"):
        return {"file": str(Path(server).resolve())}
    if server is not None and not _is_path(server) and configured_server(server) is not None:
        return {"name": server}
    target = target_of(server)
    given, entrypoint = split(target.spec)
    path = Path(given).expanduser().resolve()
    if path.suffix == ".json" and target.document is None:
        return {"file": str(path)}
    if not path.is_file():
        raise ConfigurationError(f"There is no file {given}")
    return {"run": str(path) if entrypoint is None else f"{path}:{entrypoint}"}


def _is_path(server: str) -> bool:
    return Path(server).exists() or server.partition(":")[0].endswith((".py", ".json"))


def _transport(url: str) -> str:
    from fastmcp.client.transports.inference import infer_transport_type_from_url

    return infer_transport_type_from_url(url)


def _name(header: str) -> str:
    return header.partition(":")[0].strip()


def _variable(header: str) -> str:
    return "MCP_HEADER_" + re.sub(r"[^A-Z0-9]+", "_", header.upper()).strip("_")
