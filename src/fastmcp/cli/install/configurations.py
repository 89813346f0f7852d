"""The configurations of programs: the servers in one are read, and one is entered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, cast

from fastmcp.exceptions import ConfigurationError

from .documents.files import read_file, replace_file
from .documents.json_splice import put_json
from .documents.jsonc import Fault, Json, read
from .documents.yaml_splice import put_yaml, read_yaml
from .programs.description import Entry, Launch, Place, Program

_MARK: Final = "\ufeff"


@dataclass(frozen=True)
class Change:
    """What entering a server came to."""

    path: Path
    was_there: bool
    """Whether there was one of that name."""
    changed: bool
    kept: Path | None = None
    """Where what was in the file before is, if there was any."""


def servers_at(place: Place, program: Program) -> dict[str, Entry]:
    """The servers at a place, by name, in the words of `mcpServers`.

    Raises:
        ConfigurationError: the file is broken; the text says where.
    """
    text = _decoded(read_file(place.path) or b"", place.path)
    raw = _entries(place, _parsed(text, place.path, program, lenient=True))
    found = {name: program.read(entry) for name, entry in raw.items()}
    return {name: entry for name, entry in found.items() if entry is not None}


def entry_at(place: Place, program: Program, name: str) -> Entry | None:
    """The entry of that name, as it is written; None when there is none.

    Raises:
        ConfigurationError: the file is broken; the text says where.
    """
    text = _decoded(read_file(place.path) or b"", place.path)
    return _entry_in(text, place, program, name)


def enter(place: Place, program: Program, name: str, launch: Launch) -> Change:
    """Enter a server, or change the one of that name: what `launch` says is changed, and what its
    user has said beside that stays, such as further variables of its environment.

    Raises:
        ConfigurationError: the file is broken, or cannot be written; then it is as it was.
    """
    old = read_file(place.path)
    text = _decoded(old or b"", place.path)
    former = _entry_in(text, place, program, name)
    wanted = program.entry(name, launch)
    whole = former is not None and not _is_started(former)
    if former is None:
        wanted = {**program.additions, **wanted}
    keys = (*place.keys, program.key(name))
    try:
        if program.syntax == "yaml":
            new = put_yaml(text, keys, wanted, whole=whole)
        else:
            new = put_json(text, keys, wanted, comments=program.syntax == "jsonc", whole=whole)
    except Fault as fault:
        raise _broken(place.path, fault) from None
    if new == text and old is not None:
        return Change(place.path, former is not None, changed=False)
    data = (_MARK if (old or b"").startswith(_MARK.encode()) else "") + new
    kept = replace_file(place.path, old, data.encode())
    return Change(place.path, former is not None, changed=True, kept=kept)


def _is_started(entry: Entry) -> bool:
    """Whether a command starts it; what else there is of it would contradict one."""
    remote = any(key in entry for key in ("url", "httpUrl", "serverUrl", "uri"))
    return not remote and ("command" in entry or "cmd" in entry)


def _entries(place: Place, data: Json) -> dict[str, Entry]:
    for key in place.keys:
        data = cast("dict[str, Any]", data).get(key) if isinstance(data, Mapping) else None
    if not isinstance(data, Mapping):
        return {}
    members = cast("Mapping[Any, Any]", data)
    return {
        str(name): dict(cast("Mapping[str, Any]", entry))
        for name, entry in members.items()
        if isinstance(entry, Mapping)
    }


def _entry_in(text: str, place: Place, program: Program, name: str) -> Entry | None:
    return _entries(place, _parsed(text, place.path, program)).get(program.key(name))


def _parsed(text: str, path: Path, program: Program, *, lenient: bool = False) -> Json:
    if not text.strip():
        return {}
    try:
        if program.syntax == "yaml":
            return read_yaml(text)
        return read(text, comments=lenient or program.syntax == "jsonc").plain
    except Fault as fault:
        raise _broken(path, fault) from None


def _broken(path: Path, fault: Fault) -> ConfigurationError:
    return ConfigurationError(f"{path}, {fault}; mend that first: the file was left as it is")


def _decoded(data: bytes, path: Path) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ConfigurationError(
            f"{path} is not UTF-8 (byte {error.start}); save it in that encoding"
        ) from None
