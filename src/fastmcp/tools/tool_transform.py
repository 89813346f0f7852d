"""Transforming tools: the path that FastMCP's users import, and transformations as configuration.

The classes live in `arg_transform` and `transformed_tool`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import UNSET, UnsetType, field

from fastmcp.wire.model import Model, absent_as_none

from .arg_transform import ArgTransform, ArgTransformConfig
from .base import Tool
from .transformed_tool import TransformedTool, forward, forward_raw

__all__ = [
    "ArgTransform",
    "ArgTransformConfig",
    "ToolTransformConfig",
    "TransformedTool",
    "apply_transformations_to_tools",
    "forward",
    "forward_raw",
]


@absent_as_none("version", "title", "description", "meta", "enabled")
class ToolTransformConfig(Model, forbid_unknown_fields=True):
    """How a tool is to be changed, as JSON can say it; what is absent stays as it is."""

    name: str | None = None
    version: str | UnsetType | None = UNSET
    title: str | UnsetType | None = UNSET
    description: str | UnsetType | None = UNSET
    tags: set[str] = field(default_factory=set[str])
    meta: dict[str, Any] | UnsetType | None = UNSET
    enabled: bool | UnsetType | None = UNSET
    arguments: dict[str, ArgTransformConfig] = field(default_factory=dict[str, ArgTransformConfig])

    def __post_init__(self) -> None:
        self.tags = set(self.tags or ())
        self.arguments = {
            name: ArgTransformConfig.model_validate(each)
            for name, each in (self.arguments or {}).items()
        }

    def apply(self, tool: Tool) -> TransformedTool:
        """The tool, changed.

        Raises:
            InvalidSignature: the changes do not fit its arguments.
        """
        said = self.model_fields_set - {"enabled", "arguments"}
        changes: dict[str, Any] = {name: getattr(self, name) for name in said}
        changed = TransformedTool.from_tool(tool, transform_args=self.arguments, **changes)
        changed.enabled = self.enabled if isinstance(self.enabled, bool) else tool.enabled
        return changed


def apply_transformations_to_tools(
    tools: Mapping[str, Tool], transformations: Mapping[str, ToolTransformConfig]
) -> dict[str, Tool]:
    """Tools by key, those whose name has a transformation changed, under their new key."""
    changed: dict[str, Tool] = {}
    for key, tool in tools.items():
        transformation = transformations.get(tool.name)
        if transformation is None:
            changed[key] = tool
        else:
            made = transformation.apply(tool)
            changed[made.key] = made
    return changed
