"""What a tool or resource says of its user interface, in `_meta.ui`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, Literal

from fastmcp.exceptions import ConfigurationError
from fastmcp.wire.open import OpenModel

UI_EXTENSION_ID: Final = "io.modelcontextprotocol/ui"
UI_MIME_TYPE: Final = "text/html;profile=mcp-app"

_AUDIENCES = ("app", "model")


class ResourceCSP(OpenModel):
    """The origins that an app may reach, by what it does there."""

    connect_domains: list[str] | None
    resource_domains: list[str] | None
    frame_domains: list[str] | None
    base_uri_domains: list[str] | None


class ResourcePermissions(OpenModel):
    """What an app asks its host to allow; an empty object asks."""

    camera: dict[str, Any] | None
    microphone: dict[str, Any] | None
    geolocation: dict[str, Any] | None
    clipboard_write: dict[str, Any] | None


class AppConfig(OpenModel):
    """The interface of a tool, which `resource_uri` names, or of a `ui://` resource itself.

    `visibility` says who may call a tool: `"model"`, `"app"`, or both.
    """

    resource_uri: str | None
    visibility: list[Literal["app", "model"]] | None
    csp: ResourceCSP | None
    permissions: ResourcePermissions | None
    domain: str | None
    prefers_border: bool | None

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


def app_config_to_meta_dict(app: AppConfig | Mapping[str, Any] | bool) -> dict[str, Any]:
    """The object for `_meta.ui`; the members of a mapping may be in either spelling.

    Raises:
        ConfigurationError: it is neither, as `app=True`, which asks for a renderer of its own.
    """
    if not isinstance(app, Mapping):
        raise ConfigurationError(
            f"app={app!r}: name the interface, as in app=AppConfig(resource_uri='ui://...')"
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
