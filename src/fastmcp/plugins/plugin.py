"""MCPPlugin: what a plugin is written as."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .plugin_host import PluginHost


class MCPPlugin(ABC):
    """A plugin: override `name`, and those of the `register_…` methods that it needs.

    They get a `PluginHost`, which takes what a server does: `@mcp.tool`, `@mcp.resource(uri)`,
    `@mcp.prompt`, `@mcp.custom_route(path, methods)`. Nothing of it is seen before all of them
    have returned, and nothing at all when one of them raises.
    """

    @property
    @abstractmethod
    def name(self) -> str:
        """What it is known by; no other plugin of the server may have the same."""

    @property
    def version(self) -> str:
        """The version, if it has one."""
        return ""

    @property
    def description(self) -> str:
        """What it is for: by default, the first line of the docstring of its class."""
        return (type(self).__doc__ or "").strip().partition("\n")[0]

    def register(self, mcp: PluginHost) -> None:
        """Register everything: by default, what the three methods below do."""
        self.register_tools(mcp)
        self.register_resources(mcp)
        self.register_prompts(mcp)

    def register_tools(self, mcp: PluginHost) -> None:  # noqa: B027
        """Override: register tools."""

    def register_resources(self, mcp: PluginHost) -> None:  # noqa: B027
        """Override: register resources and resource templates."""

    def register_prompts(self, mcp: PluginHost) -> None:  # noqa: B027
        """Override: register prompts."""

    def on_unload(self) -> None:  # noqa: B027
        """Override: let go of what the plugin holds; what it registered is gone already."""
