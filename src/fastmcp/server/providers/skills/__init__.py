"""Skills: folders of instructions for models, as resources."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastmcp._lazy import alias_module, lazy_names

if TYPE_CHECKING:
    from .directory_provider import SkillsDirectoryProvider as SkillsDirectoryProvider
    from .skill_provider import SkillProvider as SkillProvider
    from .vendor_providers import ClaudeSkillsProvider as ClaudeSkillsProvider
    from .vendor_providers import CodexSkillsProvider as CodexSkillsProvider
    from .vendor_providers import CopilotSkillsProvider as CopilotSkillsProvider
    from .vendor_providers import CursorSkillsProvider as CursorSkillsProvider
    from .vendor_providers import GeminiSkillsProvider as GeminiSkillsProvider
    from .vendor_providers import GooseSkillsProvider as GooseSkillsProvider
    from .vendor_providers import OpenCodeSkillsProvider as OpenCodeSkillsProvider
    from .vendor_providers import VSCodeSkillsProvider as VSCodeSkillsProvider

    SkillsProvider = SkillsDirectoryProvider

__all__ = [
    "ClaudeSkillsProvider",
    "CodexSkillsProvider",
    "CopilotSkillsProvider",
    "CursorSkillsProvider",
    "GeminiSkillsProvider",
    "GooseSkillsProvider",
    "OpenCodeSkillsProvider",
    "SkillProvider",
    "SkillsDirectoryProvider",
    "SkillsProvider",
    "VSCodeSkillsProvider",
]

lazy_names(
    __name__,
    {
        "ClaudeSkillsProvider": ".vendor_providers",
        "CodexSkillsProvider": ".vendor_providers",
        "CopilotSkillsProvider": ".vendor_providers",
        "CursorSkillsProvider": ".vendor_providers",
        "GeminiSkillsProvider": ".vendor_providers",
        "GooseSkillsProvider": ".vendor_providers",
        "OpenCodeSkillsProvider": ".vendor_providers",
        "SkillProvider": ".skill_provider",
        "SkillsDirectoryProvider": ".directory_provider",
        "SkillsProvider": ".directory_provider",
        "VSCodeSkillsProvider": ".vendor_providers",
    },
)
alias_module(f"{__name__}.claude_provider", f"{__name__}.vendor_providers")
