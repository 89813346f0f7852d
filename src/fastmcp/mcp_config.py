"""Configurations of servers, under the path that FastMCP's users import; see `client.config`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastmcp._lazy import lazy_names

if TYPE_CHECKING:
    from fastmcp.client.config.entries import RemoteMCPServer as RemoteMCPServer
    from fastmcp.client.config.entries import StdioMCPServer as StdioMCPServer
    from fastmcp.client.config.entries import (
        TransformingRemoteMCPServer as TransformingRemoteMCPServer,
    )
    from fastmcp.client.config.entries import (
        TransformingStdioMCPServer as TransformingStdioMCPServer,
    )
    from fastmcp.client.config.mcp_config import CanonicalMCPConfig as CanonicalMCPConfig
    from fastmcp.client.config.mcp_config import CanonicalMCPServerTypes as CanonicalMCPServerTypes
    from fastmcp.client.config.mcp_config import MCPConfig as MCPConfig
    from fastmcp.client.config.mcp_config import MCPServerTypes as MCPServerTypes
    from fastmcp.client.config.mcp_config import (
        TransformingMCPServerTypes as TransformingMCPServerTypes,
    )
    from fastmcp.client.config.updating import update_config_file as update_config_file
    from fastmcp.client.transports.inference import (
        infer_transport_type_from_url as infer_transport_type_from_url,
    )

__all__ = [
    "CanonicalMCPConfig",
    "MCPConfig",
    "RemoteMCPServer",
    "StdioMCPServer",
    "TransformingRemoteMCPServer",
    "TransformingStdioMCPServer",
    "infer_transport_type_from_url",
    "update_config_file",
]

_ENTRIES = "fastmcp.client.config.entries"
_CONFIG = "fastmcp.client.config.mcp_config"

lazy_names(
    __name__,
    {
        "CanonicalMCPConfig": _CONFIG,
        "CanonicalMCPServerTypes": _CONFIG,
        "MCPConfig": _CONFIG,
        "MCPServerTypes": _CONFIG,
        "RemoteMCPServer": _ENTRIES,
        "StdioMCPServer": _ENTRIES,
        "TransformingMCPServerTypes": _CONFIG,
        "TransformingRemoteMCPServer": _ENTRIES,
        "TransformingStdioMCPServer": _ENTRIES,
        "infer_transport_type_from_url": "fastmcp.client.transports.inference",
        "update_config_file": "fastmcp.client.config.updating",
    },
)
