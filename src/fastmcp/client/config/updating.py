"""update_config_file: one server in a file that belongs to another program."""

from __future__ import annotations

from os import PathLike
from pathlib import Path
from typing import Any

from fastmcp.exceptions import ConfigurationError

from .json_file import read_object, write_text
from .mcp_config import SERVERS, CanonicalMCPServerTypes, as_json, entry_dict, servers_in


def update_config_file(
    file_path: str | PathLike[str], server_name: str, server_config: CanonicalMCPServerTypes
) -> None:
    """Enter a server into a file, or change the one of that name; all else stays as it is, also
    the members of that server which `server_config` does not have.

    Raises:
        ConfigurationError: the file cannot be read, or has comments, which would be lost.
    """
    path = Path(file_path)
    data, plain = read_object(path) if path.exists() else ({}, True)
    if not plain:
        raise ConfigurationError(
            f"{path} has comments, which writing it would lose; enter {server_name!r} by hand"
        )
    place = servers_in(data)
    servers: dict[str, Any] = data
    for key in (SERVERS,) if place is None else place:
        servers = servers.setdefault(key, {})
    servers[server_name] = {**servers.get(server_name, {}), **entry_dict(server_config)}
    write_text(path, as_json(data))
