"""Peregrine: MCP servers and clients from plain Python functions, with the interface of FastMCP."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:  # `typing` takes as long as an interpreter does to start
    from typing import Any

    from fastmcp import apps as apps
    from fastmcp import client as client
    from fastmcp import composition as composition
    from fastmcp import configuration as configuration
    from fastmcp import contrib as contrib
    from fastmcp import dependencies as dependencies
    from fastmcp import events as events
    from fastmcp import exceptions as exceptions
    from fastmcp import plugins as plugins
    from fastmcp import prompts as prompts
    from fastmcp import proxy as proxy
    from fastmcp import resources as resources
    from fastmcp import server as server
    from fastmcp import testing as testing
    from fastmcp import tools as tools
    from fastmcp import transports as transports
    from fastmcp import types as types
    from fastmcp import utilities as utilities
    from fastmcp._version import VERSION
    from fastmcp.apps.app import FastMCPApp as FastMCPApp
    from fastmcp.client.client import Client as Client
    from fastmcp.client.group import ClientGroup as ClientGroup
    from fastmcp.exceptions import FastMCPDeprecationWarning as FastMCPDeprecationWarning
    from fastmcp.server.context import Context as Context
    from fastmcp.server.server import FastMCP as FastMCP
    from fastmcp.settings import settings as settings

    __version__ = VERSION

__all__ = [
    "Client",
    "ClientGroup",
    "Context",
    "FastMCP",
    "FastMCPApp",
    "FastMCPDeprecationWarning",
    "__version__",
    "settings",
]

_HOME = {
    "Client": ("fastmcp.client.client", "Client"),
    "ClientGroup": ("fastmcp.client.group", "ClientGroup"),
    "Context": ("fastmcp.server.context", "Context"),
    "FastMCP": ("fastmcp.server.server", "FastMCP"),
    "FastMCPApp": ("fastmcp.apps.app", "FastMCPApp"),
    "FastMCPDeprecationWarning": ("fastmcp.exceptions", "FastMCPDeprecationWarning"),
    "__version__": ("fastmcp._version", "VERSION"),
}
_SUBMODULES = (
    "apps",
    "client",
    "composition",
    "configuration",
    "contrib",
    "dependencies",
    "events",
    "exceptions",
    "plugins",
    "prompts",
    "proxy",
    "resources",
    "server",
    "settings",
    "testing",
    "tools",
    "transports",
    "types",
    "utilities",
)


if not TYPE_CHECKING:  # checkers shall know which names there are

    def __getattr__(name: str) -> Any:
        from importlib import import_module

        if name in _SUBMODULES:
            return import_module(f"fastmcp.{name}")
        if (home := _HOME.get(name)) is None:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        module, attribute = home
        value = getattr(import_module(module), attribute)
        globals()[name] = value
        return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__, *_SUBMODULES})
