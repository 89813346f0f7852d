"""PluginHost: the server as a plugin sees it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from fastmcp.exceptions import ConfigurationError
from fastmcp.server.providers.local import LocalProvider

if TYPE_CHECKING:
    from starlette.routing import BaseRoute

    from fastmcp.server.server import FastMCP

F = TypeVar("F", bound=Callable[..., Any])

# What changes the server itself, and would stay when the plugin is unloaded.
_STAYS = frozenset(
    (
        "add_completion_handler",
        "add_middleware",
        "add_provider",
        "background",
        "completion",
        "import_server",
        "mount",
    )
)


class PluginHost(LocalProvider):
    """Takes the components and routes of one plugin; everything else is the server's own.

    It can be kept: what is registered later is part of the plugin, too.
    """

    def __init__(self, server: FastMCP, plugin: str) -> None:
        super().__init__("error", server.local_provider._tool_defaults)
        self.server = server
        self.plugin = plugin
        self._routes: list[BaseRoute] = []

    def __repr__(self) -> str:
        return f"PluginHost({self.plugin!r})"

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        if name in _STAYS:
            raise ConfigurationError(
                f"The plugin {self.plugin!r} cannot use {name}, which could not be undone when it "
                "is unloaded; plugins register tools, resources, prompts and custom routes"
            )
        return getattr(self.server, name)

    @property
    def custom_routes(self) -> Sequence[BaseRoute]:
        return self._routes

    def custom_route(
        self,
        path: str,
        methods: Sequence[str],
        name: str | None = None,
        include_in_schema: bool = True,
    ) -> Callable[[F], F]:
        """Register a handler beside the MCP endpoint, as `FastMCP.custom_route` does."""
        from fastmcp.server.http.application.custom_routes import custom_route

        return custom_route(self._routes, path, methods, name, include_in_schema)
