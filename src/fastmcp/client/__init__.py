"""Clients of MCP servers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastmcp._lazy import lazy_names

if TYPE_CHECKING:
    from .auth import BearerAuth as BearerAuth
    from .auth import OAuth as OAuth
    from .client import Client as Client
    from .group import ClientGroup as ClientGroup
    from .plain.async_mcp_client import AsyncMCPClient as AsyncMCPClient
    from .plain.mcp_client import MCPClient as MCPClient
    from .plain.multi_server_client import MultiServerClient as MultiServerClient
    from .plain.server_failure import ServerFailure as ServerFailure
    from .retrying import RetryPolicy as RetryPolicy
    from .transports import ClientTransport as ClientTransport
    from .transports import FastMCPTransport as FastMCPTransport
    from .transports import NodeStdioTransport as NodeStdioTransport
    from .transports import NpxStdioTransport as NpxStdioTransport
    from .transports import PythonStdioTransport as PythonStdioTransport
    from .transports import SSETransport as SSETransport
    from .transports import StdioTransport as StdioTransport
    from .transports import StreamableHttpTransport as StreamableHttpTransport
    from .transports import UvStdioTransport as UvStdioTransport
    from .transports import UvxStdioTransport as UvxStdioTransport

__all__ = [
    "AsyncMCPClient",
    "BearerAuth",
    "Client",
    "ClientGroup",
    "ClientTransport",
    "FastMCPTransport",
    "MCPClient",
    "MultiServerClient",
    "NodeStdioTransport",
    "NpxStdioTransport",
    "OAuth",
    "PythonStdioTransport",
    "RetryPolicy",
    "SSETransport",
    "ServerFailure",
    "StdioTransport",
    "StreamableHttpTransport",
    "UvStdioTransport",
    "UvxStdioTransport",
]

lazy_names(
    __name__,
    {
        "AsyncMCPClient": ".plain.async_mcp_client",
        "BearerAuth": ".auth",
        "OAuth": ".auth",
        "Client": ".client",
        "ClientGroup": ".group",
        "ClientTransport": ".transports",
        "FastMCPTransport": ".transports",
        "MCPClient": ".plain.mcp_client",
        "MultiServerClient": ".plain.multi_server_client",
        "NodeStdioTransport": ".transports",
        "NpxStdioTransport": ".transports",
        "PythonStdioTransport": ".transports",
        "RetryPolicy": ".retrying",
        "SSETransport": ".transports",
        "ServerFailure": ".plain.server_failure",
        "StdioTransport": ".transports",
        "StreamableHttpTransport": ".transports",
        "UvStdioTransport": ".transports",
        "UvxStdioTransport": ".transports",
    },
)
