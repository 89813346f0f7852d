"""Configurations of servers, as `mcpServers` files have them; pydantic is loaded on their use."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastmcp._lazy import lazy_names

if TYPE_CHECKING:
    from .entries import RemoteMCPServer as RemoteMCPServer
    from .entries import StdioMCPServer as StdioMCPServer
    from .entries import TransformingRemoteMCPServer as TransformingRemoteMCPServer
    from .entries import TransformingStdioMCPServer as TransformingStdioMCPServer
    from .mcp_config import CanonicalMCPConfig as CanonicalMCPConfig
    from .mcp_config import CanonicalMCPServerTypes as CanonicalMCPServerTypes
    from .mcp_config import MCPConfig as MCPConfig
    from .mcp_config import MCPServerTypes as MCPServerTypes
    from .updating import update_config_file as update_config_file

__all__ = [
    "CanonicalMCPConfig",
    "MCPConfig",
    "RemoteMCPServer",
    "StdioMCPServer",
    "TransformingRemoteMCPServer",
    "TransformingStdioMCPServer",
    "update_config_file",
]

lazy_names(
    __name__,
    {
        "CanonicalMCPConfig": ".mcp_config",
        "CanonicalMCPServerTypes": ".mcp_config",
        "MCPConfig": ".mcp_config",
        "MCPServerTypes": ".mcp_config",
        "RemoteMCPServer": ".entries",
        "StdioMCPServer": ".entries",
        "TransformingRemoteMCPServer": ".entries",
        "TransformingStdioMCPServer": ".entries",
        "update_config_file": ".updating",
    },
)
