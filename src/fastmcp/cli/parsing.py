"""What the parsers of commands have in common."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from functools import partial
from typing import Any


def add_command(
    commands: Any, name: str, what: str, description: str | None = None
) -> argparse.ArgumentParser:
    """The parser of a further command, in whose help examples keep their lines."""
    return commands.add_parser(
        name,
        help=what,
        description=description,
        allow_abbrev=False,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )


def show_examples(parser: argparse.ArgumentParser, *lines: str) -> None:
    """End the help of a command with command lines that run as they stand."""
    parser.epilog = "examples:\n" + "\n".join(f"  {line}" for line in lines)


def allow_flags_between(parser: argparse.ArgumentParser) -> None:
    """Let flags stand between the words of a list that takes any number of them."""
    vars(parser)["parse_known_args"] = partial(_parse_intermixed, parser)


def _parse_intermixed(
    parser: argparse.ArgumentParser,
    given: Sequence[str] | None = None,
    namespace: argparse.Namespace | None = None,
) -> tuple[argparse.Namespace, list[str]]:
    own = vars(parser).pop("parse_known_args")  # which the next line calls
    try:
        return parser.parse_known_intermixed_args(given, namespace or argparse.Namespace())
    finally:
        vars(parser)["parse_known_args"] = own
