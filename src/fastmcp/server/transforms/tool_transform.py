"""ToolTransform: tools of a source under other names, with other texts and arguments."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Any, Final, cast

from fastmcp._components.versions import VersionSpec
from fastmcp._spelling import nearest
from fastmcp.exceptions import ConfigurationError
from fastmcp.tools.base import Tool, require_name
from fastmcp.tools.tool_transform import ToolTransformConfig
from fastmcp.tools.transform_reading import read_changes

from ..providers.kinds import TOOLS, Kind
from .component_transform import C, ComponentTransform

logger: Final = logging.getLogger("fastmcp.server")


class ToolTransform(ComponentTransform):
    """Changes tools by their names in the source; all others stay as they are, but for one whose
    name is given to another: it cannot be reached any more. A tool that its change does not fit is
    left out, and one that is not there may come; the log tells of both.

    Raises:
        ConfigurationError: a change is unreadable, or two tools would get the same name.
        InvalidSignature: a name is none that a tool can have.
    """

    def __init__(self, transforms: Mapping[str, ToolTransformConfig | Mapping[str, Any]]) -> None:
        try:
            self.transforms: dict[str, ToolTransformConfig] = read_changes(transforms)
        except ValueError as error:
            raise ConfigurationError(f"ToolTransform: {error}") from None
        self._inner: dict[str, str] = {}
        self._told: set[tuple[str, str]] = set()
        for name, each in self.transforms.items():
            outer = each.name or name
            if each.name:
                require_name(each.name)
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
        try:
            made = tool._make_derived(
                self, lambda inner: _renamed(inner, change) or change.apply(inner)
            )
        except (ValueError, TypeError) as error:
            # As it is, it would show what is to be hidden.
            self._tell(
                "misfit", tool.name, f"leaves out {tool.name!r}, as it cannot be so: {error}"
            )
            return None
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
        made = [(item, self.changed(kind, item)) for item in items]
        here = {item._address for item in items}
        if here:
            self._miss(here)
        given = {new._address for old, new in made if new and old._address in self.transforms}
        covered = (given & here) - self.transforms.keys()
        for name in covered:
            said = f"calls {self._inner[name]!r} {name!r}, which hides another tool"
            self._tell("cover", name, said)
        return [new for old, new in made if new and old._address not in covered]

    def _miss(self, here: set[str]) -> None:
        """Tell which tools are not there."""
        for name in self.transforms.keys() - here:
            near = nearest(name, here)
            hint = "" if near is None else f"; did you mean {near!r}?"
            self._tell("absent", name, f"changes {name!r}, and there is no such tool{hint}")

    def _tell(self, what: str, name: str, said: str) -> None:
        """Say it once of each name."""
        if (what, name) not in self._told:
            self._told.add((what, name))
            logger.warning("%r %s", self, said)

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
