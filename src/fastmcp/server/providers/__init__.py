"""Providers: where a server's components come from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastmcp._lazy import lazy_names

if TYPE_CHECKING:
    from .aggregate import AggregateProvider as AggregateProvider
    from .base import Provider as Provider
    from .fastmcp_provider import FastMCPProvider as FastMCPProvider
    from .local import LocalProvider as LocalProvider

__all__ = ["AggregateProvider", "FastMCPProvider", "LocalProvider", "Provider"]

__getattr__ = lazy_names(
    __name__,
    {
        "AggregateProvider": ".aggregate",
        "FastMCPProvider": ".fastmcp_provider",
        "LocalProvider": ".local",
        "Provider": ".base",
    },
)
