"""What the `_meta` of a listed component says that a component of ours has members for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

# The second is that of FastMCP 2.
_HOLDERS = ("fastmcp", "_fastmcp")


def _own(meta: Mapping[str, Any] | None) -> Mapping[str, Any]:
    for holder in _HOLDERS:
        found: Any = (meta or {}).get(holder)
        if isinstance(found, dict):
            return cast("Mapping[str, Any]", found)
    return {}


def tags_of(meta: Mapping[str, Any] | None) -> set[str]:
    """The tags."""
    tags: Any = _own(meta).get("tags")
    return {str(tag) for tag in cast("list[Any]", tags)} if isinstance(tags, list) else set()


def own_version(meta: Mapping[str, Any] | None) -> str | None:
    """The version that is listed, which is the highest."""
    version: Any = _own(meta).get("version")
    return version if isinstance(version, str) and "@" not in version else None


def known_versions(meta: Mapping[str, Any] | None) -> tuple[str, ...]:
    """All versions that there are."""
    versions: Any = _own(meta).get("versions")
    if not isinstance(versions, list):
        return ()
    return tuple(str(each) for each in cast("list[Any]", versions))
