"""What a server offers, as it tells its clients."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastmcp.wire.lifecycle import ServerCapabilities
from fastmcp.wire.revisions import R2025_11_25, Revision
from fastmcp.wire.skills import SKILLS_EXTENSION
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
            **(_extensions(server) if revision.modern else {}),
            **(_tasks() if revision == R2025_11_25 and server.tasks.offered else {}),
        }
    )


def _extensions(server: FastMCP) -> dict[str, Any]:
    offered: dict[str, Any] = {}
    if server.tasks.offered:
        offered[TASKS_EXTENSION] = {}
    if server.sources.has_skills:
        offered[SKILLS_EXTENSION] = {"directoryRead": True}
    return {"extensions": offered} if offered else {}


def _tasks() -> dict[str, Any]:
    requests: dict[str, Any] = {
        "tools": {"call": {}},
        "prompts": {"get": {}},
        "resources": {"read": {}},
    }
    return {"tasks": {"list": {}, "cancel": {}, "requests": requests}}
