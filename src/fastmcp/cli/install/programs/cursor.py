"""Cursor."""

from __future__ import annotations

from typing import Final

from .description import Place, Program, Surroundings

FILE: Final = (".cursor", "mcp.json")


def _places(around: Surroundings) -> tuple[Place, ...]:
    return (
        Place("user", around.home.joinpath(*FILE), ("mcpServers",)),
        Place("project", around.nearest(*FILE), ("mcpServers",)),
    )


CURSOR: Final = Program("cursor", "Cursor", "jsonc", _places)
