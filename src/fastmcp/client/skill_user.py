"""SkillUser: what a client does with the skills of a server."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from fastmcp.exceptions import ClientError
from fastmcp.wire.content import Resource
from fastmcp.wire.features import ReadResourceResult
from fastmcp.wire.skills import (
    MAIN_FILE,
    SKILLS_EXTENSION,
    GetSkillResult,
    ListSkillsResult,
    ReadDirectoryResult,
    Skill,
)

from .cached_requests import CachedRequests
from .interlocutor import Interlocutor
from .pages import MAX_PAGES, all_pages, at
from .skill_files import file_of, verified

if TYPE_CHECKING:
    from .caching.entries import CacheMode


class SkillUser(Interlocutor):
    """Nothing of a skill is fetched before it is read, and what is read is what was listed."""

    _cached: CachedRequests

    async def list_skills_mcp(
        self, cursor: str | None = None, *, cache_mode: CacheMode = "use"
    ) -> ListSkillsResult:
        """One page of skills.

        Raises:
            ClientError: the server has no skills in the sense of the extension.
        """
        self._require_skills()
        return await self._cached.read(ListSkillsResult, "skills/list", at(cursor), cache_mode)

    async def list_skills(
        self, max_pages: int = MAX_PAGES, *, cache_mode: CacheMode = "use"
    ) -> list[Skill]:
        """All skills: names, descriptions, and what their files are."""
        fetch = partial(self.list_skills_mcp, cache_mode=cache_mode)
        return await all_pages(fetch, lambda page: page.skills, max_pages)

    async def get_skill_mcp(self, uri: str, *, cache_mode: CacheMode = "use") -> GetSkillResult:
        """As `get_skill`; the result as the protocol has it."""
        self._require_skills()
        return await self._cached.read(GetSkillResult, "skills/get", {"uri": uri}, cache_mode)

    async def get_skill(self, uri: str, *, cache_mode: CacheMode = "use") -> Skill:
        """The skill whose SKILL.md is at a URI.

        Raises:
            McpError: there is none.
        """
        return (await self.get_skill_mcp(uri, cache_mode=cache_mode)).skill

    async def read_skill(self, skill: Skill, path: str = MAIN_FILE) -> bytes:
        """A file of a skill, by its path in the skill's folder or its URI in `skill.resources`.

        Its size and digest are those of `skill.resources`, and the frontmatter of SKILL.md that of
        `skill`. A skill whose `resources` are "dynamic" says neither size nor digest.

        Raises:
            SkillVerificationError: they are not, or the skill is larger than 512 files or 16 MiB.
            ClientError: the skill has no such file.
        """
        file = file_of(skill, path)
        uri = file if isinstance(file, str) else file.uri
        result = await self._ask(ReadResourceResult, "resources/read", {"uri": uri})
        return verified(skill, file, result)

    async def list_skill_folder(self, uri: str, max_pages: int = MAX_PAGES) -> list[Resource]:
        """What is directly in a folder of a skill, such as `skill://pdf/scripts`; folders in it
        have the type `inode/directory`. Not every server with skills can tell.

        Raises:
            McpError: there is no such folder.
        """
        self._require_skills("directoryRead")

        async def fetch(cursor: str | None) -> ReadDirectoryResult:
            params = {"uri": uri, **at(cursor)}
            return await self._ask(ReadDirectoryResult, "resources/directory/read", params)

        return await all_pages(fetch, lambda page: page.resources, max_pages)

    def _require_skills(self, setting: str | None = None) -> None:
        agreement = self._connection.agreement
        if agreement.initialize is agreement.discover is None:
            return  # the server was not asked what it offers, and answers for itself
        offered = (self.server_capabilities.extensions or {}).get(SKILLS_EXTENSION)
        if offered is None:
            raise ClientError(
                f"The server does not offer the extension {SKILLS_EXTENSION}; skills that are only "
                "resources are found by fastmcp.utilities.skills"
            )
        if setting is not None and not offered.get(setting):
            raise ClientError(f"The server offers {SKILLS_EXTENSION} without {setting}")
