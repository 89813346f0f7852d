"""Gemini CLI."""

from __future__ import annotations

from typing import Final

from .description import Place, Program, Surroundings

FILE: Final = (".gemini", "settings.json")


def _places(around: Surroundings) -> tuple[Place, ...]:
    return (
        Place("project", around.folder.joinpath(*FILE), ("mcpServers",)),
        Place("user", around.home.joinpath(*FILE), ("mcpServers",)),
    )


GEMINI_CLI: Final = Program(
    "gemini-cli", "Gemini CLI", "jsonc", _places, aliases=("gemini",), command="gemini"
)
