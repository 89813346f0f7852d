"""Skills as the extension has them, for clients."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastmcp._lazy import alias_module, lazy_names

if TYPE_CHECKING:
    from fastmcp.wire.skills import GetSkillResult as GetSkillResult
    from fastmcp.wire.skills import ListSkillsResult as ListSkillsResult
    from fastmcp.wire.skills import Skill as Skill
    from fastmcp.wire.skills import SkillFrontmatter as SkillFrontmatter
    from fastmcp.wire.skills import SkillResource as SkillResource

    from .client import SkillsClientExtension as SkillsClientExtension

__all__ = [
    "GetSkillResult",
    "ListSkillsResult",
    "Skill",
    "SkillFrontmatter",
    "SkillResource",
    "SkillsClientExtension",
]

_WIRE = "fastmcp.wire.skills"
lazy_names(
    __name__,
    {
        "GetSkillResult": _WIRE,
        "ListSkillsResult": _WIRE,
        "Skill": _WIRE,
        "SkillFrontmatter": _WIRE,
        "SkillResource": _WIRE,
        "SkillsClientExtension": ".client",
    },
)
alias_module(f"{__name__}.models", _WIRE)
