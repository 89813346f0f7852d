"""Transports: the ways in which a client reaches a server."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastmcp._lazy import lazy_names

if TYPE_CHECKING:
    from .http import StreamableHttpTransport as StreamableHttpTransport
    from .inference import infer_transport as infer_transport
    from .memory import FastMCPTransport as FastMCPTransport
    from .stdio import NodeStdioTransport as NodeStdioTransport
    from .stdio import PythonStdioTransport as PythonStdioTransport
    from .stdio import StdioTransport as StdioTransport
    from .transport import ClientTransport as ClientTransport


__all__ = [
    "ClientTransport",
    "FastMCPTransport",
    "NodeStdioTransport",
    "PythonStdioTransport",
    "StdioTransport",
    "StreamableHttpTransport",
    "infer_transport",
]

__getattr__ = lazy_names(
    __name__,
    {
        "ClientTransport": ".transport",
        "FastMCPTransport": ".memory",
        "NodeStdioTransport": ".stdio",
        "PythonStdioTransport": ".stdio",
        "StdioTransport": ".stdio",
        "StreamableHttpTransport": ".http",
        "infer_transport": ".inference",
    },
)
