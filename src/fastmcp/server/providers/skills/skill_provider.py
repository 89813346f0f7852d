"""SkillProvider: one skill's folder, as resources."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal, TypeAlias
from urllib.parse import quote

from fastmcp.exceptions import ConfigurationError
from fastmcp.resources.base import JSON, Resource
from fastmcp.resources.template import ResourceTemplate
from fastmcp.wire.skills import MAIN_FILE

from ..base import Provider
from ..kinds import RESOURCES, TEMPLATES, Kind
from .publication import Publication
from .skill_info import MANIFEST, SkillInfo, files_of, mime_type_of, read_skill, relative
from .skill_resources import SkillFileResource, SkillFileTemplate, SkillResource

SupportingFiles: TypeAlias = Literal["template", "resources"]

_PATH = {
    "type": "object",
    "properties": {"path": {"type": "string"}},
    "required": ["path"],
}


class SkillProvider(Provider):
    """Offers the main file of a skill as `skill://name/SKILL.md`, the list of its files, with sizes
    and hashes, as `skill://name/_manifest`, and each file as `skill://name/path`: by a template, or
    with `supporting_files="resources"` as a listed resource.

    With `experimental_skills=True` it is in the list of the extension
    `io.modelcontextprotocol/skills`, if it is as Agent Skills are to be; else the log says what is
    wrong. Nothing outside of the folder can be read, whatever links there are.

    Raises:
        ConfigurationError: `experimental_skills`, and a main file that is no SKILL.md.
    """

    def __init__(
        self,
        skill_path: str | Path,
        main_file_name: str = "SKILL.md",
        supporting_files: SupportingFiles = "template",
        *,
        experimental_skills: bool = False,
    ) -> None:
        super().__init__()
        require_way(supporting_files)
        if experimental_skills:
            require_main_file(main_file_name)
        self.skill_info: SkillInfo = read_skill(
            Path(skill_path).expanduser().resolve(), main_file_name
        )
        self._supporting_files = supporting_files
        self._publication = Publication(self.skill_info) if experimental_skills else None
        self._resources = list(self._made_resources())
        self._templates = [self._made_template()] if supporting_files == "template" else []

    def __repr__(self) -> str:
        return (
            f"SkillProvider({str(self.skill_info.path)!r}, "
            f"supporting_files={self._supporting_files!r})"
        )

    @property
    def has_skills(self) -> bool:
        return self._publication is not None

    def _fixed(self, kind: Kind) -> Sequence[Any] | None:
        if kind is RESOURCES:
            return self._resources
        return self._templates if kind is TEMPLATES else ()

    async def _list_resources(self) -> Sequence[Resource]:
        return self._resources

    async def _list_resource_templates(self) -> Sequence[ResourceTemplate]:
        return self._templates

    def _made_resources(self) -> Sequence[Resource]:
        skill = self.skill_info
        named = self._named(skill.main_file)
        if self._publication is not None:
            named["name"] = skill.name
        main = SkillResource(
            **named,
            description=skill.description,
            mime_type="text/markdown",
            skill_info=skill,
            publication=self._publication,
        )
        manifest = SkillResource(
            **self._named(MANIFEST),
            description=f"File listing for {skill.name}",
            mime_type=JSON,
            skill_info=skill,
            is_manifest=True,
        )
        if self._supporting_files == "template":
            return [main, manifest]
        paths = [relative(skill.path, path) for path in files_of(skill.path)]
        return [main, manifest, *map(self._made_file, (p for p in paths if p != skill.main_file))]

    def _made_file(self, path: str) -> Resource:
        return SkillFileResource(
            **self._named(path),
            description=f"File from {self.skill_info.name} skill",
            mime_type=mime_type_of(path),
            skill_info=self.skill_info,
            file_path=path,
        )

    def _made_template(self) -> ResourceTemplate:
        skill = self.skill_info
        return SkillFileTemplate(
            uri_template=f"skill://{quote(skill.name)}/{{path*}}",
            name=f"{skill.name}_files",
            description=f"Access files within {skill.name}",
            mime_type="application/octet-stream",
            parameters=_PATH,
            skill_info=skill,
        )

    def _named(self, path: str) -> dict[str, Any]:
        name = self.skill_info.name
        return {"uri": f"skill://{quote(name)}/{quote(path)}", "name": f"{name}/{path}"}


def require_way(supporting_files: str) -> None:
    """Refuse what is no way to offer files.

    Raises:
        ConfigurationError: it is neither of the two.
    """
    if supporting_files not in ("template", "resources"):
        raise ConfigurationError(
            f"supporting_files={supporting_files!r}: use 'template' or 'resources'"
        )


def require_main_file(main_file_name: str) -> None:
    """Refuse to publish what is no skill to others.

    Raises:
        ConfigurationError: the main file has another name than all have.
    """
    if main_file_name != MAIN_FILE:
        raise ConfigurationError(
            f"experimental_skills=True needs main_file_name={MAIN_FILE!r}, not {main_file_name!r}: "
            "clients know a skill by that file"
        )
