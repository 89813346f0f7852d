"""Small changes of a text, found in it first and then made all at once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, TypeAlias

Edit: TypeAlias = tuple[int, int, str]
"""From where, up to where, and what stands there instead."""


def edited(text: str, edits: Iterable[Edit]) -> str:
    """The text with these changes, of which no two are of the same place."""
    for start, end, new in sorted(edits, key=lambda edit: edit[0], reverse=True):
        text = text[:start] + new + text[end:]
    return text


def line_end(text: str) -> str:
    """How lines end in a text."""
    return "\r\n" if "\r\n" in text else "\n"


def nested(keys: Sequence[str], value: Any) -> Any:
    """The value, below these names."""
    for key in reversed(keys):
        value = {key: value}
    return value
