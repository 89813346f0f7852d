"""Several servers by name: what a `MultiServerClient` is given, as one target for each."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any, cast

PLACES = ("mcpServers", "servers", "mcp")
"""Where configurations have their servers, unless they are at the root."""


def targets_of(servers: Any) -> dict[str, Any]:
    """The targets by name: of a mapping, of a configuration, or of the file of one.

    Servers that a configuration has switched off are left out.

    Raises:
        ConfigurationError: something in it is wrong; the text names the server and the key.
    """
    if isinstance(servers, (str, os.PathLike)):
        from ..config.mcp_config import MCPConfig

        servers = MCPConfig.from_file(cast("str", servers))
    if isinstance(servers, Mapping):
        given = cast("Mapping[str, Any]", servers)
        if not _is_config(given):
            return {name: target_of(name, each) for name, each in given.items()}
        from ..config.mcp_config import MCPConfig

        servers = MCPConfig.from_dict(given)
    entries: dict[str, Any] = servers.mcpServers
    return {name: entry for name, entry in entries.items() if not entry.is_disabled}


def _is_config(servers: Mapping[str, Any]) -> bool:
    if not any(isinstance(servers.get(place), Mapping) for place in PLACES):
        return False
    from ..config.mcp_config import servers_in

    return bool(servers_in(servers))


def target_of(name: str, target: Any) -> Any:
    """What a client is given: an entry of a configuration is read, under the server's name."""
    if not isinstance(target, Mapping):
        return target
    given = cast("Mapping[str, Any]", target)
    if _is_config(given):
        return given
    from ..config.mcp_config import MCPConfig

    return MCPConfig.from_dict({"mcpServers": {name: given}}).mcpServers[name]
