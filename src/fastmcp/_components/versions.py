"""Versions of components: their order, and what selects some of them."""

from __future__ import annotations

from typing import Any

from msgspec import Struct


def version_key(version: str | None) -> tuple[Any, ...]:
    """What sorts versions: none lowest, then those of PEP 440 (with or without a leading `v`) by
    its rules, then other texts.
    """
    if version is None:
        return (0,)
    from packaging.version import InvalidVersion, Version

    try:
        return (1, Version(version.removeprefix("v")))
    except InvalidVersion:
        return (2, version)


class VersionSpec(Struct, frozen=True):
    """Selects versions: exactly `eq`, or from `gte` up to and without `lt`."""

    gte: str | None = None
    lt: str | None = None
    eq: str | None = None

    def matches(self, version: str | None, *, match_none: bool = True) -> bool:
        """Whether a version is selected; `match_none` says it for a component without one."""
        if version is None:
            return match_none
        key = version_key(version)
        if self.eq is not None:
            return key == version_key(self.eq)
        if self.gte is not None and key < version_key(self.gte):
            return False
        return self.lt is None or key < version_key(self.lt)


def as_spec(version: str | VersionSpec | None) -> VersionSpec | None:
    """A bare version selects itself."""
    return VersionSpec(eq=version) if isinstance(version, str) else version
