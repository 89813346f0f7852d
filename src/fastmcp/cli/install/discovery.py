"""The servers that programs on this computer use."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from fastmcp._spelling import nearest
from fastmcp.exceptions import ConfigurationError

from ..failing import WrongUsage
from .configurations import servers_at
from .programs import PROGRAMS
from .programs.description import Entry, Place, Program, Surroundings

_NARROW: Final = ("local", "project", "shared")
"""Scopes of a folder, whose servers programs prefer to those of the user."""


@dataclass(frozen=True)
class ConfiguredServer:
    """A server, and where it is configured."""

    name: str
    source: str
    """The program that uses it."""
    scope: str
    path: Path
    entry: Entry = field(repr=False)
    """In the words of `mcpServers`; it may hold secrets."""

    @property
    def is_disabled(self) -> bool:
        """Whether its user has switched it off."""
        return self.entry.get("disabled") is True or self.entry.get("enabled") is False


def program_named(name: str) -> Program:
    """The program of that name.

    Raises:
        WrongUsage: none is known.
    """
    names = {alias: each for each in PROGRAMS.values() for alias in (each.name, *each.aliases)}
    if name in names:
        return names[name]
    near = nearest(name, names)
    hint = "" if near is None else f"; did you mean {near}?"
    raise WrongUsage(f"{name!r} is none of {', '.join(PROGRAMS)}{hint}")


def configured_servers(
    programs: Sequence[Program] | None = None,
    around: Surroundings | None = None,
    *,
    complain: Callable[[str], None],
) -> Iterator[ConfiguredServer]:
    """The servers of these programs, or of all; `complain` is told of each file that is broken."""
    around = Surroundings() if around is None else around
    seen: set[Place] = set()
    for program in PROGRAMS.values() if programs is None else programs:
        for place in program.places(around):
            if not place.listed or (same := Place("", place.path, place.keys)) in seen:
                continue
            seen.add(same)
            try:
                servers = servers_at(place, program)
            except ConfigurationError as error:
                complain(str(error))
                continue
            for name, entry in servers.items():
                yield ConfiguredServer(name, program.name, place.scope, place.path, entry)


def configured_server(name: str, around: Surroundings | None = None) -> dict[str, Entry] | None:
    """The server of that name (or PROGRAM:NAME), as `{name: entry}`; None when there is none.

    Raises:
        ConfigurationError: several programs have one of that name, and they are not the same.
    """
    source, colon, inner = name.partition(":")
    found = list(configured_servers(around=around, complain=lambda text: None))
    matches = [each for each in found if each.name == name]
    if colon and not matches:
        known = {alias: each.name for each in PROGRAMS.values() for alias in each.aliases}
        source = known.get(source, source)
        matches = [each for each in found if (each.source, each.name) == (source, inner)]
    chosen: dict[str, ConfiguredServer] = {}
    for each in sorted(matches, key=lambda each: each.scope not in _NARROW):
        chosen.setdefault(each.source, each)
    entries = [each.entry for each in chosen.values()]
    if not entries:
        return None
    if any(entry != entries[0] for entry in entries):
        which = ", ".join(f"{source}:{name}" for source in chosen)
        raise ConfigurationError(f"several programs have a server {name!r}; name one: {which}")
    return {next(iter(chosen.values())).name: entries[0]}
