"""Which files of some folders have changed: told by `watchfiles`, where it is installed, else found
by looking again and again.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncGenerator, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any, Final

SUFFIXES: Final = (
    *(".py", ".pyi", ".json", ".jsonc", ".toml", ".yaml", ".yml", ".ini", ".cfg", ".sql"),
    *(".html", ".css", ".js", ".ts", ".jsx", ".tsx", ".svg", ".jinja", ".j2", ".md", ".txt"),
    *(".graphql", ".env"),
)
OTHERS: Final = frozenset(["__pycache__", "node_modules", "site-packages", "venv"])
"""Folders that nobody edits; nor what begins with a dot."""
PAUSE: Final = 0.4
"""Between two looks, in seconds."""
QUIET: Final = 0.05
"""How long nothing has to change before it is told, since editors write in steps."""


async def changes(folders: Sequence[Path]) -> AsyncGenerator[list[Path]]:
    """The files that have changed, each time that some have. The first value is empty: from then
    on, no change is missed.
    """
    try:
        watchfiles = import_module("watchfiles")
    except ImportError:
        found = _looked(folders)
    else:
        found = _told(watchfiles, folders)
    async for paths in found:
        yield paths


async def _told(watchfiles: Any, folders: Sequence[Path]) -> AsyncGenerator[list[Path]]:
    def is_watched(change: Any, path: str) -> bool:
        whole = Path(path)
        inside = next(whole.relative_to(each) for each in folders if whole.is_relative_to(each))
        return _is_watched(inside.name) and all(map(_is_entered, inside.parts[:-1]))

    watched = watchfiles.awatch(
        *folders, watch_filter=is_watched, step=int(QUIET * 1000), yield_on_timeout=True
    )
    yield []
    async for found in watched:
        if found:
            yield sorted(Path(path) for _, path in found)


async def _looked(folders: Sequence[Path]) -> AsyncGenerator[list[Path]]:
    before = await asyncio.to_thread(_times, folders)
    yield []
    while True:
        await asyncio.sleep(PAUSE)
        now = await asyncio.to_thread(_times, folders)
        if now == before:
            continue
        while True:
            await asyncio.sleep(QUIET)
            later = await asyncio.to_thread(_times, folders)
            if later == now:
                break
            now = later
        changed = [path for path in before.keys() | now if before.get(path) != now.get(path)]
        before = now
        yield sorted(map(Path, changed))


def _times(folders: Sequence[Path]) -> dict[str, tuple[int, int]]:
    """When each file was written, and its size."""
    found: dict[str, tuple[int, int]] = {}
    left = [str(folder) for folder in folders]
    while left:
        try:
            with os.scandir(left.pop()) as entries:
                for entry in entries:
                    if entry.is_dir(follow_symlinks=False):
                        if _is_entered(entry.name):
                            left.append(entry.path)
                    elif _is_watched(entry.name):
                        known = entry.stat()
                        found[entry.path] = (known.st_mtime_ns, known.st_size)
        except OSError:
            continue  # it was removed meanwhile, or is not for us to read
    return found


def _is_entered(name: str) -> bool:
    return not name.startswith(".") and name not in OTHERS


def _is_watched(name: str) -> bool:
    return name.endswith(SUFFIXES) or name.startswith(".env.")
