"""Positions in logs that are numbers."""

from __future__ import annotations

DIGITS = 18
"""So many at most: what every store can count to."""


def number_of(position: str) -> int:
    """The number that a position is; ValueError for any other text."""
    if not (position.isascii() and position.isdecimal() and len(position) <= DIGITS):
        raise ValueError("This is no position in a log")
    return int(position)
