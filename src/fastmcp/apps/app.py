"""FastMCPApp: an interface, the tools that open it, and those that it calls."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar, Unpack, overload

from fastmcp._components.app_config import app_config_to_meta_dict
from fastmcp._components.marks import decorate
from fastmcp.server.providers.local import LocalProvider
from fastmcp.tools.base import Tool, ToolOptions

from .prefab import adds_prefab, prefab_tool

F = TypeVar("F", bound=Callable[..., Any])


class FastMCPApp(LocalProvider):
    """The model calls the entry tools, `@app.ui()`, which open the interface; what is shown calls
    the others, `@app.tool()`, which hosts keep from the model. Add it to a server with
    `mcp.add_provider(app)`, or serve it alone with `run()`.

    An entry tool names its page: `@app.ui(app=AppConfig(resource_uri="ui://..."))`, which is a
    resource, of this app (`@app.resource("ui://...")`) or of the server. One without a page
    returns Prefab's components, and needs the package `prefab-ui`.
    """

    def __init__(self, name: str) -> None:
        super().__init__(on_duplicate="error")
        self.name = name

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.name!r})"

    @overload
    def tool(
        self, name_or_fn: F, /, *, model: bool = False, **options: Unpack[ToolOptions]
    ) -> F: ...
    @overload
    def tool(
        self,
        name_or_fn: str | None = None,
        /,
        *,
        model: bool = False,
        **options: Unpack[ToolOptions],
    ) -> Callable[[F], F]: ...
    def tool(  # pyright: ignore[reportIncompatibleMethodOverride] - it takes `model`, too
        self, name_or_fn: Any = None, /, *, model: bool = False, **options: Unpack[ToolOptions]
    ) -> Any:
        """Register a function as a tool that the interface calls and, with `model=True`, the model,
        too.
        """
        audiences = ["app", "model"] if model else ["app"]
        ui = {**_described(options.get("app")), "visibility": audiences}
        return super().tool(name_or_fn, **{**options, "app": ui})

    @overload
    def ui(self, name_or_fn: F, /, **options: Unpack[ToolOptions]) -> F: ...
    @overload
    def ui(
        self, name_or_fn: str | None = None, /, **options: Unpack[ToolOptions]
    ) -> Callable[[F], F]: ...
    def ui(self, name_or_fn: Any = None, /, **options: Unpack[ToolOptions]) -> Any:
        """Register a function as a tool that the model calls to open the interface.

        Raises:
            ConfigurationError: it names no page, and Prefab is not installed.
        """

        def act(fn: Any, given: dict[str, Any]) -> None:
            if adds_prefab(given.get("app")):
                self.tools.add(prefab_tool(self, self.name, fn, given))
            else:
                ui = {"visibility": ["model"], **_described(given["app"])}
                self.tools.add(self._make_tool(fn, {**given, "app": ui}))

        return decorate(name_or_fn, options, "tool", ToolOptions, act)

    def add_tool(self, tool: Tool | Callable[..., Any]) -> Tool:
        """Add a tool, or a function to make one of; where it does not say whom it is for, it is for
        the interface.
        """
        made = tool if isinstance(tool, Tool) else self._make_tool(tool, {})
        ui: Any = (made.meta or {}).get("ui") or {}
        if "visibility" not in ui:
            meta = {**(made.meta or {}), "ui": {**ui, "visibility": ["app"]}}
            made = made.model_copy(update={"meta": meta})
        return self.tools.add(made)

    def run(self, transport: str | None = None, **options: Any) -> None:
        """Serve the app alone, as `FastMCP.run` does."""
        from fastmcp.server.server import FastMCP

        FastMCP(self.name, providers=[self]).run(transport, **options)


def _described(app: Any) -> Mapping[str, Any]:
    return {} if app is None else app_config_to_meta_dict(app)
