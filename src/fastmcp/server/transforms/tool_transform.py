"""ToolTransform: tools of a source under other names, with other texts and arguments."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Any, cast

from fastmcp._components.versions import VersionSpec
from fastmcp.exceptions import ConfigurationError
from fastmcp.tools.base import Tool
from fastmcp.tools.tool_transform import ToolTransformConfig

from ..providers.kinds import TOOLS, Kind
from .component_transform import C, ComponentTransform

logger = logging.getLogger("fastmcp.server")


class ToolTransform(ComponentTransform):
    """Changes tools by their names in the source; all others stay as they are, but for one whose
    name is given to another: it cannot be reached any more.

    Raises:
        ConfigurationError: two tools would get the same name.
    """

    def __init__(self, transforms: Mapping[str, ToolTransformConfig | Mapping[str, Any]]) -> None:
        self.transforms = {
            name: ToolTransformConfig.model_validate(each) for name, each in transforms.items()
        }
        self._inner: dict[str, str] = {}
        self._told: set[str] = set()
        for name, each in self.transforms.items():
            outer = each.name or name
            if outer in self._inner:
                raise ConfigurationError(
                    f"ToolTransform gives {self._inner[outer]!r} and {name!r} the same name "
                    f"{outer!r}; choose another for one of them"
                )
            self._inner[outer] = name

    def __repr__(self) -> str:
        return f"ToolTransform({list(self.transforms)!r})"

    def changed(self, kind: Kind, component: C) -> C | None:
        if kind is not TOOLS:
            return component
        tool = cast("Tool", component)
        change = self.transforms.get(tool.name)
        if change is None:
            return component
        made = tool.derived(self, lambda inner: _renamed(inner, change) or change.apply(inner))
        return cast("C", made)

    def sought(self, kind: Kind, address: str) -> str | None:
        if kind is not TOOLS:
            return address
        if address in self._inner:
            return self._inner[address]
        return None if address in self.transforms else address

    def _all(self, kind: Kind, items: Sequence[C]) -> list[C]:
        if kind is not TOOLS:
            return super()._all(kind, items)
        names = {item.address for item in items}
        covered = {outer for outer in names & self._inner.keys() if self._covers(outer, names)}
        for name in covered - self._told:
            logger.warning(
                "%r calls %r %r, which hides another tool", self, self._inner[name], name
            )
        self._told |= covered
        return super()._all(kind, [item for item in items if item.address not in covered])

    def _covers(self, outer: str, names: set[str]) -> bool:
        """Whether the name of a tool that keeps its own is given to another that is there."""
        return outer not in self.transforms and self._inner[outer] in names

    async def _one(
        self, kind: Kind, address: str, call_next: Any, version: VersionSpec | None
    ) -> Any:
        found = await super()._one(kind, address, call_next, version)
        if found is None and kind is TOOLS and address in self._inner.keys() - self.transforms:
            # Where the tool is not there that would have this name, the other one keeps it.
            return await call_next(address, version=version)
        return found


def _renamed(tool: Tool, change: ToolTransformConfig) -> Tool | None:
    """The tool itself under another name, where nothing else is asked for."""
    if change.model_fields_set - {"name"} or not change.name:
        return None
    return tool.model_copy(update={"name": change.name})
