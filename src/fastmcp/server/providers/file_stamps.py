"""What is in a folder, as far as the file system tells without reading it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple


class Stamp(NamedTuple):
    """What is another one when a file has been written; all 0 for one that cannot be looked at."""

    modified: int
    size: int
    inode: int


def stamps_below(root: Path, wanted: Callable[[os.DirEntry[str]], bool]) -> dict[str, Stamp]:
    """The paths of the wanted files below a folder, in the order of their names. Of folders
    `wanted` says whether they are entered; links to folders are not followed.
    """
    return {entry.path: _stamp(entry) for entry in _entries(root, wanted)}


def _entries(
    folder: Path | str, wanted: Callable[[os.DirEntry[str]], bool]
) -> Iterator[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as scanned:
            entries = sorted(filter(wanted, scanned), key=_name)
    except OSError:
        return  # it is gone, or is not ours to see
    for entry in entries:
        if entry.is_dir(follow_symlinks=False):
            yield from _entries(entry.path, wanted)
        elif not _leads_to_folder(entry):
            yield entry


def _name(entry: os.DirEntry[str]) -> str:
    return entry.name


def _leads_to_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:
        return False  # a loop of links


def _stamp(entry: os.DirEntry[str]) -> Stamp:
    try:
        return stamp_of(entry)
    except OSError:
        return Stamp(0, 0, 0)  # a link to nothing


def stamp_of(file: os.DirEntry[str] | Path) -> Stamp:
    """The stamp of one file.

    Raises:
        OSError: it cannot be looked at.
    """
    found = file.stat()
    return Stamp(found.st_mtime_ns, found.st_size, found.st_ino)
