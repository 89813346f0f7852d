"""What a server offers, as it tells its clients."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastmcp.wire.lifecycle import ServerCapabilities

if TYPE_CHECKING:
    from .server import FastMCP


def capabilities(server: FastMCP, *, connected: bool) -> ServerCapabilities:
    """The capabilities for a client; only a connected one can be told of changes."""
    lists = {"listChanged": True} if connected else {}
    experimental = server.experimental_capabilities
    return ServerCapabilities.model_validate(
        {
            "tools": lists,
            "resources": {**lists, "subscribe": True} if connected else {},
            "prompts": lists,
            "logging": {},
            **({"completions": {}} if server.completes else {}),
            **({"experimental": experimental} if experimental else {}),
        }
    )
