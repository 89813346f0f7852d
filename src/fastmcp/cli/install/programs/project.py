"""A project's own file of servers, which programs share."""

from __future__ import annotations

from typing import Final

from .description import Place, Program, Surroundings

SHARED: Final = ".mcp.json"


def _places(around: Surroundings) -> tuple[Place, ...]:
    return (
        Place("project", around.folder / "mcp.json", ("mcpServers",)),
        Place("shared", around.folder / SHARED, ("mcpServers",)),
    )


PROJECT: Final = Program("project", "this project", "jsonc", _places)
