"""What a server offers, as it tells its clients."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fastmcp.wire.lifecycle import ServerCapabilities
from fastmcp.wire.revisions import R2025_11_25, Revision
from fastmcp.wire.skills import SKILLS_EXTENSION
from fastmcp.wire.tasks import TASKS_EXTENSION


def capabilities(
    *,
    connected: bool,
    revision: Revision,
    experimental: Mapping[str, Any],
    completes: bool,
    tasks: bool,
    skills: bool,
) -> ServerCapabilities:
    """The capabilities for a client; only a connected one can be told of changes."""
    lists = {"listChanged": True} if connected else {}
    return ServerCapabilities.model_validate(
        {
            "tools": lists,
            "resources": {**lists, "subscribe": True} if connected else {},
            "prompts": lists,
            "logging": {},
            **({"completions": {}} if completes else {}),
            **({"experimental": experimental} if experimental else {}),
            **(_extensions(tasks, skills) if revision.modern else {}),
            **(_tasks() if revision == R2025_11_25 and tasks else {}),
        }
    )


def _extensions(tasks: bool, skills: bool) -> dict[str, Any]:
    offered: dict[str, Any] = {}
    if tasks:
        offered[TASKS_EXTENSION] = {}
    if skills:
        offered[SKILLS_EXTENSION] = {"directoryRead": True}
    return {"extensions": offered} if offered else {}


def _tasks() -> dict[str, Any]:
    requests: dict[str, Any] = {
        "tools": {"call": {}},
        "prompts": {"get": {}},
        "resources": {"read": {}},
    }
    return {"tasks": {"list": {}, "cancel": {}, "requests": requests}}
