"""The REST view of a server: its tools, resources and prompts for those who speak plain HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastmcp._lazy import lazy_names

if TYPE_CHECKING:
    from .routes import rest_routes as rest_routes

__all__ = ["rest_routes"]

lazy_names(__name__, {"rest_routes": ".routes"})
