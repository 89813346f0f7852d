"""SkillsDirectoryProvider: folders of skills."""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager, nullcontext
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote

from fastmcp._components.component import Component
from fastmcp._components.versions import VersionSpec
from fastmcp.resources.base import Resource
from fastmcp.resources.template import ResourceTemplate

from ..base import Provider
from ..file_stamps import Stamp
from ..kinds import RESOURCES, TEMPLATES, Kind
from ..reloading import Reloading
from .skill_info import files_of
from .skill_provider import SkillProvider, SupportingFiles, require_main_file, require_way

logger: Final = logging.getLogger("fastmcp.server")


class SkillsDirectoryProvider(Provider):
    """Offers a skill for each folder in `roots` that has a main file; of those with the same name,
    the first. A skill that cannot be read is told of in the log.

    `experimental_skills=True` is as with `SkillProvider`.
    With `reload=True` what has changed on the disk is seen by the next request, and clients hear
    of it.
    """

    def __init__(
        self,
        roots: str | Path | Sequence[str | Path],
        reload: bool = False,
        main_file_name: str = "SKILL.md",
        supporting_files: SupportingFiles = "template",
        *,
        experimental_skills: bool = False,
    ) -> None:
        super().__init__()
        require_way(supporting_files)
        if experimental_skills:
            require_main_file(main_file_name)
        given = [roots] if isinstance(roots, (str, Path)) else roots
        self._roots = [Path(root).expanduser().resolve() for root in given]
        self._main_file_name = main_file_name
        self._supporting_files: SupportingFiles = supporting_files
        self._publishes = experimental_skills
        self._skills: dict[str, tuple[dict[str, Stamp], SkillProvider | None]] = {}
        self._reloading = Reloading(self._look) if reload else None
        self._tell_missing()
        self._look()

    def __repr__(self) -> str:
        roots = (
            str(self._roots[0]) if len(self._roots) == 1 else [str(each) for each in self._roots]
        )
        return f"{type(self).__name__}({roots!r}, skills={len(self.providers)})"

    @property
    def providers(self) -> list[SkillProvider]:
        """Those of the skills."""
        return [provider for _, provider in self._skills.values() if provider is not None]

    def _tell_missing(self) -> None:
        for root in self._roots:
            if not root.exists():
                logger.warning("There is nothing at %s, where skills are looked for", root)
            elif not root.is_dir():
                logger.warning("%s is no folder, and skills are looked for in one", root)

    # What is on the disk

    def _look(self) -> None:
        """Take up what has changed."""
        folders = self._folders()
        looked: dict[str, tuple[dict[str, Stamp], SkillProvider | None]] = {}
        for name, folder in folders.items():
            stamps, known = files_of(folder), self._skills.get(name)
            if known is None or known[0] != stamps:
                known = stamps, self._read(folder)
            looked[name] = known
        if looked != self._skills:
            self._skills = looked
            self.changed("resources")

    def _folders(self) -> dict[str, Path]:
        found: dict[str, Path] = {}
        for root in self._roots:
            for folder in _folders_in(root):
                if (folder / self._main_file_name).exists():
                    found.setdefault(folder.name, folder)
        return found

    def _read(self, folder: Path) -> SkillProvider | None:
        try:
            return SkillProvider(
                folder,
                self._main_file_name,
                self._supporting_files,
                experimental_skills=self._publishes,
            )
        except (OSError, ValueError) as error:
            logger.warning("The skill %s is left out: %s", folder.name, error)
            return None

    # As a provider

    @asynccontextmanager
    async def lifespan(self) -> AsyncGenerator[None]:
        async with self._reloading.watching() if self._reloading else nullcontext():
            yield

    @property
    def has_skills(self) -> bool:
        return self._publishes

    def _fixed(self, kind: Kind) -> Sequence[Any] | None:
        if kind not in (RESOURCES, TEMPLATES):
            return ()
        return self._all(kind) if self._reloading is None else None

    def _all(self, kind: Kind) -> list[Any]:
        return [each for provider in self.providers for each in provider._all_fixed(kind) or ()]

    async def _now(self) -> None:
        if self._reloading is not None:
            await self._reloading.now()

    async def _list_resources(self) -> Sequence[Resource]:
        await self._now()
        return self._all(RESOURCES)

    async def _list_resource_templates(self) -> Sequence[ResourceTemplate]:
        await self._now()
        return self._all(TEMPLATES)

    async def _get_resource(self, uri: str, version: VersionSpec | None = None) -> Any:
        return await self._one("get_resource", uri, version)

    async def _get_resource_template(self, uri: str, version: VersionSpec | None = None) -> Any:
        return await self._one("get_resource_template", uri, version)

    async def _one(self, getter: str, uri: str, version: VersionSpec | None) -> Component | None:
        await self._now()
        name = unquote(uri.removeprefix("skill://").partition("/")[0])
        _, provider = self._skills.get(name, (None, None))
        return None if provider is None else await getattr(provider, getter)(uri, version)


def _folders_in(root: Path) -> list[Path]:
    """The folders in a folder, and those that links in it lead to, by their resolved paths."""
    try:
        entries = sorted(root.iterdir())
    except OSError:
        return []  # it may come
    found: list[Path] = []
    for entry in entries:
        try:
            folder = entry.resolve(strict=True)
        except (OSError, RuntimeError):  # a link to nothing, or a loop of links
            continue
        if folder.is_dir():
            found.append(folder)
    return found


SkillsProvider = SkillsDirectoryProvider
