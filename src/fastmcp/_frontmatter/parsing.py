"""From the text of a main file to the members of its frontmatter."""

from __future__ import annotations

import re
import textwrap
from typing import Any, Final

from .flow import parse_flow
from .quoting import QUOTED, unquoted
from .scalars import Scalars, as_text

_FENCED = re.compile(r"\A\ufeff?---[ \t]*\n(.*?)^(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.S | re.M)
_KEY = re.compile(r"""("[^"]*"|'[^']*'|[^\s#"'][^:\n]*?)[ \t]*:(?:[ \t]+|$)""")
_BLOCK = re.compile(r"([|>])([-+]?)\d?([-+]?)(?:\s+#.*)?$")
_COMMENT = re.compile(r"(?:^|\s)#.*")
# A comment, or what it cannot begin in.
_FLOW_COMMENT = re.compile(rf"{QUOTED.pattern}|(?:^|\s)#.*")
_ITEM = re.compile(r"-(?:\s+|$)")
_ENDED = re.compile(rf"{QUOTED.pattern}\s*(?:#.*)?$", re.S)
# Deeper than this, what is indented is text.
_DEPTH: Final = 8


def parse_frontmatter(content: str, plain: Scalars = as_text) -> tuple[dict[str, Any], str]:
    """The members of the frontmatter, and what follows it; `{}` where there is none.

    Mappings, lists, block texts and quoted texts are read; `plain` gives what is not quoted its
    meaning. What is neither `key: value` nor belongs to one is left out.

    Raises:
        ValueError: `plain` does not read something.
    """
    found = _FENCED.match(content.replace("\r\n", "\n"))
    if found is None:
        return {}, content
    return _Blocks(plain).mapping(found[1].split("\n"), 0), found.string[found.end() :]


class _Blocks:
    """Reads what is told apart by indentation."""

    def __init__(self, plain: Scalars) -> None:
        self._plain = plain

    def mapping(self, lines: list[str], depth: int) -> dict[str, Any]:
        """The members of lines without indentation, each with the lines that belong to it."""
        members: dict[str, Any] = {}
        at = 0
        while at < len(lines):
            key = _KEY.match(lines[at])
            first, at = lines[at], at + 1
            if key is None:
                continue
            begin = at
            while at < len(lines) and (
                not lines[at].strip() or lines[at][0] in " \t" or _is_item(lines[at])
            ):
                at += 1
            name = unquoted(key[1]) if key[1][0] in ("'", '"') else key[1]
            members[name] = self._value(first[key.end() :], lines[begin:at], depth)
        return members

    def _value(self, first: str, more: list[str], depth: int) -> Any:
        """What a first line and those that belong to it mean."""
        block = _BLOCK.match(first)
        if block is not None:
            return _block(block[1], block[2] + block[3], more)
        first = first if first[:1] in ("'", '"', "[", "{") else _COMMENT.sub("", first)
        indented = textwrap.dedent("\n".join(more)).strip("\n").split("\n")
        begun = next((line for line in indented if line and line[0] != "#"), "")
        if not first.strip() and depth < _DEPTH:
            if _is_item(begun):
                return self._items(indented, depth)
            if begun[:1] not in ("[", "{") and _KEY.match(begun):
                return self.mapping(indented, depth + 1)
        return self._text(first, indented)

    def _items(self, lines: list[str], depth: int) -> list[Any]:
        items: list[list[str]] = []
        for line in lines:
            dash = _ITEM.match(line)
            if dash is not None:
                items.append([" " * dash.end() + line[dash.end() :]])
            elif items:
                items[-1].append(line)
        return [
            self._item(textwrap.dedent("\n".join(item)).split("\n"), depth + 1) for item in items
        ]

    def _item(self, lines: list[str], depth: int) -> Any:
        if depth < _DEPTH and _is_item(lines[0]):
            return self._items(lines, depth)
        if depth < _DEPTH and lines[0][:1] not in ("[", "{") and _KEY.match(lines[0]):
            return self.mapping(lines, depth)
        return self._value(lines[0], lines[1:], depth)

    def _text(self, first: str, more: list[str]) -> Any:
        """A text on one line or several, or something in brackets or braces."""
        begun = (first.strip() or next((line for line in more if line.strip()), "").strip())[:1]
        lines = [first, *more]
        if begun in ("[", "{"):
            lines = [_FLOW_COMMENT.sub(lambda found: found[1] or "", line) for line in lines]
            try:
                return parse_flow(_folded([line.strip() for line in lines]), self._plain)
            except ValueError:
                pass  # it only begins like that
        elif begun not in ("'", '"'):
            lines = [_COMMENT.sub("", line) for line in lines]
        text = _folded([line.strip() for line in lines])
        quotation = _ENDED.match(text)
        return self._plain(text) if quotation is None else unquoted(quotation[1])


def _is_item(line: str) -> bool:
    return _ITEM.match(line) is not None


def _block(style: str, chomping: str, lines: list[str]) -> str:
    """A block text: `|` keeps its lines, `>` folds them, `-` leaves out the last break."""
    text = textwrap.dedent("\n".join(lines)).strip("\n")
    if style == ">":
        text = _folded(text.split("\n"))
    return text if "-" in chomping or not text else text + "\n"


def _folded(lines: list[str]) -> str:
    """Lines as one, with a break for each empty one."""
    paragraphs = re.split(r"\n(\n+)", "\n".join(lines).strip())
    return "".join(
        part if number % 2 else part.replace("\n", " ") for number, part in enumerate(paragraphs)
    )
