"""Transforms: what changes components between their source and their users."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastmcp._lazy import lazy_names

if TYPE_CHECKING:
    from fastmcp._components.versions import VersionSpec as VersionSpec

    from .namespace import Namespace as Namespace
    from .prompts_as_tools import PromptsAsTools as PromptsAsTools
    from .resources_as_tools import ResourcesAsTools as ResourcesAsTools
    from .tool_transform import ToolTransform as ToolTransform
    from .transform import GetPromptNext as GetPromptNext
    from .transform import GetResourceNext as GetResourceNext
    from .transform import GetResourceTemplateNext as GetResourceTemplateNext
    from .transform import GetToolNext as GetToolNext
    from .transform import Transform as Transform
    from .version_filter import VersionFilter as VersionFilter
    from .visibility import Visibility as Visibility
    from .visibility import is_enabled as is_enabled

__all__ = [
    "GetPromptNext",
    "GetResourceNext",
    "GetResourceTemplateNext",
    "GetToolNext",
    "Namespace",
    "PromptsAsTools",
    "ResourcesAsTools",
    "ToolTransform",
    "Transform",
    "VersionFilter",
    "VersionSpec",
    "Visibility",
    "is_enabled",
]

lazy_names(
    __name__,
    {
        "GetPromptNext": ".transform",
        "GetResourceNext": ".transform",
        "GetResourceTemplateNext": ".transform",
        "GetToolNext": ".transform",
        "Namespace": ".namespace",
        "PromptsAsTools": ".prompts_as_tools",
        "ResourcesAsTools": ".resources_as_tools",
        "ToolTransform": ".tool_transform",
        "Transform": ".transform",
        "VersionFilter": ".version_filter",
        "Visibility": ".visibility",
        "is_enabled": ".visibility",
        "VersionSpec": "fastmcp._components.versions",
    },
)
