"""Lists in brackets and mappings in braces."""

from __future__ import annotations

import re
from typing import Any, Final

from .quoting import QUOTED, unquoted
from .scalars import Scalars

_PLAIN = re.compile(r"(?:[^,\[\]{}:]|:(?![\s,\[\]{}]|\Z))*")
_SPACE = re.compile(r"\s*")
# Nobody nests deeper, and reading does not.
_DEPTH: Final = 16


def parse_flow(text: str, plain: Scalars) -> Any:
    """The list or mapping that a text is.

    Raises:
        ValueError: it is neither.
    """
    reader = _Flow(text, plain)
    value = reader.value(0)
    reader.skip()
    if reader.at < len(text):
        raise ValueError("something follows")
    return value


class _Flow:
    def __init__(self, text: str, plain: Scalars) -> None:
        self.at = 0
        self._text = text
        self._plain = plain

    def skip(self) -> None:
        found = _SPACE.match(self._text, self.at)
        self.at = self.at if found is None else found.end()

    def value(self, depth: int) -> Any:
        if depth > _DEPTH:
            raise ValueError("too deep")
        self.skip()
        if self._takes("["):
            return self._items(depth)
        if self._takes("{"):
            return self._members(depth)
        return self._scalar(self._plain)

    def _items(self, depth: int) -> list[Any]:
        items: list[Any] = []
        while not self._ends("]"):
            items.append(self.value(depth + 1))
            self._next("]")
        return items

    def _members(self, depth: int) -> dict[str, Any]:
        members: dict[str, Any] = {}
        while not self._ends("}"):
            key = self._scalar(str)
            self.skip()
            members[key] = self.value(depth + 1) if self._takes(":") else self._plain("")
            self._next("}")
        return members

    def _scalar(self, plain: Scalars) -> Any:
        quoted = QUOTED.match(self._text, self.at)
        if quoted is not None:
            self.at = quoted.end()
            return unquoted(quoted[0])
        found = _PLAIN.match(self._text, self.at)
        self.at = self.at if found is None else found.end()
        return plain("" if found is None else found[0].strip())

    def _ends(self, closing: str) -> bool:
        self.skip()
        return self._takes(closing)

    def _next(self, closing: str) -> None:
        """Go on behind a comma, or stay before the end."""
        self.skip()
        if not self._takes(",") and self._text[self.at : self.at + 1] != closing:
            raise ValueError("no end")

    def _takes(self, mark: str) -> bool:
        taken = self._text[self.at : self.at + 1] == mark
        self.at += taken
        return taken
