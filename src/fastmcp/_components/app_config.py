"""What a tool or resource says of its user interface, in `_meta.ui`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, Literal, cast

from fastmcp.exceptions import ConfigurationError
from fastmcp.wire.open import OpenModel

UI_EXTENSION_ID: Final = "io.modelcontextprotocol/ui"
UI_MIME_TYPE: Final = "text/html;profile=mcp-app"
PREFAB_URI: Final = "ui://prefab/renderer.html"

_AUDIENCES = ("app", "model")


class ResourceCSP(OpenModel):
    """The origins that an app may reach, by what it does there."""

    connect_domains: list[str] | None = None
    resource_domains: list[str] | None = None
    frame_domains: list[str] | None = None
    base_uri_domains: list[str] | None = None


class ResourcePermissions(OpenModel):
    """What an app asks its host to allow; an empty object asks."""

    camera: dict[str, Any] | None = None
    microphone: dict[str, Any] | None = None
    geolocation: dict[str, Any] | None = None
    clipboard_write: dict[str, Any] | None = None


class AppConfig(OpenModel):
    """The interface of a tool, which `resource_uri` names, or of a `ui://` resource itself.

    `visibility` says who may call a tool: `"model"`, `"app"`, or both.
    """

    resource_uri: str | None = None
    visibility: list[Literal["app", "model"]] | None = None
    csp: ResourceCSP | None = None
    permissions: ResourcePermissions | None = None
    domain: str | None = None
    prefers_border: bool | None = None

    if not TYPE_CHECKING:  # checkers shall see the constructor that the members declare

        def __init__(self, **members: Any) -> None:
            super().__init__(**members)
            for audience in self.visibility or ():
                if audience not in _AUDIENCES:
                    raise ConfigurationError(
                        f'visibility may be "app", "model" or both, not {audience!r}'
                    )
            for name, section in self.sections().items():
                if type(self.get(name)) is dict:
                    self[name] = section(**self[name])


class PrefabAppConfig(AppConfig):
    """The interface of an entry tool of a `FastMCPApp`, of Prefab's components (the package
    `prefab-ui`); `csp` adds origins to those that Prefab's renderer needs.
    """

    if not TYPE_CHECKING:

        def __init__(self, **members: Any) -> None:
            super().__init__(**members)
            if self.resource_uri is None:
                self.resource_uri = PREFAB_URI


def app_config_to_meta_dict(app: AppConfig | Mapping[str, Any] | bool) -> dict[str, Any]:
    """The object for `_meta.ui`; the members of a mapping may be in either spelling.

    Raises:
        ConfigurationError: it names no interface, as `app=True`, which asks for Prefab's renderer.
    """
    if not isinstance(app, Mapping) or isinstance(app, PrefabAppConfig):
        shown = "PrefabAppConfig(...)" if isinstance(app, PrefabAppConfig) else repr(app)
        raise ConfigurationError(
            f"app={shown}: name the interface, as in app=AppConfig(resource_uri='ui://...'); "
            "Prefab's components are shown by the entry tools of a FastMCPApp, @app.ui()"
        )
    if not isinstance(app, AppConfig):
        respelt = {AppConfig.members.get(name, name): value for name, value in app.items()}
        app = AppConfig.model_validate(respelt)
    return app.model_dump(exclude_none=True)


def resolve_ui_mime_type(uri: str, explicit_mime_type: str | None) -> str | None:
    """The type that is given, or else that of interfaces for a `ui://` resource."""
    if explicit_mime_type is not None:
        return explicit_mime_type
    return UI_MIME_TYPE if uri.lower().startswith("ui://") else None


def is_model_visible(component: Any) -> bool:
    """Whether a component is meant for the model, and not for the interface of an app alone.

    It tells whom a component is for, and keeps nobody from calling it.
    """
    meta: Mapping[str, Any] = component.meta or {}
    ui: Any = meta.get("ui")
    audiences: Any = cast("dict[str, Any]", ui).get("visibility") if isinstance(ui, dict) else None
    return not isinstance(audiences, (list, tuple, set)) or "model" in audiences
