"""VersionFilter: the versions of a window, and no others."""

from __future__ import annotations

from fastmcp._components.versions import VersionSpec
from fastmcp.exceptions import ConfigurationError

from ..providers.kinds import Kind
from .component_transform import C, ComponentTransform


class VersionFilter(ComponentTransform):
    """Passes versions from `version_gte` up to and without `version_lt`, and what has no version
    unless `include_unversioned` is False.

    Raises:
        ConfigurationError: neither end of the window is given.
    """

    def __init__(
        self,
        *,
        version_gte: str | None = None,
        version_lt: str | None = None,
        include_unversioned: bool = True,
    ) -> None:
        if version_gte is None and version_lt is None:
            raise ConfigurationError("VersionFilter() takes version_gte=, version_lt=, or both")
        self.version_gte = version_gte
        self.version_lt = version_lt
        self.include_unversioned = include_unversioned
        self._window = VersionSpec(gte=version_gte, lt=version_lt)

    def __repr__(self) -> str:
        return f"VersionFilter(version_gte={self.version_gte!r}, version_lt={self.version_lt!r})"

    def changed(self, kind: Kind, component: C) -> C | None:
        fits = self._window.matches(component.version, match_none=self.include_unversioned)
        return component if fits else None

    def selected(self, version: VersionSpec | None) -> VersionSpec | None:
        return self._window.intersect(version)
