"""Patterns: regular expressions of strangers."""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pydantic_core import SchemaValidator

LONGEST_PATTERN: Final = 1_000
# Of a text, so much is searched: a single match cannot be interrupted.
LONGEST_TEXT: Final = 2_000
# Compiling takes time by how often a pattern repeats, most of all classes of thousands of letters.
_MOST_STATES: Final = 256
_CLASS = re.compile(r"\\[wWdDsSbBpP]|\[\[:")
_REPEATED = re.compile(r"\{\s*(\d*)\s*,?\s*(\d*)\s*\}")


class Pattern:
    """A regular expression in the syntax of Rust, case ignored, that is matched in time linear in
    the text: without lookaround and backreferences.

    Raises:
        ValueError: it is none, or takes too much to compile.
    """

    def __init__(self, pattern: str) -> None:
        from pydantic_core import SchemaError, SchemaValidator, core_schema

        _require_small(pattern)
        schema = core_schema.str_schema(pattern=f"(?i){pattern}", regex_engine="rust-regex")
        try:
            self._matcher: SchemaValidator = SchemaValidator(schema)
        except SchemaError as error:
            raise ValueError(f"Not a pattern: {error}") from None

    def matching(self, texts: Iterable[str], seconds: float) -> Iterator[int]:
        """The positions of the texts in which it is found, until the time is up."""
        until = time.monotonic() + seconds
        matches = self._matcher.isinstance_python
        for position, text in enumerate(texts):
            if matches(text[:LONGEST_TEXT]):
                yield position
            if time.monotonic() > until:
                return


def _require_small(pattern: str) -> None:
    if len(pattern) > LONGEST_PATTERN:
        raise ValueError(f"A pattern has at most {LONGEST_PATTERN} characters")
    states = 1 + 2 * len(_CLASS.findall(pattern))
    for low, high in _REPEATED.findall(pattern):
        # Digits are counted first: numbers of thousands of them take long to read.
        longest = max(low, high, key=lambda digits: (len(digits), digits))
        states *= max(int(longest[:6] or 1), 1)
    if states > _MOST_STATES:
        raise ValueError("The pattern repeats too much: use smaller numbers in {...}")
