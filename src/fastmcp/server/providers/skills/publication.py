"""Publication: what the skills extension says of a skill's folder."""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from msgspec import Struct

from fastmcp._frontmatter.parsing import parse_frontmatter
from fastmcp._frontmatter.scalars import as_yaml
from fastmcp.wire.content import Resource
from fastmcp.wire.skills import (
    MAIN_FILE,
    MAX_SKILL_BYTES,
    MAX_SKILL_FILES,
    Skill,
    SkillFrontmatter,
    SkillResource,
)

from ..file_stamps import Stamp
from .skill_info import MANIFEST, SkillFileInfo, SkillInfo, files_of, mime_type_of, relative

_NAME = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
# What stands for bytes that are no text, in names of files.
_SURROGATE = re.compile("[\ud800-\udfff]")
_LONGEST_NAME: Final = 64
# Members that are texts where they are, and how long they may be.
_TEXTS: Final = {
    "description": 1024,
    "license": sys.maxsize,
    "compatibility": 500,
    "allowed-tools": sys.maxsize,
}
DIRECTORY: Final = "inode/directory"

logger: Final = logging.getLogger("fastmcp.server")


class _State(Struct, frozen=True):
    """What was made of the files with these stamps; `fault` says why nothing was."""

    stamps: dict[str, Stamp]
    frontmatter: dict[str, Any]
    files: list[SkillFileInfo]
    fault: str | None = None


class Publication:
    """One skill, as clients of the extension see it. Files are read again when they have changed.

    Its methods look at the disk. `base` is the URI of the folder, with a slash at its end.
    """

    def __init__(self, skill: SkillInfo) -> None:
        self._skill = skill
        self._known: _State | None = None

    @property
    def name(self) -> str:
        """The skill's name."""
        return self._skill.name

    def entry(self, base: str) -> Skill | None:
        """The skill with all of its files; None if it cannot be offered, which the log tells."""
        state = self._state()
        if state.fault is not None:
            return None
        resources = [
            SkillResource(uri=base + quote(file.path), digest=file.hash, size=file.size)
            for file in state.files
        ]
        frontmatter = SkillFrontmatter.model_validate(state.frontmatter)
        return Skill(uri=base + MAIN_FILE, frontmatter=frontmatter, resources=resources)

    def children(self, base: str, folder: str) -> list[Resource]:
        """What is directly in one of its folders, by its path; nothing if it is none."""
        inside = f"{folder}/" if folder else ""
        found: dict[str, Resource] = {}
        for file in self._state().files:
            if file.path.startswith(inside):
                name, slash, _ = file.path[len(inside) :].partition("/")
                found[name] = Resource(
                    uri=base + quote(inside + name),
                    name=name,
                    mime_type=DIRECTORY if slash else mime_type_of(name),
                    size=None if slash else file.size,
                )
        return list(found.values())

    def _state(self) -> _State:
        stamps = files_of(self._skill.path)
        if self._known is None or self._known.stamps != stamps:
            try:
                self._known = _State(stamps, *self._read(stamps))
            except (OSError, ValueError) as error:
                told = None if self._known is None else self._known.fault
                # What could not be read may be readable the next time, though nothing changes.
                seen = {} if isinstance(error, OSError) else stamps
                self._known = _State(seen, {}, [], str(error))
                if self._known.fault != told:
                    logger.warning("The skill %s is not in skills/list: %s", self.name, error)
        return self._known

    def _read(self, stamps: Mapping[str, Stamp]) -> tuple[dict[str, Any], list[SkillFileInfo]]:
        paths = [relative(self._skill.path, path) for path in stamps]
        _require(MAIN_FILE in paths, f"it has no {MAIN_FILE}")
        _require(MANIFEST not in paths, f"the file {MANIFEST} is hidden by the skill's manifest")
        _require(
            len(paths) <= MAX_SKILL_FILES, f"it has {len(paths)} files, more than {MAX_SKILL_FILES}"
        )
        size = sum(stamp.size for stamp in stamps.values())
        _require(size <= MAX_SKILL_BYTES, f"it has {size} bytes, more than {MAX_SKILL_BYTES}")
        for path in paths:
            _require(not _SURROGATE.search(path), f"the name of its file {path!a} is not UTF-8")
        frontmatter, _ = parse_frontmatter(_text(self._skill.path / MAIN_FILE), as_yaml)
        _check(frontmatter, self.name)
        return frontmatter, self._skill.files_of(stamps)


def _text(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8")
    except UnicodeDecodeError as error:
        raise ValueError(f"{path.name} is not UTF-8: {error}") from None


def _check(frontmatter: Mapping[str, Any], folder: str) -> None:
    """Refuse a frontmatter that is not as the specification of Agent Skills has it.

    Raises:
        ValueError: it is not.
    """
    name, description = frontmatter.get("name"), frontmatter.get("description")
    _require(bool(frontmatter), f"{MAIN_FILE} does not begin with frontmatter between lines of ---")
    _require(isinstance(name, str), f"the frontmatter of {MAIN_FILE} has no name")
    _require(name == folder, f"its name {name!r} is not that of its folder, {folder!r}")
    _require(
        len(folder) <= _LONGEST_NAME and _NAME.fullmatch(folder) is not None,
        f"the name {folder!r} is not 1 to {_LONGEST_NAME} of a-z, 0-9 and single hyphens inside",
    )
    _require(
        isinstance(description, str) and bool(description.strip()),
        f"the frontmatter of {MAIN_FILE} has no description",
    )
    for member, most in _TEXTS.items():
        text = frontmatter.get(member, "")
        _require(isinstance(text, str), f"{member} in its frontmatter is no text: {text!r}")
        _require(len(text) <= most, f"{member} in its frontmatter has more than {most} characters")
    metadata = frontmatter.get("metadata", {})
    _require(isinstance(metadata, dict), f"metadata in its frontmatter is no mapping: {metadata!r}")
    for key, text in metadata.items():
        _require(isinstance(text, str), f"metadata.{key} in its frontmatter is no text: {text!r}")


def _require(holds: bool, fault: str) -> None:
    if not holds:
        raise ValueError(fault)
