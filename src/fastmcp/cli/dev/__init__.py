"""`fastmcp dev`: try a server out, in a browser."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from functools import partial
from importlib import import_module
from typing import Any, Final, cast

from ..parsing import add_command, show_examples

COMMANDS: Final = {
    "inspector": "open a page in which everything of a server can be seen and used",
    "apps": "open a page that shows the interfaces of a server's tools, as a host does",
}
"""By the name of a command, which is that of its module, what it does."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the commands. A first argument that is none of them is the server of an inspector."""
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for name, what in COMMANDS.items():
        command = add_command(commands, name, what, what.capitalize() + ".")
        import_module(f".{name}", __name__).configure(command)
    # Only there is it known what was given, before any of it is taken for an option.
    cast("Any", parser).parse_known_args = partial(_parse, parser)
    show_examples(parser, "fastmcp dev server.py", "fastmcp dev inspector server.py --no-open")


def _parse(
    parser: argparse.ArgumentParser, given: Sequence[str], namespace: Any = None
) -> tuple[argparse.Namespace, list[str]]:
    words = list(given)
    first = next((each for each in words if not each.startswith("-")), None)
    asks_for_help = first is None and bool({"-h", "--help"} & set(words))
    if first not in COMMANDS and not asks_for_help:
        words.insert(0, "inspector")
    return argparse.ArgumentParser.parse_known_args(parser, words, namespace)
