"""The arguments behind `--`, which are for a server's program."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import Any, cast


def add_trailing_arguments(parser: argparse.ArgumentParser, what: str) -> None:
    """Take what stands behind the first `--` as `options.arguments`, whatever it looks like; None
    when there is no `--`. argparse itself takes it for positional arguments.
    """
    parse = parser.parse_known_args

    def parse_known_args(args: Sequence[str], namespace: Any = None) -> Any:
        given = list(args)
        at = given.index("--") if "--" in given else len(given)
        namespace, unknown = parse(given[:at], namespace)
        namespace.arguments = given[at + 1 :] if at < len(given) else None
        return namespace, unknown

    cast("Any", parser).parse_known_args = parse_known_args
    parser.usage = f"{parser.prog} [OPTIONS] [SERVER] [-- ARGUMENTS]"
    parser.description = f"{parser.description or ''}\nARGUMENTS are {what}.".strip()
