"""UriTemplate: a URI template (RFC 6570, all four levels), parsed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import TypeAlias

from msgspec import Struct

from fastmcp.exceptions import InvalidSignature


class Operator(Struct, frozen=True):
    """How an expression is written out (RFC 6570, appendix A)."""

    first: str = ""
    separator: str = ","
    named: bool = False
    empty: str = ""
    reserved: bool = False


OPERATORS: dict[str, Operator] = {
    "": Operator(),
    "+": Operator(reserved=True),
    "#": Operator(first="#", reserved=True),
    ".": Operator(first=".", separator="."),
    "/": Operator(first="/", separator="/"),
    ";": Operator(first=";", separator=";", named=True),
    "?": Operator(first="?", separator="&", named=True, empty="="),
    "&": Operator(first="&", separator="&", named=True, empty="="),
}
QUERY_SIGNS = ("?", "&")


class Variable(Struct, frozen=True):
    """A variable of an expression: `key` is its name as Python has it, `length` that of `{x:3}`."""

    name: str
    key: str
    exploded: bool = False
    length: int | None = None


class Expression(Struct, frozen=True):
    """What stands between braces; `sign` is its operator's character."""

    text: str
    sign: str
    variables: tuple[Variable, ...]

    @property
    def operator(self) -> Operator:
        """How it is written out."""
        return OPERATORS[self.sign]


Part: TypeAlias = str | Expression


class UriTemplate(Struct, frozen=True):
    """Literal text and expressions, in turn."""

    text: str
    parts: tuple[Part, ...]

    @property
    def expressions(self) -> Iterator[Expression]:
        """The expressions, in order."""
        return (part for part in self.parts if isinstance(part, Expression))

    @property
    def variables(self) -> Iterator[Variable]:
        """The variables of all expressions, in order; one may stand in several."""
        return (variable for each in self.expressions for variable in each.variables)


_PART = re.compile(r"\{([^{}]*)\}|[^{}]+")
_CHARACTER = r"(?:[\w\-]|%[0-9A-Fa-f]{2})+"
_VARIABLE = re.compile(
    rf"(?P<name>{_CHARACTER}(?:\.{_CHARACTER})*)(?::(?P<length>[1-9][0-9]{{0,3}})|(?P<star>\*))?"
)


@lru_cache(4096)
def parse_template(text: str) -> UriTemplate:
    """Parse a template.

    Raises:
        InvalidSignature: it is not one; the text names the expression and the cure.
    """
    parts: list[Part] = []
    position = 0
    for found in _PART.finditer(text):
        if found.start() != position:
            break
        body = found.group(1)
        parts.append(found.group() if body is None else _expression(text, body))
        position = found.end()
    if position != len(text):
        raise InvalidSignature(
            f"The URI template {text!r} has a {text[position]!r} without its partner; braces "
            "enclose expressions, and a brace that is meant itself is written %7B or %7D"
        )
    template = UriTemplate(text, tuple(parts))
    _require_distinct(template)
    return template


def _expression(text: str, body: str) -> Expression:
    sign = body[:1] if body[:1] in OPERATORS else ""
    names = body[len(sign) :].split(",")
    return Expression(
        f"{{{body}}}", sign, tuple(_variable(text, body, name.strip()) for name in names)
    )


def _variable(text: str, body: str, written: str) -> Variable:
    found = _VARIABLE.fullmatch(written)
    if found is None:
        raise InvalidSignature(f"The URI template {text!r} has {{{body}}}: {_cure(written)}")
    name, length = found["name"], found["length"]
    return Variable(
        name=name,
        key=name.replace("-", "_"),
        exploded=found["star"] is not None,
        length=None if length is None else int(length),
    )


def _cure(written: str) -> str:
    if not written:
        return "it names no variable; write {name}"
    if written[0] in "=,!@|":
        return f"{written[0]!r} is not an operator; use + # . / ; ? & or none"
    name, colon, _ = written.partition(":")
    if colon and _VARIABLE.fullmatch(name):
        return "a prefix is a length from 1 to 9999, without *; write {name:3}"
    return f"{written!r} is not a name; use letters, digits, - and _"


def _require_distinct(template: UriTemplate) -> None:
    """Two names may not become the same parameter; one name may stand in several places."""
    names: dict[str, str] = {}
    for variable in template.variables:
        other = names.setdefault(variable.key, variable.name)
        if other != variable.name:
            raise InvalidSignature(
                f"The URI template {template.text!r} has {{{other}}} and {{{variable.name}}}, "
                f"which are both the parameter {variable.key}; rename one of them"
            )
