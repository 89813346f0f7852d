"""The words of a command line: which server, what of it, and which arguments."""

from __future__ import annotations

import argparse
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Final, NoReturn, cast

from ..failing import WrongUsage

_ASSIGNMENT: Final = re.compile(r"[^\s=:/{]+=")
_SUFFIXES: Final = (".py", ".js", ".mjs", ".cjs", ".json")


def take_server(options: argparse.Namespace, what: str) -> list[str]:
    """Set `options.server` and `options.target` to what the words of a command line say, which is
    `[SERVER] TARGET ARGUMENT…`; the arguments.

    Without SERVER it is this folder's. That is so when the first word stands alone, or arguments
    follow it.

    Raises:
        WrongUsage: there is no target, which is a `what`.
    """
    words = cast("list[str]", options.words)
    alone = options.command is not None or len(words) < 2 or _is_argument(words[1])
    options.server = None if alone else words[0]
    rest = words if alone else words[1:]
    if not rest or (options.server is None and options.command is None and _is_server(rest[0])):
        _refuse(rest, options.command, what)
    options.target = rest[0]
    return rest[1:]


def _is_argument(word: str) -> bool:
    return word.lstrip().startswith("{") or _ASSIGNMENT.match(word) is not None


def _is_server(word: str) -> bool:
    from ..loading import is_url

    return is_url(word) or Path(word.partition(":")[0]).suffix in _SUFFIXES


def _refuse(rest: Sequence[str], command: str | None, what: str) -> NoReturn:
    after = f" after {rest[0]}" if rest else "" if command is None else " after --command"
    raise WrongUsage(f"Name the {what}{after}")
