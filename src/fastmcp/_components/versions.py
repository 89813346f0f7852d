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

    def intersect(self, other: VersionSpec | None) -> VersionSpec:
        """What both select; the one of them that asks for an exact version is the narrower."""
        if other is None:
            return self
        if self.eq is not None or other.eq is not None:
            return self if self.eq is not None else other
        lows = [each.gte for each in (self, other) if each.gte is not None]
        highs = [each.lt for each in (self, other) if each.lt is not None]
        return VersionSpec(
            gte=max(lows, key=version_key, default=None),
            lt=min(highs, key=version_key, default=None),
        )


def as_spec(version: str | VersionSpec | None) -> VersionSpec | None:
    """A bare version selects itself."""
    return VersionSpec(eq=version) if isinstance(version, str) else version
