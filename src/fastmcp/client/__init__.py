"""Clients of MCP servers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastmcp._lazy import lazy_names

if TYPE_CHECKING:
    from .client import Client as Client

__all__ = ["Client"]

__getattr__ = lazy_names(__name__, {"Client": ".client"})
