"""MCP Apps: user interfaces that tools and resources bring along."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastmcp._lazy import lazy_names

if TYPE_CHECKING:
    from .app import FastMCPApp as FastMCPApp
    from .config import UI_EXTENSION_ID as UI_EXTENSION_ID
    from .config import UI_MIME_TYPE as UI_MIME_TYPE
    from .config import AppConfig as AppConfig
    from .config import PrefabAppConfig as PrefabAppConfig
    from .config import ResourceCSP as ResourceCSP
    from .config import ResourcePermissions as ResourcePermissions
    from .config import app_config_to_meta_dict as app_config_to_meta_dict
    from .config import resolve_ui_mime_type as resolve_ui_mime_type

__all__ = [
    "UI_EXTENSION_ID",
    "UI_MIME_TYPE",
    "AppConfig",
    "FastMCPApp",
    "PrefabAppConfig",
    "ResourceCSP",
    "ResourcePermissions",
    "app_config_to_meta_dict",
    "resolve_ui_mime_type",
]

lazy_names(__name__, dict.fromkeys(__all__, ".config") | {"FastMCPApp": ".app"})
