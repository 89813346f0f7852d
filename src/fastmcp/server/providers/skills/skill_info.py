"""SkillInfo: what a skill's folder tells of it."""

from __future__ import annotations

import mimetypes
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from hashlib import file_digest
from pathlib import Path
from typing import Any, Final

from fastmcp._frontmatter.parsing import parse_frontmatter
from fastmcp.resources.base import BINARY
from fastmcp.resources.mime_types import is_text

from ..file_stamps import Stamp, stamps_below

# What is at this path is the list of all files.
MANIFEST: Final = "_manifest"
# So much of the first line stands in for a description.
_LONGEST: Final = 200
# Types of files that skills have, and that systems do not agree on.
_TYPES: Final = {
    ".md": "text/markdown",
    ".toml": "application/toml",
    ".ts": "text/typescript",
    ".yaml": "application/yaml",
    ".yml": "application/yaml",
}


class SkillPathError(ValueError):
    """A path that leads out of its skill's folder."""


@dataclass
class SkillFileInfo:
    """A file of a skill: its path in the skill's folder, its size in bytes, and its hash."""

    path: str
    size: int
    hash: str


@dataclass
class SkillInfo:
    """A skill; `name` is that of its folder."""

    name: str
    description: str
    path: Path
    main_file: str
    frontmatter: dict[str, Any] = field(default_factory=dict[str, Any])
    _hashes: dict[str, tuple[Stamp, str]] = field(
        default_factory=dict[str, tuple[Stamp, str]], repr=False, compare=False
    )

    @property
    def files(self) -> list[SkillFileInfo]:
        """Its files as they are now."""
        return self.files_of(files_of(self.path))

    def files_of(self, stamps: Mapping[str, Stamp]) -> list[SkillFileInfo]:
        """Its files, which have these stamps; those whose stamp is another one are hashed."""
        self._hashes = {
            path: known
            if (known := self._hashes.get(path)) and known[0] == stamp
            else (stamp, _hash(path))
            for path, stamp in stamps.items()
        }
        return [
            SkillFileInfo(relative(self.path, path), stamp.size, hash)
            for path, (stamp, hash) in self._hashes.items()
        ]

    def resolve(self, relative: str) -> Path:
        """The file of that path.

        Raises:
            SkillPathError: it leads out of the folder.
            FileNotFoundError: there is no such file.
        """
        path = resolve_within(self.path, relative)
        if not path.is_file():
            raise FileNotFoundError(f"There is no file {relative!r} in the skill {self.name!r}")
        return path


def read_skill(folder: Path, main_file: str) -> SkillInfo:
    """What a folder, whose path is resolved, tells of its skill.

    Raises:
        FileNotFoundError: there is no folder, or no main file in it.
        SkillPathError: the main file leads out of the folder.
        ValueError: the main file is not UTF-8.
    """
    if not folder.is_dir():
        raise FileNotFoundError(f"There is no skill at {folder}: no such directory")
    main = resolve_within(folder, main_file)
    if not main.is_file():
        raise FileNotFoundError(f"There is no skill at {folder}: it has no {main_file}")
    try:
        content = main.read_text("utf-8")
    except UnicodeDecodeError as error:
        raise ValueError(f"{main} is not UTF-8: {error}") from error
    frontmatter, body = parse_frontmatter(content)
    description = frontmatter.get("description")
    if not isinstance(description, str) or not description.strip():
        description = _first_line(body) or f"Skill: {folder.name}"
    return SkillInfo(folder.name, description.strip(), folder, main_file, frontmatter)


def relative(folder: Path, path: str) -> str:
    """The path of a file below a folder, as it stands in a URI."""
    return Path(path).relative_to(folder).as_posix()


def files_of(folder: Path) -> dict[str, Stamp]:
    """All files of a skill, by their paths. Links that lead out of its folder are left out, and so
    is what can be opened and never ends, such as a named pipe.
    """

    def wanted(entry: os.DirEntry[str]) -> bool:
        if entry.is_symlink():
            return _leads_to_file_in(folder, Path(entry.path))
        return entry.is_dir(follow_symlinks=False) or entry.is_file(follow_symlinks=False)

    return stamps_below(folder, wanted)


def _leads_to_file_in(folder: Path, link: Path) -> bool:
    try:
        return link.is_file() and link.resolve().is_relative_to(folder)
    except (OSError, RuntimeError):
        return False  # a loop of links


def resolve_within(folder: Path, relative: str) -> Path:
    """A path below a folder, whose own path is resolved.

    Raises:
        SkillPathError: it leads out of the folder.
    """
    try:
        path = (folder / relative).resolve()
    except (OSError, RuntimeError, ValueError) as error:  # a loop of links, or NUL
        raise SkillPathError(f"{relative!r} is no path: {error}") from error
    if not path.is_relative_to(folder):
        raise SkillPathError(f"{relative!r} leads out of the skill's folder")
    return path


@cache
def _known_types() -> mimetypes.MimeTypes:
    """Those of Python alone: what a system has configured differs."""
    types = mimetypes.MimeTypes()
    for suffix, type in _TYPES.items():
        types.add_type(type, suffix)
    return types


def mime_type_of(path: str) -> str:
    """The MIME type that the name of a file tells."""
    return _known_types().guess_type(os.path.basename(path))[0] or BINARY


def content_of(path: Path) -> str | bytes:
    """What a file contains: text where its name or its content says so."""
    data = path.read_bytes()
    type = mime_type_of(path.name)
    if not is_text(type) and (type != BINARY or b"\0" in data):
        return data
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data


def _hash(path: str) -> str:
    with open(path, "rb") as file:
        return f"sha256:{file_digest(file, 'sha256').hexdigest()}"


def _first_line(body: str) -> str:
    lines = (line.strip().lstrip("#").strip() for line in body.split("\n"))
    return next((line for line in lines if line), "")[:_LONGEST]
