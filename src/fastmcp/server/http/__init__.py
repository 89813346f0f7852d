"""MCP over HTTP: the endpoint, the application around it, and serving that."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastmcp._lazy import lazy_names

if TYPE_CHECKING:
    from .app import StarletteWithLifespan as StarletteWithLifespan

_HOMES = {
    "StarletteWithLifespan": ".app",
}

__all__ = ["StarletteWithLifespan"]

__getattr__ = lazy_names(__name__, _HOMES)
