"""Files of skills, taken for what they are said to be only when they are that (SEP-2640)."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from typing import Any, Final, cast
from urllib.parse import quote, unquote

from fastmcp._frontmatter.parsing import parse_frontmatter
from fastmcp._frontmatter.scalars import as_former_yaml, as_yaml
from fastmcp.exceptions import ClientError, SkillVerificationError
from fastmcp.wire.content import BlobResourceContents, TextResourceContents
from fastmcp.wire.features import ReadResourceResult
from fastmcp.wire.skills import MAIN_FILE, MAX_SKILL_BYTES, MAX_SKILL_FILES, Skill, SkillResource

_OUTDATED: Final = "it has changed since the skill was listed, or is forged, and was not used"


def file_of(skill: Skill, path: str) -> SkillResource | str:
    """The file of a skill at a path in its folder, or at a URI; of a dynamic skill only the URI.

    Raises:
        SkillVerificationError: the skill is not as skills are to be, or too large.
        ClientError: it has no such file.
    """
    base = _base(skill)
    if skill.resources == "dynamic":
        uri = path if "://" in path else base + quote(path)
        _require_inside(uri, base, skill)
        return uri
    _require_bounds(skill, skill.resources)
    for file in skill.resources:
        _require_inside(file.uri, base, skill)
    for file in skill.resources:
        if path in (file.uri, unquote(file.uri[len(base) :])):
            return file
    raise ClientError(
        f"The skill {skill.uri} has no file {path!r}; skill.resources has those it has"
    )


def verified(skill: Skill, file: SkillResource | str, result: ReadResourceResult) -> bytes:
    """The content of a file that was read.

    Raises:
        SkillVerificationError: it is not what the skill says.
    """
    uri = file if isinstance(file, str) else file.uri
    data = _content(uri, result)
    if isinstance(file, SkillResource):
        if len(data) != file.size:
            raise SkillVerificationError(
                f"{uri} has {len(data)} bytes, and its skill says {file.size}: {_OUTDATED}"
            )
        digest = f"sha256:{hashlib.sha256(data).hexdigest()}"
        if digest != file.digest:
            raise SkillVerificationError(
                f"{uri} has the digest {digest}, and its skill says {file.digest}: {_OUTDATED}"
            )
    elif len(data) > MAX_SKILL_BYTES:
        raise SkillVerificationError(f"{uri} has {len(data)} bytes, more than {MAX_SKILL_BYTES}")
    if uri == skill.uri:
        _compare(skill, data)
    return data


def _base(skill: Skill) -> str:
    """The URI of its folder, with a slash at the end."""
    base = skill.uri.removesuffix(MAIN_FILE)
    folder = unquote(base.removesuffix("/").rpartition("/")[2])
    if base == skill.uri or not base.endswith("/") or not folder:
        raise SkillVerificationError(f"The skill {skill.uri} is not the URI of a {MAIN_FILE}")
    if folder != skill.frontmatter.name:
        raise SkillVerificationError(
            f"The skill {skill.uri} is in the folder of another one: "
            f"its name is {skill.frontmatter.name!r}"
        )
    return base


def _require_bounds(skill: Skill, files: list[SkillResource]) -> None:
    if len(files) > MAX_SKILL_FILES:
        raise SkillVerificationError(
            f"The skill {skill.uri} has {len(files)} files, more than {MAX_SKILL_FILES}"
        )
    size = sum(file.size for file in files)
    if size > MAX_SKILL_BYTES or any(file.size < 0 for file in files):
        raise SkillVerificationError(
            f"The skill {skill.uri} has {size} bytes, and may have 0 to {MAX_SKILL_BYTES}"
        )


def _require_inside(uri: str, base: str, skill: Skill) -> None:
    steps = unquote(uri[len(base) :]).replace("\\", "/").split("/")
    if not uri.startswith(base) or not {"", ".", ".."}.isdisjoint(steps):
        raise SkillVerificationError(f"{uri} is not in the folder of the skill {skill.uri}")


def _content(uri: str, result: ReadResourceResult) -> bytes:
    match result.contents:
        case [TextResourceContents(text=text)]:
            return text.encode()
        case [BlobResourceContents(blob=blob)]:
            try:
                return base64.b64decode(blob, validate=True)
            except ValueError as error:
                raise SkillVerificationError(f"{uri} cannot be decoded: {error}") from None
        case contents:
            raise SkillVerificationError(f"{uri} is to be one file, and {len(contents)} came")


def _compare(skill: Skill, data: bytes) -> None:
    """Refuse a main file whose frontmatter is not what was shown of it, in no version of YAML."""
    read: Mapping[str, Any] = {}
    for scalars in (as_yaml, as_former_yaml):
        try:
            read, _ = parse_frontmatter(data.decode(), scalars)
        except ValueError as error:
            raise SkillVerificationError(
                f"The frontmatter of {skill.uri} cannot be read: {error}"
            ) from None
        if _same(read, dict(skill.frontmatter)):
            return
    said = skill.frontmatter
    others = [name for name in {**read, **said} if not _same(read.get(name), said.get(name))]
    raise SkillVerificationError(
        f"The frontmatter of {skill.uri} is not what its skill says of it: "
        f"{', '.join(others) or 'members are missing'}"
    )


def _same(read: Any, said: Any) -> bool:
    """Whether both are the same JSON, where 1 and 1.0 are, and 1 and true are not."""
    if isinstance(read, dict) and isinstance(said, dict):
        ours, theirs = cast("dict[str, Any]", read), cast("dict[str, Any]", said)
        return ours.keys() == theirs.keys() and all(_same(ours[key], theirs[key]) for key in ours)
    if isinstance(read, list) and isinstance(said, list):
        mine, others = cast("list[Any]", read), cast("list[Any]", said)
        return len(mine) == len(others) and all(map(_same, mine, others))
    if isinstance(read, bool) or isinstance(said, bool):
        return read is said
    return read == said
