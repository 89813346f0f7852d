"""Entering values into a JSON text without touching the rest of it: names keep their order, and
indentation, comments and ends of lines stay as they are.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, cast

from .edits import Edit, edited, line_end, nested
from .jsonc import Fault, Json, Value, read


def put_json(text: str, keys: Sequence[str], value: Json, *, comments: bool, whole: bool) -> str:
    """The text with `value` under `keys`. Unless it is to be there as a `whole`, the members of an
    object that is there already, and that `value` does not have, stay.

    Raises:
        Fault: the text is not JSON, or something on the way is no object.
    """
    if not text.strip():
        return json.dumps(nested(keys, value), indent=2, ensure_ascii=False) + "\n"
    root = read(text, comments=comments)
    splice = _Splice(text, root)
    splice.put(root, keys, value, whole)
    return edited(text, splice.edits)


def same(one: Json, other: Json) -> bool:
    """Whether two values are the same: in Python `True` equals 1."""
    if type(one) is not type(other):
        return False
    if isinstance(one, dict):
        mine, others = cast("dict[Any, Json]", one), cast("dict[Any, Json]", other)
        return mine.keys() == others.keys() and all(same(mine[k], others[k]) for k in mine)
    if isinstance(one, list):
        items = cast("list[Json]", one)
        return len(items) == len(other) and all(map(same, items, other))
    return one == other or (one != one and other != other)  # what is no number equals nothing


class _Splice:
    def __init__(self, text: str, root: Value) -> None:
        self.text = text
        self.newline = line_end(text)
        self.unit = (self._own_indentation(root.first_key) if root.members else None) or "  "
        self.edits: list[Edit] = []

    def put(self, place: Value, keys: Sequence[str], value: Json, whole: bool) -> None:
        for number, key in enumerate(keys):
            if place.members is None:
                where = f"{keys[number - 1]!r}" if number else "the whole"
                raise Fault.at(self.text, place.start, f"{where} is no object, in braces")
            if key not in place.members:
                self._add(place, {key: nested(keys[number + 1 :], value)})
                return
            place = place.members[key]
            if place.plain is None:  # there is nothing, said in so many words
                self._replace(place, nested(keys[number + 1 :], value))
                return
        if whole or place.members is None:
            self._replace(place, value)
        else:
            self._merge(place, value)

    def _merge(self, place: Value, value: Json) -> None:
        if place.members is None or not isinstance(value, Mapping):
            self._replace(place, value)
            return
        wanted = cast("Mapping[str, Any]", value)
        for name, each in wanted.items():
            if name in place.members:
                self._merge(place.members[name], each)
        if new := {name: each for name, each in wanted.items() if name not in place.members}:
            self._add(place, new)

    def _replace(self, place: Value, value: Json) -> None:
        if not same(place.plain, value):
            new = self._rendered(value, self._indentation(place.start))
            self.edits.append((place.start, place.end, new))

    def _add(self, place: Value, new: Mapping[str, Json]) -> None:
        """Add members after the last one, in the way in which the object is written."""
        inside = self.text[place.start + 1 : place.end - 1]
        end = "," if place.has_comma else ""
        if place.members and "\n" not in inside:
            written = ", ".join(f"{_quoted(name)}: {_quoted(each)}" for name, each in new.items())
            start = " " if place.has_comma else ", "
            self.edits.append((place.content_end, place.content_end, start + written + end))
            return
        base = self._indentation(place.start)
        own = self._own_indentation(place.first_key) if place.members else None
        indentation = base + self.unit if own is None else own
        written = f",{self.newline}{indentation}".join(
            f"{_quoted(name)}: {self._rendered(each, indentation)}" for name, each in new.items()
        )
        rest = self.text[place.content_end : place.end - 1]
        closing = place.content_end
        if "\n" not in rest:
            closing = place.end - 1
            end += self.newline + base
        written = f"{self.newline}{indentation}{written}{end}"
        if place.members and not place.has_comma:
            between = self.text[place.last_end : place.content_end]
            written = "," + between + written
            self.edits.append((place.last_end, closing, written))
        else:
            self.edits.append((place.content_end, closing, written))

    def _rendered(self, value: Json, indentation: str) -> str:
        lines = json.dumps(value, indent=self.unit, ensure_ascii=False).split("\n")
        return f"{self.newline}{indentation}".join(lines)

    def _indentation(self, at: int) -> str:
        """The white space that the line begins with."""
        line = self.text[self.text.rfind("\n", 0, at) + 1 : at]
        return line[: len(line) - len(line.lstrip(" \t"))]

    def _own_indentation(self, at: int) -> str | None:
        """That of something that begins its line; None of what does not."""
        line = self.text[self.text.rfind("\n", 0, at) + 1 : at]
        begins = not line.strip(" \t") and "\n" in self.text[:at]
        return line if begins else None


def _quoted(value: Json) -> str:
    return json.dumps(value, ensure_ascii=False)
