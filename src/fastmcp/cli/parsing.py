"""What the parsers of commands have in common."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from functools import partial
from typing import Any, NoReturn

from fastmcp._spelling import nearest


def add_command(
    commands: Any, name: str, what: str, description: str | None = None
) -> argparse.ArgumentParser:
    """The parser of a further command, in whose help examples keep their lines."""
    parser = commands.add_parser(
        name,
        help=what,
        description=description,
        allow_abbrev=False,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.set_defaults(parser=parser)
    return parser


def refuse_unknown(parser: argparse.ArgumentParser, unknown: Sequence[str]) -> NoReturn:
    """End with the usage of a command, and the flag that was probably meant."""
    flag = next((each.partition("=")[0] for each in unknown if each.startswith("-")), "")
    near = nearest(flag, vars(parser)["_option_string_actions"]) if flag else None
    hint = "" if near is None else f"; did you mean {near}?"
    parser.error(f"unrecognized arguments: {' '.join(unknown)}{hint}")


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
