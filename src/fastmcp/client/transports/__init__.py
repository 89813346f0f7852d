"""Transports: the ways in which a client reaches a server."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastmcp._lazy import lazy_names

if TYPE_CHECKING:
    from .config import MCPConfigTransport as MCPConfigTransport
    from .http import StreamableHttpTransport as StreamableHttpTransport
    from .inference import infer_transport as infer_transport
    from .launchers import FastMCPStdioTransport as FastMCPStdioTransport
    from .launchers import NodeStdioTransport as NodeStdioTransport
    from .launchers import NpxStdioTransport as NpxStdioTransport
    from .launchers import PythonStdioTransport as PythonStdioTransport
    from .launchers import UvStdioTransport as UvStdioTransport
    from .launchers import UvxStdioTransport as UvxStdioTransport
    from .memory import FastMCPTransport as FastMCPTransport
    from .sse import SSETransport as SSETransport
    from .stdio import StdioTransport as StdioTransport
    from .transport import ClientTransport as ClientTransport


__all__ = [
    "ClientTransport",
    "FastMCPStdioTransport",
    "FastMCPTransport",
    "MCPConfigTransport",
    "NodeStdioTransport",
    "NpxStdioTransport",
    "PythonStdioTransport",
    "SSETransport",
    "StdioTransport",
    "StreamableHttpTransport",
    "UvStdioTransport",
    "UvxStdioTransport",
    "infer_transport",
]

lazy_names(
    __name__,
    {
        "ClientTransport": ".transport",
        "FastMCPTransport": ".memory",
        "MCPConfigTransport": ".config",
        "FastMCPStdioTransport": ".launchers",
        "NodeStdioTransport": ".launchers",
        "NpxStdioTransport": ".launchers",
        "PythonStdioTransport": ".launchers",
        "SSETransport": ".sse",
        "StdioTransport": ".stdio",
        "StreamableHttpTransport": ".http",
        "UvStdioTransport": ".launchers",
        "UvxStdioTransport": ".launchers",
        "infer_transport": ".inference",
    },
)
