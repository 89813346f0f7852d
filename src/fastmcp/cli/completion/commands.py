"""The commands with their flags, read from their parsers."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, cast

from ..connecting import SERVER


@dataclass(frozen=True)
class Flag:
    """A flag by its `names`. Where it takes a value, `choices` are all that there are, if any."""

    names: Sequence[str]
    help: str
    takes_value: bool
    choices: Sequence[str]


@dataclass(frozen=True)
class Command:
    """A command by the words that lead to it, such as `("tasks", "list")`; `()` is `fastmcp`.

    What follows are the names of `commands`, with what they do, or words of which the first is one
    of `choices`, or else a file; or, where it `takes_server`, the name of a configured one.
    """

    words: tuple[str, ...]
    commands: Sequence[tuple[str, str]]
    flags: Sequence[Flag]
    choices: Sequence[str]
    takes_server: bool

    @property
    def with_choices(self) -> Sequence[tuple[Sequence[str], Sequence[str]]]:
        """The names of flags whose values are known, and these."""
        return [(flag.names, flag.choices) for flag in self.flags if flag.choices]

    @property
    def with_files(self) -> Sequence[str]:
        """The names of flags whose values may be anything, such as files."""
        return [
            name
            for flag in self.flags
            for name in flag.names
            if flag.takes_value and not flag.choices
        ]

    @property
    def at(self) -> str:
        """The words as scripts have them."""
        return " ".join(self.words)


def all_commands() -> list[Command]:
    """Every command, outer ones first."""
    from .. import COMMANDS, make_parser

    whole = make_parser(())
    found = [_command((), whole)]
    for name in COMMANDS:
        found += _below((name,), _commands_of(make_parser((name,)))[name])
    return found


def _below(words: tuple[str, ...], parser: argparse.ArgumentParser) -> Iterator[Command]:
    yield _command(words, parser)
    for name, inner in _commands_of(parser).items():
        yield from _below((*words, name), inner)


def _command(words: tuple[str, ...], parser: argparse.ArgumentParser) -> Command:
    flags: list[Flag] = []
    choices: list[str] = []
    commands: list[tuple[str, str]] = []
    takes_server = False
    for action in parser._actions:
        if action.help == argparse.SUPPRESS:
            continue
        if isinstance(action, argparse._SubParsersAction):
            commands = [(each.dest, _line(each.help)) for each in action._choices_actions]
        elif action.option_strings:
            takes_value = action.nargs != 0
            flags.append(
                Flag(action.option_strings, _line(action.help), takes_value, _texts(action.choices))
            )
        else:
            choices = choices or _texts(action.choices)
            takes_server = takes_server or SERVER in (action.help or "")
    return Command(words, commands, flags, choices, takes_server)


def _commands_of(parser: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            return dict(cast("Any", action).choices)
    return {}


def _texts(choices: Iterable[Any] | None) -> list[str]:
    return [str(each) for each in choices or ()]


def _line(help: str | None) -> str:
    return (help or "").replace("%%", "%").partition("\n")[0]
