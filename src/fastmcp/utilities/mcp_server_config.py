"""The names of `fastmcp.configuration`, under the paths that FastMCP has them at."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastmcp._lazy import alias_module, lazy_names

if TYPE_CHECKING:
    from fastmcp.configuration.deployment import Deployment as Deployment
    from fastmcp.configuration.environment import Environment as Environment
    from fastmcp.configuration.environment import UVEnvironment as UVEnvironment
    from fastmcp.configuration.schema import generate_schema as generate_schema
    from fastmcp.configuration.server_config import MCPServerConfig as MCPServerConfig
    from fastmcp.configuration.source import FileSystemSource as FileSystemSource
    from fastmcp.configuration.source import Source as Source

__all__ = [
    "Deployment",
    "Environment",
    "FileSystemSource",
    "MCPServerConfig",
    "Source",
    "UVEnvironment",
    "generate_schema",
]

lazy_names(__name__, dict.fromkeys(__all__, "fastmcp.configuration"))

for _path in (
    "v1",
    "v1.environments",
    "v1.environments.base",
    "v1.environments.uv",
    "v1.mcp_server_config",
    "v1.sources",
    "v1.sources.base",
    "v1.sources.filesystem",
):
    alias_module(f"{__name__}.{_path}", "fastmcp.configuration")
