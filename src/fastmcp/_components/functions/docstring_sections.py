"""The sections of a docstring: where each ends, and what it says of parameters."""

from __future__ import annotations

import re
from collections.abc import Iterator

from msgspec import Struct

_GOOGLE = r"(?:Args|Arguments|Params|Parameters|Keyword Args|Keyword Arguments|Other Parameters)"
_GOOGLE_OTHER = r"(?:Returns?|Yields?|Raises|Except|Exceptions)"
_NUMPY = r"(?:Other )?(?:Parameters|Params|Arguments|Args)"
_NUMPY_OTHER = r"(?:Returns|Yields|Raises|Receives|Warns)"
_FIELD = r"(?:param|parameter|arg|argument|key|keyword)"
_FIELD_OTHER = r"(?:type|returns?|rtype|yields?|ytype|raises?|except|exception)"

_GOOGLE_HEAD = re.compile(rf"({_GOOGLE}|{_GOOGLE_OTHER}):[ \t]*$", re.I)
_NUMPY_HEAD = re.compile(r"[A-Z][\w ]*$")
_NUMPY_CUT = re.compile(rf"({_NUMPY}|{_NUMPY_OTHER})$", re.I)
_FIELD_HEAD = re.compile(rf":({_FIELD}|{_FIELD_OTHER})\b[^:]*:", re.I)


class Section(Struct):
    """Lines of one style that belong together; prose has none."""

    style: str | None
    lines: list[str]


def sections_of(lines: list[str]) -> Iterator[Section]:
    """The docstring in pieces, in order."""
    at = 0
    while at < len(lines):
        style, end = _extent(lines, at)
        yield Section(style, lines[at:end])
        at = end


def _extent(lines: list[str], at: int) -> tuple[str | None, int]:
    """The style of the section that begins here, and the line after its last."""
    line = lines[at]
    if _is_underlined(lines, at):
        end = at + 2
        if not _NUMPY_CUT.match(line.strip()):
            return None, end
        while end < len(lines) and not _is_underlined(lines, end):
            end += 1
        return "numpy", end
    if _GOOGLE_HEAD.match(line):
        return "google", _indented_until(lines, at + 1)
    if _FIELD_HEAD.match(line):
        return "sphinx", _indented_until(lines, at + 1)
    return None, at + 1


def _is_underlined(lines: list[str], at: int) -> bool:
    return (
        at + 1 < len(lines)
        and bool(_NUMPY_HEAD.match(lines[at].rstrip()))
        and bool(re.fullmatch(r"-{3,}", lines[at + 1].rstrip()))
    )


def _indented_until(lines: list[str], at: int) -> int:
    """The end of what is indented from here on; blank lines belong to it when more follows."""
    end = at
    while at < len(lines) and (not lines[at].strip() or lines[at][0] in " \t"):
        at += 1
        if lines[at - 1].strip():
            end = at
    return end


def described_in(section: Section) -> dict[str, str]:
    """The descriptions of parameters in one section."""
    from docstring_parser import DocstringStyle, ParseError, parse

    style, lines = {
        "google": (DocstringStyle.GOOGLE, _google),
        "numpy": (DocstringStyle.NUMPYDOC, _numpy),
        "sphinx": (DocstringStyle.REST, _sphinx),
    }[section.style or ""]
    try:
        text = "\n".join(["-", "", *lines(section.lines)])  # a docstring begins with a summary
        found = parse(text, style).params
    except ParseError:
        return {}
    return {
        name.strip().lstrip("*"): parameter.description
        for parameter in found
        if parameter.description
        for name in parameter.arg_name.split(",")
    }


# The parser is strict about what people write freely: titles, underlines, names without a text.


def _google(lines: list[str]) -> list[str]:
    if not re.match(_GOOGLE, lines[0], re.I):
        return []
    entries = [line for line in lines[1:] if line.strip()]
    margin = len(entries[0]) - len(entries[0].lstrip()) if entries else 0
    return [
        "Args:",
        *(line for line in lines[1:] if ":" in line or not line[margin : margin + 1].strip()),
    ]


def _numpy(lines: list[str]) -> list[str]:
    if not re.match(_NUMPY, lines[0], re.I):
        return []
    return ["Parameters", "----------", *lines[2:]]


def _sphinx(lines: list[str]) -> list[str]:
    head = re.match(rf":{_FIELD}[ \t](?:[^:]*[ \t])?([*\w]+):(.*)", lines[0], re.I)
    return [] if head is None else [f":param {head[1]}:{head[2]}", *lines[1:]]
