"""What a server offers, as it tells its clients."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastmcp.wire.lifecycle import ServerCapabilities
from fastmcp.wire.revisions import R2025_11_25, Revision
from fastmcp.wire.tasks import TASKS_EXTENSION

if TYPE_CHECKING:
    from .server import FastMCP


def capabilities(server: FastMCP, *, connected: bool, revision: Revision) -> ServerCapabilities:
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
            **(_tasks(revision) if server.tasks.offered else {}),
        }
    )


def _tasks(revision: Revision) -> dict[str, Any]:
    if revision.modern:
        return {"extensions": {TASKS_EXTENSION: {}}}
    if revision != R2025_11_25:
        return {}
    requests: dict[str, Any] = {
        "tools": {"call": {}},
        "prompts": {"get": {}},
        "resources": {"read": {}},
    }
    return {"tasks": {"list": {}, "cancel": {}, "requests": requests}}
