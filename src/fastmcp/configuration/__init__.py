"""fastmcp.json: servers, their environments and their deployments, as files say them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastmcp._lazy import lazy_names

if TYPE_CHECKING:
    from .deployment import Deployment as Deployment
    from .environment import Environment as Environment
    from .environment import UVEnvironment as UVEnvironment
    from .schema import generate_schema as generate_schema
    from .server_config import MCPServerConfig as MCPServerConfig
    from .source import FileSystemSource as FileSystemSource
    from .source import Source as Source

__all__ = [
    "Deployment",
    "Environment",
    "FileSystemSource",
    "MCPServerConfig",
    "Source",
    "UVEnvironment",
    "generate_schema",
]

lazy_names(
    __name__,
    {
        "Deployment": ".deployment",
        "Environment": ".environment",
        "FileSystemSource": ".source",
        "MCPServerConfig": ".server_config",
        "Source": ".source",
        "UVEnvironment": ".environment",
        "generate_schema": ".schema",
    },
)
