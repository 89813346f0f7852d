"""Texts of a server on a terminal, to which control characters are commands."""

from __future__ import annotations

import sys


def shown(text: str, kept: str = "\n\t") -> str:
    """A text whose control characters are spelt out, but for those that are `kept`."""
    if text.isprintable():
        return text
    return "".join(
        each if each.isprintable() or each in kept else each.encode("unicode_escape").decode()
        for each in text
    )


def shown_in_line(text: str) -> str:
    """The same of a text that has to stay on its line."""
    return shown(text, kept="")


def print_result(text: str) -> None:
    """Print what a server gave: as it is, unless it goes to a terminal."""
    print(shown(text) if sys.stdout.isatty() else text)
