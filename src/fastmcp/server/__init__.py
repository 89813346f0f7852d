"""Servers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastmcp._lazy import lazy_names

if TYPE_CHECKING:
    from .context import Context as Context
    from .inputs.request_state import RequestStateSecurity as RequestStateSecurity
    from .server import FastMCP as FastMCP

__all__ = ["Context", "FastMCP", "RequestStateSecurity"]

__getattr__ = lazy_names(
    __name__,
    {
        "Context": ".context",
        "FastMCP": ".server",
        "RequestStateSecurity": ".inputs.request_state",
    },
)
