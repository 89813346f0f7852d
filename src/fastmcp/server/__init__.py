"""Servers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastmcp._lazy import lazy_names

if TYPE_CHECKING:
    from .context import Context as Context
    from .inputs.request_state import RequestStateSecurity as RequestStateSecurity
    from .providers.proxy import create_proxy as create_proxy
    from .server import FastMCP as FastMCP

__all__ = ["Context", "FastMCP", "RequestStateSecurity", "create_proxy"]

lazy_names(
    __name__,
    {
        "Context": ".context",
        "FastMCP": ".server",
        "RequestStateSecurity": ".inputs.request_state",
        "create_proxy": ".providers.proxy",
    },
)
