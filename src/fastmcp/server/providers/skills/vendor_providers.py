"""The folders in which coding agents keep their skills."""

from __future__ import annotations

from pathlib import Path

from .directory_provider import SkillsDirectoryProvider
from .skill_provider import SupportingFiles


class _HomeProvider(SkillsDirectoryProvider):
    """Skills of one agent; a root that begins with `~` is in the home of the user."""

    _ROOTS: tuple[str, ...] = ()

    def __init__(
        self,
        reload: bool = False,
        supporting_files: SupportingFiles = "template",
        *,
        experimental_skills: bool = False,
    ) -> None:
        roots = [Path(root).expanduser() for root in self._ROOTS]
        super().__init__(
            roots, reload, "SKILL.md", supporting_files, experimental_skills=experimental_skills
        )

    def _tell_missing(self) -> None:
        """Nobody has to have any."""


class ClaudeSkillsProvider(_HomeProvider):
    """Skills of Claude Code."""

    _ROOTS = ("~/.claude/skills",)


class CursorSkillsProvider(_HomeProvider):
    """Skills of Cursor."""

    _ROOTS = ("~/.cursor/skills",)


class VSCodeSkillsProvider(_HomeProvider):
    """Skills of VS Code, which are those of GitHub Copilot."""

    _ROOTS = ("~/.copilot/skills",)


class CodexSkillsProvider(_HomeProvider):
    """Skills of Codex: those of the system before those of the user."""

    _ROOTS = ("/etc/codex/skills", "~/.codex/skills")


class GeminiSkillsProvider(_HomeProvider):
    """Skills of Gemini."""

    _ROOTS = ("~/.gemini/skills",)


class GooseSkillsProvider(_HomeProvider):
    """Skills of Goose."""

    _ROOTS = ("~/.config/agents/skills",)


class CopilotSkillsProvider(_HomeProvider):
    """Skills of GitHub Copilot."""

    _ROOTS = ("~/.copilot/skills",)


class OpenCodeSkillsProvider(_HomeProvider):
    """Skills of OpenCode."""

    _ROOTS = ("~/.config/opencode/skills",)
