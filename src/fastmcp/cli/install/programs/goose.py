"""Goose, whose extensions are servers, and more."""

from __future__ import annotations

import re
from typing import Any, Final, cast

from .description import Entry, Launch, Place, Program, Surroundings

DESCRIPTION: Final = "MCP server installed via FastMCP"


def _places(around: Surroundings) -> tuple[Place, ...]:
    inner = ("Block", "goose", "config") if around.system == "win32" else ("goose",)
    path = around.xdg_settings.joinpath(*inner, "config.yaml")
    return (Place("user", path, ("extensions",)),)


def _entry(name: str, launch: Launch) -> Entry:
    entry: Entry = {
        "enabled": True,
        "type": "stdio",
        "name": name,
        "cmd": launch.command,
        "args": list(launch.args),
    }
    return {**entry, "envs": dict(launch.env)} if launch.env else entry


def _key(name: str) -> str:
    """As Goose makes one of a name."""
    return re.sub(r"[^a-z0-9_-]", "_", re.sub(r"\s", "", name.lower()))


def _read(entry: Entry) -> Entry | None:
    kind = entry.get("type")
    shared: dict[str, Any] = {
        name: entry[name] for name in ("description", "enabled") if entry.get(name) is not None
    }
    if kind == "stdio" and "cmd" in entry:
        env = cast("dict[str, Any]", entry.get("envs") or {})
        return {"command": entry["cmd"], "args": entry.get("args") or [], "env": env, **shared}
    if kind in ("sse", "streamable_http") and "uri" in entry:
        transport = "sse" if kind == "sse" else "http"
        headers = cast("dict[str, Any]", entry.get("headers") or {})
        return {"url": entry["uri"], "transport": transport, "headers": headers, **shared}
    return None


GOOSE: Final = Program(
    "goose",
    "Goose",
    "yaml",
    _places,
    entry=_entry,
    additions={"description": DESCRIPTION, "timeout": 300},
    key=_key,
    read=_read,
)
