"""GenerativeUI: the model writes an interface, of Prefab's components."""

from __future__ import annotations

import inspect
from importlib import import_module
from typing import Any

from msgspec import DecodeError, json

from fastmcp._components.app_config import AppConfig
from fastmcp.exceptions import ToolError
from fastmcp.server.providers.local import LocalProvider
from fastmcp.tools.function_tool import FunctionTool

from .prefab import page, rendered, require_prefab


class GenerativeUI(LocalProvider):
    """Adds a tool that runs the model's Python in Prefab's sandbox and shows the components which
    that makes, and a tool in which the model looks components up.

    The language, its sandbox (Pyodide, run by Deno) and the page are of the package `prefab-ui`.

    Raises:
        ConfigurationError: it is not installed.
    """

    def __init__(
        self,
        *,
        tool_name: str = "generate_prefab_ui",
        include_components_tool: bool = True,
        components_tool_name: str = "search_prefab_components",
    ) -> None:
        require_prefab("GenerativeUI")
        super().__init__(on_duplicate="error")
        generative = import_module("prefab_ui.generative")
        renderer = import_module("prefab_ui.renderer")
        self._execute: Any = generative.execute
        self._sandbox: Any = None
        uri: str = generative.RESOURCE_URI
        self.add_resource(
            page(
                uri,
                renderer.get_generative_renderer_html(),
                renderer.get_generative_renderer_csp(),
            )
        )
        self.add_tool(
            FunctionTool.from_function(
                self.generate_ui,
                name=tool_name,
                description=inspect.getdoc(self._execute),
                output_schema=None,
                app=AppConfig(resource_uri=uri),
            )
        )
        if include_components_tool:
            search: Any = generative.search_components
            self.add_tool(
                FunctionTool.from_function(
                    search, name=components_tool_name, exclude_args=["components"]
                )
            )

    async def generate_ui(self, code: str, data: str | dict[str, Any] | None = None) -> Any:
        """Show the components that a program makes."""
        if self._sandbox is None:
            self._sandbox = import_module("prefab_ui.sandbox").Sandbox()
        made = await self._execute(code, data=_decoded(data), sandbox=self._sandbox)
        return await rendered(made, self)


def _decoded(data: str | dict[str, Any] | None) -> dict[str, Any] | None:
    if not isinstance(data, str):
        return data
    try:
        return json.decode(data, type=dict[str, Any]) if data.strip() else None
    except DecodeError as error:
        raise ToolError(f"data is no JSON object: {error}") from None
