"""Peregrine: MCP servers and clients from plain Python functions, with the interface of FastMCP."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fastmcp.client.client import Client as Client
    from fastmcp.server.context import Context as Context
    from fastmcp.server.server import FastMCP as FastMCP

__version__ = "0.1.0.dev0"

__all__ = ["Client", "Context", "FastMCP", "__version__"]

_HOME = {
    "Client": "fastmcp.client.client",
    "Context": "fastmcp.server.context",
    "FastMCP": "fastmcp.server.server",
}
_SUBMODULES = ("client", "exceptions", "prompts", "resources", "server", "tools", "utilities")


def __getattr__(name: str) -> Any:
    from importlib import import_module

    if name in _SUBMODULES:
        return import_module(f"fastmcp.{name}")
    if (home := _HOME.get(name)) is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(home), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__, *_SUBMODULES})
