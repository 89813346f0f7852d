"""JSON as editors have it, with comments and trailing commas, read with the place of everything."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Any, Final, NoReturn, TypeAlias

Json: TypeAlias = Any

DEEPEST: Final = 200
_SPACE = re.compile(r"[ \t\r\n]+")
_COMMENT = re.compile(r"//[^\r\n]*|/\*.*?\*/", re.DOTALL)
_STRING = re.compile(r'"(?:[^"\\\x00-\x1f]++|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*+"')
_SCALAR = re.compile(r"-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null")


class Fault(ValueError):
    """What is wrong in a text, and where: lines and columns count from 1."""

    def __init__(self, what: str, line: int, column: int) -> None:
        super().__init__(f"line {line}, column {column}: {what}")

    @classmethod
    def at(cls, text: str, place: int, what: str) -> Fault:
        """The fault at an index."""
        return cls(what, text.count("\n", 0, place) + 1, place - text.rfind("\n", 0, place))


@dataclass(slots=True)
class Value:
    """A value, and where it stands: from `start` up to `end`."""

    start: int
    end: int = 0
    plain: Json = None
    """What `json.loads` makes of it."""
    members: dict[str, Value] | None = None
    """Of an object; of two members with one name the last, as everywhere."""
    first_key: int = 0
    """Where the first name of an object begins."""
    last_end: int = 0
    """Where the last value of an object ends."""
    has_comma: bool = False
    """Whether a comma follows that."""
    content_end: int = 0
    """Where the last that is not white space ends, before the closing brace."""
    items: list[Json] = field(default_factory=list[Json])


def read(text: str, *, comments: bool = True) -> Value:
    """The value in a text; without `comments` these and trailing commas are faults.

    Raises:
        Fault: it is not JSON.
    """
    return _Reader(text, comments).whole()


class _Reader:
    def __init__(self, text: str, comments: bool) -> None:
        self.text = text
        self.comments = comments
        self.solid = 0  # where the last that is not white space ended

    def whole(self) -> Value:
        value = self._value(self._skip(0), 0)
        rest = self._skip(value.end)
        if rest < len(self.text):
            self._fail(rest, "nothing may follow here")
        return value

    def _value(self, at: int, depth: int) -> Value:
        if depth > DEEPEST:
            self._fail(at, f"nested more than {DEEPEST} deep")
        start = self.text[at : at + 1]
        if start == "{":
            return self._object(at, depth)
        if start == "[":
            return self._array(at, depth)
        found = (_STRING if start == '"' else _SCALAR).match(self.text, at)
        if found is None:
            self._fail(at, self._why_no_value(start))
        self.solid = found.end()
        return Value(at, found.end(), json.loads(found[0]))

    def _why_no_value(self, start: str) -> str:
        if not start:
            return "the text ends where a value is missing"
        if start == '"':
            return "this string does not end, or has an escape that JSON does not know"
        return "no value begins like this"

    def _object(self, start: int, depth: int) -> Value:
        members: dict[str, Value] = {}
        found = Value(start, members=members)
        self.solid = start + 1
        at = self._skip(start + 1)
        found.first_key = at
        while self.text[at : at + 1] != "}":
            if members and not found.has_comma:
                self._fail(at, "a comma or } is missing")
            key = _STRING.match(self.text, at)
            if key is None:
                self._fail(at, "a name in double quotes is missing")
            at = self._skip(key.end())
            if self.text[at : at + 1] != ":":
                self._fail(at, "a colon is missing")
            value = self._value(self._skip(at + 1), depth + 1)
            members[json.loads(key[0])] = value
            found.last_end = value.end
            at, found.has_comma = self._after(value.end, "}")
        found.content_end = self.solid
        found.plain = {name: each.plain for name, each in members.items()}
        return self._ended(found, at)

    def _array(self, start: int, depth: int) -> Value:
        found = Value(start)
        comma = False
        at = self._skip(start + 1)
        while self.text[at : at + 1] != "]":
            if found.items and not comma:
                self._fail(at, "a comma or ] is missing")
            value = self._value(at, depth + 1)
            found.items.append(value.plain)
            at, comma = self._after(value.end, "]")
        found.plain = found.items
        return self._ended(found, at)

    def _after(self, at: int, closing: str) -> tuple[int, bool]:
        """Where what follows a value begins, and whether that is after a comma."""
        at = self._skip(at)
        if self.text[at : at + 1] != ",":
            return at, False
        self.solid = at + 1
        following = self._skip(at + 1)
        if not self.comments and self.text[following : following + 1] == closing:
            self._fail(at, f"a comma before {closing}, which JSON does not have")
        return following, True

    def _ended(self, found: Value, at: int) -> Value:
        found.end = self.solid = at + 1
        return found

    def _skip(self, at: int) -> int:
        """Where the next that is neither white space nor comment begins."""
        while True:
            if space := _SPACE.match(self.text, at):
                at = space.end()
            if self.text[at : at + 1] != "/":
                return at
            comment = _COMMENT.match(self.text, at)
            if comment is None or not self.comments:
                self._fail(at, "a comment, which JSON does not have" if comment else "a stray /")
            at = self.solid = comment.end()

    def _fail(self, at: int, what: str) -> NoReturn:
        raise Fault.at(self.text, at, what)
