"""SkillsClientExtension: what a client may say of itself."""

from __future__ import annotations

from typing import Any, ClassVar

from fastmcp.wire.skills import SKILLS_EXTENSION


class SkillsClientExtension:
    """Declares to servers that the client knows skills: `Client(extensions=[…])`. Servers do not
    ask for that.
    """

    identifier: ClassVar[str] = SKILLS_EXTENSION

    def settings(self) -> dict[str, Any]:
        """There are none."""
        return {}
