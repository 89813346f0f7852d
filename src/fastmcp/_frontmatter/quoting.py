"""Texts in quotes."""

from __future__ import annotations

import re
from typing import Final

QUOTED = re.compile(r"""("(?:[^"\\]|\\.)*"|'(?:[^']|'')*')""", re.S)
_ESCAPE = re.compile(r"\\(x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|.)", re.S)
_ESCAPES: Final = {"n": "\n", "t": "\t", "r": "\r", "0": "\0", "\n": ""}


def unquoted(text: str) -> str:
    """What a text in quotes says."""
    if text[0] == "'":
        return text[1:-1].replace("''", "'")
    said = _ESCAPE.sub(_unescaped, text[1:-1])
    # Two escapes may be the halves of one character, as in JSON; a half alone is none.
    return said.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def _unescaped(found: re.Match[str]) -> str:
    code = found[1]
    if len(code) == 1:
        return _ESCAPES.get(code, code)
    number = int(code[1:], 16)
    return chr(number) if number < 0x110000 else found[0]
