"""Expanding URI templates: values become a URI (RFC 6570)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, cast
from urllib.parse import quote

from fastmcp.exceptions import ConfigurationError

from .template import Expression, Operator, Variable, parse_template

RESERVED = ":/?#[]@!$&'()*+,;="

_TRIPLET = re.compile(r"(%[0-9A-Fa-f]{2})")


def expand_uri_template(uri_template: str, params: Mapping[str, Any]) -> str:
    """The URI for these values; None, and a list or mapping without members, is no value.

    `{path*}` leaves the slashes of a text as they are, so that it spans segments. Otherwise
    expansion is that of RFC 6570.

    Raises:
        InvalidSignature: it is not a URI template.
        ConfigurationError: a prefix (`{x:3}`) is asked of a list or mapping.
    """
    return "".join(
        _quoted(part, reserved=True) if isinstance(part, str) else _expand(part, params)
        for part in parse_template(uri_template).parts
    )


def _expand(expression: Expression, params: Mapping[str, Any]) -> str:
    operator = expression.operator
    pieces: list[str] = []
    for variable in expression.variables:
        value = params.get(variable.name, params.get(variable.key))
        if isinstance(value, (list, tuple, set, frozenset, Mapping)):
            pieces += _composite(operator, variable, value)
        elif value is not None:
            pieces.append(_scalar(operator, variable, _text(value)[: variable.length]))
    return operator.first + operator.separator.join(pieces) if pieces else ""


def _scalar(operator: Operator, variable: Variable, text: str) -> str:
    if variable.exploded and operator == Operator():
        return quote(text, safe="/", errors="replace")
    text = _quoted(text, reserved=operator.reserved)
    return _assigned(operator, variable.name, text) if operator.named else text


def _composite(operator: Operator, variable: Variable, value: Any) -> list[str]:
    """The pieces that a list or a mapping adds to its expression."""
    if variable.length is not None:
        raise ConfigurationError(
            f"{{{variable.name}:{variable.length}}} is a prefix, which a "
            f"{type(value).__name__} does not have; give text, or write {{{variable.name}}}"
        )
    members = [
        (name, _quoted(text, reserved=operator.reserved))
        for name, text in _members(operator, variable, value)
    ]
    if not members:
        return []
    pairs = isinstance(value, Mapping)
    if variable.exploded:
        if operator.named:
            return [_assigned(operator, name, text) for name, text in members]
        return [f"{name}={text}" if pairs else text for name, text in members]
    joined = ",".join(f"{name},{text}" if pairs else text for name, text in members)
    return [_assigned(operator, variable.name, joined) if operator.named else joined]


def _members(operator: Operator, variable: Variable, value: Any) -> Iterator[tuple[str, str]]:
    """The members that have a value, with their names; in a list all are called as it is."""
    if isinstance(value, Mapping):
        for name, item in cast("Mapping[Any, Any]", value).items():
            if item is not None:
                yield _quoted(str(name), reserved=operator.reserved), _text(item)
    else:
        for item in cast("Iterable[Any]", value):
            if item is not None:
                yield variable.name, _text(item)


def _assigned(operator: Operator, name: str, text: str) -> str:
    return f"{name}={text}" if text else name + operator.empty


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _quoted(text: str, *, reserved: bool) -> str:
    """Percent-encoded; or with `reserved` characters, and encoded ones, as they are."""
    if not reserved:
        return quote(text, safe="", errors="replace")
    pieces = _TRIPLET.split(text)
    pieces[::2] = [quote(piece, safe=RESERVED, errors="replace") for piece in pieces[::2]]
    return "".join(pieces)
