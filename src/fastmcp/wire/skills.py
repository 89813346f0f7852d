"""Skills, the extension of 2026-07-28: folders of instructions for models, and what is in them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Final, Literal, TypeAlias

import msgspec
from msgspec import field

from fastmcp.wire.content import Resource
from fastmcp.wire.model import Model
from fastmcp.wire.open import OpenModel
from fastmcp.wire.shapes import (
    CacheableResult,
    PaginatedRequestParams,
    PaginatedResult,
    RequestParams,
)

__all__ = [
    "MAIN_FILE",
    "MAX_SKILL_BYTES",
    "MAX_SKILL_FILES",
    "SKILLS_EXTENSION",
    "GetSkillRequestParams",
    "GetSkillResult",
    "ListSkillsRequestParams",
    "ListSkillsResult",
    "ReadDirectoryRequestParams",
    "ReadDirectoryResult",
    "Skill",
    "SkillFrontmatter",
    "SkillResource",
]

SKILLS_EXTENSION: Final = "io.modelcontextprotocol/skills"
MAIN_FILE: Final = "SKILL.md"
MAX_SKILL_FILES: Final = 512
MAX_SKILL_BYTES: Final = 16 * 1024 * 1024


class SkillFrontmatter(OpenModel):
    """The frontmatter of a skill's main file, with all of its members under their own names."""

    name: str
    description: str
    license: str | None = None
    compatibility: str | None = None
    metadata: dict[str, Any] | None = None

    @property
    def allowed_tools(self) -> str | None:
        """The tools that the skill may use without a question, as its author wrote them."""
        return self.get("allowed-tools")


# msgspec reads the frontmatter as free JSON, which `__post_init__` of its owner takes over whole.
if TYPE_CHECKING:
    AnyFrontmatter: TypeAlias = SkillFrontmatter
else:
    AnyFrontmatter = Annotated[Any, msgspec.Meta(extra={"holds": SkillFrontmatter})]


class SkillResource(Model):
    """A file of a skill: `digest` is `sha256:` and 64 hex digits, `size` in bytes."""

    uri: str
    digest: str
    size: int


class Skill(Model):
    """A skill, by the URI of its main file. `resources` are all of its files, the main one among
    them, or `"dynamic"` where the server cannot say.
    """

    uri: str
    frontmatter: AnyFrontmatter
    resources: list[SkillResource] | Literal["dynamic"]
    meta: dict[str, Any] | None = field(name="_meta", default=None)

    def __post_init__(self) -> None:
        if not isinstance(self.frontmatter, SkillFrontmatter):  # pyright: ignore[reportUnnecessaryIsInstance]
            self.frontmatter = SkillFrontmatter.model_validate(self.frontmatter)

    @property
    def name(self) -> str:
        """Its name, which need not be unique."""
        return self.frontmatter.name

    @property
    def description(self) -> str:
        """What it is for."""
        return self.frontmatter.description


class ListSkillsRequestParams(PaginatedRequestParams):
    """Asks for a page of skills."""


class ListSkillsResult(PaginatedResult):
    """A page of skills."""

    skills: list[Skill]


class GetSkillRequestParams(RequestParams):
    """Names a skill by the URI of its main file."""

    uri: str


class GetSkillResult(CacheableResult):
    """One skill."""

    skill: Skill


class ReadDirectoryRequestParams(PaginatedRequestParams):
    """Names a folder of a skill."""

    uri: str


class ReadDirectoryResult(PaginatedResult):
    """A page of what is directly in a folder; folders have the type `inode/directory`."""

    resources: list[Resource]
