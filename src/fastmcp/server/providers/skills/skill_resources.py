"""Resources and templates of skills."""

from __future__ import annotations

from typing import Any

from fastmcp._components.writing import to_json
from fastmcp._runtime.threads import run_in_thread
from fastmcp.exceptions import NotFoundError
from fastmcp.resources.base import Resource, ResourceContent, ResourceResult
from fastmcp.resources.template import ResourceTemplate

from .publication import Publication
from .skill_info import SkillInfo, SkillPathError, content_of, mime_type_of


class SkillResource(Resource, kw_only=True):
    """The main file of a skill, or the list of its files; `publication` is of a main file that the
    skills extension lists.
    """

    skill_info: SkillInfo
    is_manifest: bool = False
    publication: Publication | None = None

    def get_meta(self) -> dict[str, Any]:
        skill = {"name": self.skill_info.name, "is_manifest": self.is_manifest}
        return _with_skill(super().get_meta(), skill)

    async def read(self) -> ResourceResult:
        if not self.is_manifest:
            return await _read(self.skill_info, self.skill_info.main_file, self.mime_type)
        content = await run_in_thread(self._manifest)
        return ResourceResult([ResourceContent(content, self.mime_type)])

    def _manifest(self) -> str:
        files = [
            {"path": file.path, "size": file.size, "hash": file.hash}
            for file in self.skill_info.files
        ]
        return to_json({"skill": self.skill_info.name, "files": files}).decode()


class SkillFileResource(Resource, kw_only=True):
    """A file of a skill."""

    skill_info: SkillInfo
    file_path: str

    def get_meta(self) -> dict[str, Any]:
        return _with_skill(super().get_meta(), {"name": self.skill_info.name})

    async def read(self) -> ResourceResult:
        return await _read(self.skill_info, self.file_path, self.mime_type)


class SkillFileTemplate(ResourceTemplate, kw_only=True):
    """All files of a skill."""

    skill_info: SkillInfo

    async def read(self, arguments: dict[str, Any]) -> ResourceResult:
        path = str(arguments.get("path", ""))
        return await _read(self.skill_info, path, mime_type_of(path))


def _with_skill(meta: dict[str, Any] | None, skill: dict[str, Any]) -> dict[str, Any]:
    known = meta or {}
    return {**known, "fastmcp": {**known.get("fastmcp", {}), "skill": skill}}


async def _read(skill: SkillInfo, path: str, mime_type: str) -> ResourceResult:
    def content() -> str | bytes:
        return content_of(skill.resolve(path))

    try:
        found = await run_in_thread(content)
    except (OSError, SkillPathError) as error:
        # Whatever is outside of the folder is not there.
        raise NotFoundError(f"There is no file {path!r} in the skill {skill.name!r}") from error
    return ResourceResult([ResourceContent(found, mime_type)])
