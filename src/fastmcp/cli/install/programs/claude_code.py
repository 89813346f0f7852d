"""Claude Code: one file has what is the user's, and for each folder what is the user's there."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from .description import Place, Program, Surroundings
from .project import SHARED


def _places(around: Surroundings) -> tuple[Place, ...]:
    folder = around.environment.get("CLAUDE_CONFIG_DIR")
    path = (Path(folder) if folder else around.home) / ".claude.json"
    return (
        Place("local", path, ("projects", str(around.folder), "mcpServers")),
        Place("user", path, ("mcpServers",)),
        Place("project", around.folder / SHARED, ("mcpServers",), listed=False),
    )


CLAUDE_CODE: Final = Program(
    "claude-code",
    "Claude Code",
    "json",
    _places,
    additions={"type": "stdio"},
    command="claude",
)
