"""What has to be known of a program in order to read its servers, and to enter one."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, TypeAlias

Entry: TypeAlias = dict[str, Any]
"""A server, as a configuration has it."""


@dataclass(frozen=True)
class Surroundings:
    """Where programs are looked for: a home, an operating system, and the folder one works in."""

    home: Path = field(default_factory=Path.home)
    folder: Path = field(default_factory=Path.cwd)
    system: str = sys.platform
    environment: Mapping[str, str] = field(default_factory=lambda: os.environ, repr=False)

    @property
    def settings(self) -> Path:
        """The folder of the home where programs of this system keep their settings."""
        if self.system == "win32":
            return self._named("APPDATA", self.home / "AppData" / "Roaming")
        if self.system == "darwin":
            return self.home / "Library" / "Application Support"
        return self.xdg_settings

    @property
    def xdg_settings(self) -> Path:
        """The same for programs that keep them as on Linux everywhere but on Windows."""
        if self.system == "win32":
            return self.settings
        return self._named("XDG_CONFIG_HOME", self.home / ".config")

    def folders_up(self) -> Iterator[Path]:
        """The folder, and those that it is in, up to the home or to the root."""
        for folder in (self.folder, *self.folder.parents):
            yield folder
            if folder == self.home:
                return

    def nearest(self, *names: str) -> Path:
        """The file of that name in the nearest folder that has one; else in the folder itself."""
        for folder in self.folders_up():
            if (path := folder.joinpath(*names)).is_file() and folder != self.home:
                return path
        return self.folder.joinpath(*names)

    def _named(self, variable: str, otherwise: Path) -> Path:
        value = self.environment.get(variable)
        return Path(value) if value and Path(value).is_absolute() else otherwise


@dataclass(frozen=True)
class Place:
    """A file that has servers, and the names that lead to them in it."""

    scope: str
    """Whose servers they are: the user's, or a project's; as the program calls it."""
    path: Path
    keys: tuple[str, ...]
    listed: bool = True
    """Whether these servers are this program's; else another one tells of them."""


@dataclass(frozen=True)
class Launch:
    """How a server is started."""

    command: str
    args: tuple[str, ...]
    env: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)


def usual_entry(name: str, launch: Launch) -> Entry:
    """A server, as most programs have it."""
    entry: Entry = {"command": launch.command, "args": list(launch.args)}
    return {**entry, "env": dict(launch.env)} if launch.env else entry


def same_name(name: str) -> str:
    """The name that most programs have a server under: its own."""
    return name


def same_entry(entry: Entry) -> Entry | None:
    """A server in the words of `mcpServers`, which are those of most programs."""
    return entry


@dataclass(frozen=True)
class Program:
    """One program: where its servers are, and how they are written there."""

    name: str
    title: str
    syntax: Literal["json", "jsonc", "yaml"]
    places: Callable[[Surroundings], tuple[Place, ...]]
    """In each scope one; the first is the one that is meant where nobody says."""
    entry: Callable[[str, Launch], Entry] = usual_entry
    additions: Entry = field(default_factory=dict[str, Any])
    """What an entry that is new has besides, and its user may change."""
    key: Callable[[str], str] = same_name
    read: Callable[[Entry], Entry | None] = same_entry
    """In the words of `mcpServers`; None of what is no server of MCP."""
    aliases: tuple[str, ...] = ()
    command: str | None = None
    """The program on PATH that enters servers itself, by `COMMAND mcp add`."""

    def place(self, around: Surroundings, scope: str | None = None) -> Place:
        """Where servers of a scope are."""
        places = self.places(around)
        return next(each for each in places if scope is None or each.scope == scope)
