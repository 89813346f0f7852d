"""Interfaces of Prefab's components, if the package `prefab-ui` is installed."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from fastmcp._components.app_config import (
    PREFAB_URI,
    UI_MIME_TYPE,
    AppConfig,
    PrefabAppConfig,
    ResourceCSP,
)
from fastmcp._components.functions.function import name_of
from fastmcp.exceptions import ConfigurationError
from fastmcp.resources.literal_resources import TextResource
from fastmcp.tools.base import Tool
from fastmcp.tools.function_tool import FunctionTool
from fastmcp.tools.tool_result import ToolResult

from .shown_tools import shown_tools

if TYPE_CHECKING:
    from fastmcp.server.providers.local import LocalProvider

# What the model reads, which sees nothing of the interface.
SHOWN = "[Rendered Prefab UI]"
# What is said of a tool; all else is said of its page.
OF_TOOLS = ("resourceUri", "visibility")


def require_prefab(what: str) -> None:
    """Refuse what Prefab is needed for.

    Raises:
        ConfigurationError: it is not installed.
    """
    if find_spec("prefab_ui") is None:
        raise ConfigurationError(f"{what} needs Prefab: pip install prefab-ui")


def adds_prefab(app: Any) -> bool:
    """Whether an entry tool asks for Prefab's renderer: it names no page."""
    return app is None or app is True or isinstance(app, PrefabAppConfig)


def prefab_tool(app: LocalProvider, owner: str, fn: Any, options: dict[str, Any]) -> FunctionTool:
    """The entry tool of a function that returns Prefab's components; its page is added to the app,
    whose name is `owner`.

    Raises:
        ConfigurationError: Prefab is not installed.
    """
    require_prefab("An entry tool without a page, app=AppConfig(resource_uri='ui://...'),")
    config: Any = options.get("app")
    if not isinstance(config, PrefabAppConfig):
        config = PrefabAppConfig()
    uri = _page(app, f"{owner}/{options.get('name') or name_of(fn)}", config)
    ui = {"visibility": config.visibility or ["model"], "resourceUri": uri}
    whole: Any = {"output_schema": None, **options, "app": ui}
    made = FunctionTool.from_function(fn, **whole)
    run = made.invoke

    async def shown(**arguments: Any) -> Any:
        return await rendered(await run(**arguments), app)

    made.invoke = shown
    return made


def _page(app: LocalProvider, whose: str, config: PrefabAppConfig) -> str:
    """Add the page of a tool, if it is not there; where it is. One of which more is said than that
    it is Prefab's is no other tool's, too.
    """
    uri = config.resource_uri or PREFAB_URI
    said = {name: config[name] for name in config if name not in OF_TOOLS}
    if said and uri == PREFAB_URI:
        name = hashlib.sha256(whose.encode()).hexdigest()[:12]
        uri = f"ui://prefab/tool/{name}/renderer.html"
    if not app.resources.versions(uri):
        renderer = import_module("prefab_ui.renderer")
        app.add_resource(page(uri, renderer.get_renderer_html(), renderer.get_renderer_csp(), said))
    return uri


def page(
    uri: str, html: str, needed: dict[str, list[str]], said: Mapping[str, Any] | None = None
) -> TextResource:
    """A page of Prefab's, with what is said of it, and the origins that it needs besides."""
    ui = AppConfig(**(said or {}))
    csp = ui.csp = ResourceCSP(**(ui.csp or {}))
    for name, origins in needed.items():
        added: list[str] = getattr(csp, name) or []
        setattr(csp, name, [*origins, *(each for each in added if each not in origins)])
    return TextResource(
        uri=uri,
        name="Prefab renderer",
        mime_type=UI_MIME_TYPE,
        text=html,
        meta={"ui": ui.model_dump(exclude_none=True)},
    )


async def rendered(value: Any, app: LocalProvider) -> Any:
    """What an entry tool returned, as a result, if it is Prefab's."""
    if not _is_prefab(value):
        return value
    prefab = import_module("prefab_ui.app")
    whole = value if isinstance(value, prefab.PrefabApp) else prefab.PrefabApp(view=value)
    shown = dict[Any, Tool](await shown_tools(app.tools))
    for tool in app.tools:
        if isinstance(tool, FunctionTool):
            shown[tool.fn] = shown[tool.name]
    return ToolResult(SHOWN, whole.to_json(tool_resolver=_resolver(prefab, shown)))


def _is_prefab(value: Any) -> bool:
    return any(kind.__module__.startswith("prefab_ui.") for kind in type(value).__mro__)


def _resolver(prefab: Any, shown: Mapping[Any, Tool]) -> Callable[[Any], Any]:
    """From what an action calls, a name or a function, to the tool as its host has it."""

    def resolve(called: Any) -> Any:
        tool = shown.get(called)
        name: str = called if isinstance(called, str) else name_of(called)
        if tool is None:
            return prefab.ResolvedTool(name=name)
        wraps = bool((tool.output_schema or {}).get("x-fastmcp-wrap-result"))
        return prefab.ResolvedTool(
            name=tool.name,
            unwrap_result=wraps,
            local_name=name,
            description=tool.description,
            input_schema=tool.parameters,
        )

    return resolve
