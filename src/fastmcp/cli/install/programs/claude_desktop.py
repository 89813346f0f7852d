"""Claude Desktop."""

from __future__ import annotations

from typing import Final

from .description import Place, Program, Surroundings


def _places(around: Surroundings) -> tuple[Place, ...]:
    path = around.settings / "Claude" / "claude_desktop_config.json"
    return (Place("user", path, ("mcpServers",)),)


CLAUDE_DESKTOP: Final = Program("claude-desktop", "Claude Desktop", "json", _places)
