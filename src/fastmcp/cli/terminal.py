"""Texts of a server on a terminal, to which control characters are commands."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from importlib import import_module
from typing import Any


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
    end = "" if text.endswith("\n") else "\n"
    print(shown(text) if sys.stdout.isatty() else text, end=end, flush=True)


def print_aside(line: str) -> None:
    """Print a line of a server's on standard error, beside the result."""
    print(shown_in_line(line) if sys.stderr.isatty() else line, file=sys.stderr, flush=True)


def counted(number: int, what: str) -> str:
    """A number of things, in words."""
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def print_json(document: bytes) -> None:
    """Print JSON, indented; in colours on a terminal, where rich is installed."""
    from msgspec import json

    text = json.format(document, indent=2).decode()
    if not (sys.stdout.encoding or "").lower().startswith("utf"):
        text = _in_ascii(text)
    if not rich_is_used():
        print_result(text)
        return
    printed: Any = import_module("rich.text").Text(shown(text))
    import_module("rich.highlighter").JSONHighlighter().highlight(printed)
    import_module("rich").get_console().print(printed, soft_wrap=True)


def _in_ascii(document: str) -> str:
    from json import dumps

    return "".join(each if each.isascii() else dumps(each)[1:-1] for each in document)


def rich_is_used() -> bool:
    """Whether tables and colours are rich's: on a terminal, where that is installed."""
    if not sys.stdout.isatty():
        return False
    try:
        import_module("rich.table")
    except ImportError:
        return False
    return True


def print_fields(groups: Mapping[str, Mapping[str, str | None]]) -> None:
    """Print names and values in two columns, group by group; in colours where there are any. What
    is None is left out.
    """
    width = max(len(name) for fields in groups.values() for name in fields) + 1
    for number, (title, fields) in enumerate(groups.items()):
        if number:
            print()
        print_styled((title, "bold"))
        for name, value in fields.items():
            if value is not None:
                lines = shown(value).splitlines() or [""]
                text = f"\n{' ' * (width + 3)}".join(lines)
                print_styled((f"  {f'{name}:':<{width}} ", "cyan"), (text, ""))


def print_styled(*parts: tuple[str, str]) -> None:
    """Print a line of texts, each in a style of rich's, where that is used."""
    text = "".join(part for part, _ in parts).rstrip()
    if not rich_is_used():
        print(text)
        return
    import_module("rich").get_console().print(
        import_module("rich.text").Text.assemble(*parts), soft_wrap=True
    )
