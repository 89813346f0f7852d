"""The programs that use servers of MCP: for each a description of its configuration."""

from __future__ import annotations

from typing import Final

from .claude_code import CLAUDE_CODE
from .claude_desktop import CLAUDE_DESKTOP
from .cursor import CURSOR
from .description import Program
from .gemini_cli import GEMINI_CLI
from .goose import GOOSE
from .project import PROJECT
from .vscode import VSCODE

PROGRAMS: Final[dict[str, Program]] = {
    each.name: each
    for each in (CLAUDE_DESKTOP, CLAUDE_CODE, CURSOR, VSCODE, GEMINI_CLI, GOOSE, PROJECT)
}
