"""What every component has: the path that FastMCP's users import."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypedDict, cast

from fastmcp._components.component import Component as FastMCPComponent

__all__ = ["FastMCPComponent", "FastMCPMeta", "get_fastmcp_metadata"]


class FastMCPMeta(TypedDict, total=False):
    """What a component's `_meta` has under `fastmcp`."""

    tags: list[str]
    version: str
    versions: list[str]


def get_fastmcp_metadata(meta: Mapping[str, Any] | None) -> FastMCPMeta:
    """That of a component's `_meta`, also under the name that servers of FastMCP 2 give it."""
    for key in ("fastmcp", "_fastmcp"):
        found = (meta or {}).get(key)
        if isinstance(found, dict):
            return cast("FastMCPMeta", found)
    return {}
