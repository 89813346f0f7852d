"""Transports: the ways in which a client reaches a server."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .http import StreamableHttpTransport as StreamableHttpTransport
    from .inference import infer_transport as infer_transport
    from .memory import FastMCPTransport as FastMCPTransport
    from .stdio import NodeStdioTransport as NodeStdioTransport
    from .stdio import PythonStdioTransport as PythonStdioTransport
    from .stdio import StdioTransport as StdioTransport
    from .transport import ClientTransport as ClientTransport

_HOME = {
    "ClientTransport": "transport",
    "FastMCPTransport": "memory",
    "NodeStdioTransport": "stdio",
    "PythonStdioTransport": "stdio",
    "StdioTransport": "stdio",
    "StreamableHttpTransport": "http",
    "infer_transport": "inference",
}

__all__ = [
    "ClientTransport",
    "FastMCPTransport",
    "NodeStdioTransport",
    "PythonStdioTransport",
    "StdioTransport",
    "StreamableHttpTransport",
    "infer_transport",
]


def __getattr__(name: str) -> Any:
    if (home := _HOME.get(name)) is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    value = getattr(import_module(f"{__name__}.{home}"), name)
    globals()[name] = value
    return value
