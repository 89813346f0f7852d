"""Skills of servers, for clients: what there is, and copies of it on this machine."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import logging
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Protocol
from urllib.parse import quote, unquote

_SCHEME: Final = "skill://"
_MAIN: Final = "/SKILL.md"

logger: Final = logging.getLogger("fastmcp.client")


class SkillReader(Protocol):
    """What is needed of a connected client."""

    async def list_resources(self) -> Sequence[Any]: ...

    async def read_resource(self, uri: Any) -> Sequence[Any]: ...


@dataclass
class SkillSummary:
    """A skill in a list."""

    name: str
    description: str
    uri: str


@dataclass
class SkillFile:
    """A file of a skill: its path in the skill's folder, its size in bytes, and its hash."""

    path: str
    size: int
    hash: str


@dataclass
class SkillManifest:
    """The files of a skill."""

    name: str
    files: list[SkillFile]


async def list_skills(client: SkillReader) -> list[SkillSummary]:
    """The skills of a server: its resources at `skill://name/SKILL.md`."""
    found: list[SkillSummary] = []
    for resource in await client.list_resources():
        uri = str(resource.uri)
        if uri.startswith(_SCHEME) and uri.endswith(_MAIN):
            name = unquote(uri.removeprefix(_SCHEME).removesuffix(_MAIN))
            found.append(SkillSummary(name, resource.description or "", uri))
    return found


async def get_skill_manifest(client: SkillReader, skill_name: str) -> SkillManifest:
    """What `skill://name/_manifest` says of a skill.

    Raises:
        ValueError: it is no manifest.
    """
    contents = await client.read_resource(f"{_SCHEME}{quote(skill_name)}/_manifest")
    try:
        said = json.loads(contents[0].text)
        files = [SkillFile(file["path"], file["size"], file["hash"]) for file in said["files"]]
        return SkillManifest(said["skill"], files)
    except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
        raise ValueError(
            f"The manifest of the skill {skill_name!r} cannot be read: {error!r}"
        ) from error


async def download_skill(
    client: SkillReader, skill_name: str, target_dir: str | Path, *, overwrite: bool = False
) -> Path:
    """Copy a skill into a folder of its name in `target_dir`; the path of that folder. Either all
    of its files are there in the end, or nothing has changed.

    Raises:
        FileExistsError: the folder is there, and `overwrite` does not allow to write into it.
        ValueError: the skill's name or one of its paths leads elsewhere, or a file has no content.
    """
    target = Path(target_dir).expanduser().resolve()
    folder = _inside(target, skill_name, f"The name of the skill {skill_name!r}")
    if folder.exists() and not overwrite:
        raise FileExistsError(
            f"{folder} is there already; overwrite=True writes over the files in it"
        )
    manifest = await get_skill_manifest(client, skill_name)
    places = {file.path: _place(folder, file, skill_name) for file in manifest.files}
    await asyncio.to_thread(target.mkdir, parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".skill-", dir=target) as waiting:
        ready = [
            (await _fetch(client, skill_name, file, Path(waiting) / str(number)), places[file.path])
            for number, file in enumerate(manifest.files)
        ]
        await asyncio.to_thread(_move, ready, folder)
    return folder


async def sync_skills(
    client: SkillReader, target_dir: str | Path, *, overwrite: bool = False
) -> list[Path]:
    """Copy all skills of a server; the folders that were written. Without `overwrite`, those that
    are there already are left alone.
    """
    written: list[Path] = []
    for skill in await list_skills(client):
        try:
            written.append(
                await download_skill(client, skill.name, target_dir, overwrite=overwrite)
            )
        except FileExistsError:
            pass
    return written


def _inside(folder: Path, relative: str, what: str) -> Path:
    path = (folder / relative).resolve()
    if path == folder or not path.is_relative_to(folder):
        raise ValueError(f"{what} leads out of {folder}, where nothing of it may be written")
    return path


def _place(folder: Path, file: SkillFile, skill: str) -> Path:
    return _inside(folder, file.path, f"The path {file.path!r} of the skill {skill!r}")


async def _fetch(client: SkillReader, skill: str, file: SkillFile, place: Path) -> Path:
    contents = await client.read_resource(f"{_SCHEME}{quote(skill)}/{quote(file.path)}")
    if not contents:
        raise ValueError(f"The file {file.path!r} of the skill {skill!r} has no content")
    text = getattr(contents[0], "text", None)
    data = base64.b64decode(contents[0].blob) if text is None else text.encode()
    if file.hash != f"sha256:{hashlib.sha256(data).hexdigest()}":
        logger.warning("The file %r of the skill %r is not as its manifest says", file.path, skill)
    await asyncio.to_thread(place.write_bytes, data)
    return place


def _move(ready: list[tuple[Path, Path]], folder: Path) -> None:
    folder.mkdir(exist_ok=True)
    for source, place in ready:
        place.parent.mkdir(parents=True, exist_ok=True)
        source.replace(place)
