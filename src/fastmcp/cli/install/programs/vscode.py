"""Visual Studio Code."""

from __future__ import annotations

from typing import Final

from .description import Place, Program, Surroundings

FILE: Final = (".vscode", "mcp.json")


def _places(around: Surroundings) -> tuple[Place, ...]:
    return (
        Place("user", around.settings / "Code" / "User" / "mcp.json", ("servers",)),
        Place("project", around.nearest(*FILE), ("servers",)),
    )


VSCODE: Final = Program(
    "vscode", "VS Code", "jsonc", _places, additions={"type": "stdio"}, aliases=("vs-code",)
)
