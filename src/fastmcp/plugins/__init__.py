"""Plugins: parts of a server that are written apart from it, loaded and unloaded as one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastmcp._lazy import lazy_names

if TYPE_CHECKING:
    from .plugin import MCPPlugin as MCPPlugin
    from .plugin_host import PluginHost as PluginHost
    from .plugin_manager import PluginManager as PluginManager

__all__ = ["MCPPlugin", "PluginHost", "PluginManager"]

lazy_names(
    __name__,
    {"MCPPlugin": ".plugin", "PluginHost": ".plugin_host", "PluginManager": ".plugin_manager"},
)
