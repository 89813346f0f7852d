"""The YAML at the head of a skill's main file, as far as skills use it."""

from __future__ import annotations

import re
import textwrap
from typing import Any, Final

_FENCED = re.compile(r"\A\ufeff?---[ \t]*\n(.*?)^(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.S | re.M)
_KEY = re.compile(r"""("[^"]*"|'[^']*'|[^\s#"'][^:\n]*?)[ \t]*:(?:[ \t]+|$)""")
_BLOCK = re.compile(r"([|>])([-+]?)\d?([-+]?)(?:\s+#.*)?$")
_COMMENT = re.compile(r"(?:^|\s)#.*")
_ITEM = re.compile(r"-(?:\s+|$)")
_MEMBER = re.compile(r"""\s*("(?:[^"\\]|\\.)*"|'(?:[^']|'')*'|[^,]*?)\s*(?:,|$)""", re.S)
_QUOTED = re.compile(r"""("(?:[^"\\]|\\.)*"|'(?:[^']|'')*')\s*(?:#.*)?$""", re.S)
_ESCAPE = re.compile(r"\\(x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|.)", re.S)
_ESCAPES: Final = {"n": "\n", "t": "\t", "r": "\r", "\n": ""}
# Deeper than this, what is indented is text.
_DEPTH: Final = 8


def parse_frontmatter(content: str) -> tuple[dict[str, Any], str]:
    """The members of the frontmatter, and what follows it; `{}` where there is none.

    Mappings, lists, block texts and quoted texts are read, and every scalar is a text. What is
    neither `key: value` nor belongs to one is left out.
    """
    found = _FENCED.match(content.replace("\r\n", "\n"))
    if found is None:
        return {}, content
    return _mapping(found[1].split("\n"), 0), found.string[found.end() :]


def _mapping(lines: list[str], depth: int) -> dict[str, Any]:
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
        members[_scalar(key[1])] = _value(first[key.end() :], lines[begin:at], depth)
    return members


def _value(first: str, more: list[str], depth: int) -> Any:
    """What a first line and those that belong to it mean."""
    block = _BLOCK.match(first)
    if block is not None:
        return _block(block[1], block[2] + block[3], more)
    first = first if first[:1] in ("'", '"') else _COMMENT.sub("", first)
    indented = textwrap.dedent("\n".join(more)).strip("\n").split("\n")
    begun = next((line for line in indented if line and line[0] != "#"), "")
    if not first.strip() and depth < _DEPTH:
        if _is_item(begun):
            return _items(indented, depth)
        if _KEY.match(begun):
            return _mapping(indented, depth + 1)
    return _flow(first, indented)


def _items(lines: list[str], depth: int) -> list[Any]:
    items: list[list[str]] = []
    for line in lines:
        dash = _ITEM.match(line)
        if dash is not None:
            items.append([" " * dash.end() + line[dash.end() :]])
        elif items:
            items[-1].append(line)
    return [_item(textwrap.dedent("\n".join(item)).split("\n"), depth + 1) for item in items]


def _item(lines: list[str], depth: int) -> Any:
    if depth < _DEPTH and _is_item(lines[0]):
        return _items(lines, depth)
    if depth < _DEPTH and _KEY.match(lines[0]):
        return _mapping(lines, depth)
    return _value(lines[0], lines[1:], depth)


def _is_item(line: str) -> bool:
    return _ITEM.match(line) is not None


def _flow(first: str, more: list[str]) -> Any:
    """A text on one line or several, or a list in brackets."""
    quoted = first.lstrip()[:1] in ("'", '"')
    lines = [first, *(more if quoted else (_COMMENT.sub("", line) for line in more))]
    text = _folded([line.strip() for line in lines])
    if text[:1] == "[" and text[-1:] == "]":
        return [_scalar(found[1]) for found in _MEMBER.finditer(text[1:-1]) if found[1]]
    quotation = _QUOTED.match(text)
    return _scalar(text if quotation is None else quotation[1])


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


def _scalar(text: str) -> str:
    if len(text) > 1 and text[0] == text[-1] == '"':
        return _ESCAPE.sub(_unescaped, text[1:-1])
    if len(text) > 1 and text[0] == text[-1] == "'":
        return text[1:-1].replace("''", "'")
    return text


def _unescaped(found: re.Match[str]) -> str:
    code = found[1]
    return chr(int(code[1:], 16)) if len(code) > 1 else _ESCAPES.get(code, code)
