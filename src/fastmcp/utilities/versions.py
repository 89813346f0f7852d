"""Versions of components: the path that FastMCP's users import."""

from __future__ import annotations

from typing import Any, Self

from fastmcp._components.component import Component
from fastmcp._components.versions import VersionSpec, version_key

__all__ = [
    "VersionKey",
    "VersionSpec",
    "compare_versions",
    "is_version_greater",
    "max_version",
    "min_version",
    "parse_version_key",
    "version_sort_key",
]


class VersionKey(tuple[Any, ...]):
    """What sorts versions: none lowest, then by PEP 440, then other texts."""

    def __new__(cls, version: str | None) -> Self:
        made = super().__new__(cls, version_key(version))
        made._version = version
        return made

    _version: str | None

    def __repr__(self) -> str:
        return f"VersionKey({self._version!r})"


def parse_version_key(version: str | None) -> VersionKey:
    """What sorts a version."""
    return VersionKey(version)


def version_sort_key(component: Component) -> tuple[Any, ...]:
    """What sorts components by their versions."""
    return version_key(component.version)


def compare_versions(a: str | None, b: str | None) -> int:
    """-1, 0 or 1, as the first is lower than the second, the same, or higher."""
    first, second = version_key(a), version_key(b)
    return (first > second) - (first < second)


def is_version_greater(a: str | None, b: str | None) -> bool:
    """Whether the first is higher."""
    return compare_versions(a, b) > 0


def max_version(a: str | None, b: str | None) -> str | None:
    """The higher one."""
    return b if is_version_greater(b, a) else a


def min_version(a: str | None, b: str | None) -> str | None:
    """The lower one."""
    return b if is_version_greater(a, b) else a
