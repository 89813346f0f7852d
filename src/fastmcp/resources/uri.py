"""URI templates: matching a URI against one, and screening what was matched.

The operators are `{name}` (one segment), `{name*}` (across segments) and `{?name,…}`.
"""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qsl, unquote

from msgspec import Struct

from fastmcp.exceptions import InvalidSignature

_EXPRESSION = re.compile(r"\{([^{}]*)\}")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_\-]*")


class UriTemplate(Struct, frozen=True):
    """A template, compiled: the names of its path and its query parameters."""

    text: str
    path_names: tuple[str, ...]
    query_names: tuple[str, ...]
    pattern: Any

    def match(self, uri: str) -> dict[str, str] | None:
        """The decoded values in a URI, or None when it is of another form."""
        path, mark, query = uri.partition("?") if self.query_names else (uri, "", "")
        found = self.pattern.fullmatch(path)
        if found is None:
            return None
        values = {
            name: unquote(value)
            for name, value in zip(self.path_names, found.groups(), strict=True)
        }
        if mark:
            given = dict(parse_qsl(query, keep_blank_values=True))
            values.update({n: given[n] for n in self.query_names if n in given})
        return values


def parse_template(text: str) -> UriTemplate:
    """Compile a template.

    Raises:
        InvalidSignature: it has an expression that is not one of the operators above.
    """
    path_names: list[str] = []
    query_names: list[str] = []
    pattern = ""
    position = 0
    for expression in _EXPRESSION.finditer(text):
        pattern += re.escape(text[position : expression.start()])
        position = expression.end()
        body = expression.group(1)
        names = body[1:].split(",") if body.startswith("?") else [body.removesuffix("*")]
        for name in names:
            if _NAME.fullmatch(name) is None:
                raise InvalidSignature(f"The URI template {text!r} has an invalid {{{body}}}")
        if body.startswith("?"):
            query_names += names
        else:
            path_names += [name.replace("-", "_") for name in names]
            pattern += "(.+)" if body.endswith("*") else "([^/?#]+)"
    pattern += re.escape(text[position:])
    return UriTemplate(text, tuple(path_names), tuple(query_names), re.compile(pattern))


def is_template(text: str) -> bool:
    """Whether a URI has expressions to fill."""
    return "{" in text


def is_unsafe(value: str) -> bool:
    """Whether a matched value could lead out of where its author meant it to stay."""
    if "\0" in value or value.startswith(("/", "\\")) or re.match(r"[A-Za-z]:[/\\]", value):
        return True
    return ".." in re.split(r"[/\\]", value)
