"""Files of variables, such as `.env`: NAME=VALUE on each line, as shells and other tools do."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

_LINE: Final = re.compile(
    r"""
    ^[^\S\n]*(?:export[^\S\n]+)?
    (?P<name>[A-Za-z_][\w.-]*)[^\S\n]*=[^\S\n]*
    (?: '(?P<single>(?:\\.|[^'\\])*)'
      | "(?P<double>(?:\\.|[^"\\])*)"
      | (?P<plain>[^\n]*?) )
    [^\S\n]*(?:(?<=\s)\#[^\n]*)?$
    """,
    re.MULTILINE | re.VERBOSE | re.DOTALL,
)
_ESCAPE: Final = re.compile(r"\\(.)", re.DOTALL)
_ESCAPES: Final = {"n": "\n", "r": "\r", "t": "\t", "\n": ""}
_VARIABLE: Final = re.compile(r"\\\$|\$\{(?P<name>[A-Za-z_]\w*)(?::-(?P<otherwise>[^}]*))?\}")


def read_env_file(path: Path) -> dict[str, str]:
    """The variables in a file, in UTF-8. Values may be in quotes, and then have several lines; what
    is not in single quotes may have `\\n` and `${NAME}` or `${NAME:-otherwise}`, of a variable
    further up or of the environment. Lines of any other kind are passed over.

    Raises:
        OSError: it cannot be read.
    """
    text = path.read_text("utf-8-sig", errors="replace")
    found: dict[str, str] = {}
    for line in _LINE.finditer(text):
        name, single, double, plain = line.group("name", "single", "double", "plain")
        if single is not None:
            found[name] = re.sub(r"\\([\\'])", r"\1", single)
        elif double is not None:
            found[name] = _ESCAPE.sub(_unescaped, _expanded(double, found))
        else:
            found[name] = _expanded(plain, found)
    return found


def _unescaped(found: re.Match[str]) -> str:
    return _ESCAPES.get(found[1], found[1] if found[1] in "\"'\\$`" else found[0])


def _expanded(text: str, above: Mapping[str, str]) -> str:
    def value(found: re.Match[str]) -> str:
        if found["name"] is None:
            return found[0]
        known = above.get(found["name"], os.environ.get(found["name"], ""))
        return known or found["otherwise"] or ""

    return _VARIABLE.sub(value, text)
