"""Docstrings in Google, NumPy and Sphinx style: what describes a function, and its parameters.

A plain docstring costs one search; its sections, when it has any, are read by `docstring_sections`.
"""

from __future__ import annotations

import re

from msgspec import Struct

_VISIBLE = re.compile(
    r"^(?:(?:(?:Keyword |Other )?(?:Arg|Param|Parameter|Argument)s:[ \t]*)"
    r"|(?:(?:Other )?(?:Arg|Param|Parameter|Argument)s[ \t]*\n-{3,}[ \t]*))$"
    r"|^:(?:param|parameter|arg|argument|key|keyword)[ \t]",
    re.MULTILINE | re.I,
)


class Docstring(Struct, frozen=True):
    """What a docstring says of the function, and of its parameters by name."""

    description: str | None
    parameters: dict[str, str]


def read_docstring(text: str | None) -> Docstring:
    """Take the sections on parameters, results and exceptions out of a clean docstring.

    One that describes no parameter is left as it is.
    """
    if not text or not _VISIBLE.search(text):
        return Docstring(text or None, {})
    from .docstring_sections import described_in, sections_of

    parameters: dict[str, str] = {}
    prose: list[str] = []
    for section in sections_of(text.split("\n")):
        if section.style is None:
            prose.extend(section.lines)
        else:
            parameters.update(described_in(section))
    if not parameters:
        return Docstring(text, {})
    description = re.sub(r"\n{3,}", "\n\n", "\n".join(prose)).strip("\n")
    return Docstring(description or None, parameters)
