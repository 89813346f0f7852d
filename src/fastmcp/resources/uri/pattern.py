"""Pattern: matches a text against literals and blocks in turn, in time linear in its length.

Blocks are greedy, from left to right, as those of a regular expression; but one leaves the next
block its text, where that might be absent: `{name}{.type}`. Where several ways lead to a match,
nothing is tried twice: a walk from right to left finds out at which positions each piece can begin
so that the rest matches; then each block takes as much as leaves such a position.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TypeAlias

from .block import Block

MAX_WALK = 65_536
"""Longer texts match no pattern whose blocks have to be weighed against each other."""

Piece: TypeAlias = str | Block


class Pattern:
    """Literals and blocks, in turn, that a whole text is matched against."""

    __slots__ = ("_compiled", "blocks", "pieces", "prefix")

    def __init__(self, pieces: Sequence[Piece]) -> None:
        self.pieces: tuple[str | Block, ...] = tuple(pieces)
        self.blocks: list[Block] = [piece for piece in pieces if isinstance(piece, Block)]
        self.prefix: str = pieces[0] if pieces and isinstance(pieces[0], str) else ""
        self._compiled: re.Pattern[str] | bool = _is_plain(self.pieces)

    def match(self, text: str) -> Sequence[str | None] | None:
        """What each block holds, without its first character; None for one that is not there.

        None as a whole when the text is of another form.
        """
        compiled = self._compiled
        if compiled is False:
            return self._walk(text)
        if compiled is True:
            compiled = self._compiled = re.compile(_expression(self.pieces), re.DOTALL)
        found = compiled.fullmatch(text)
        return None if found is None else found.groups()

    def _walk(self, text: str) -> list[str | None] | None:
        if not text.startswith(self.prefix) or len(text) > MAX_WALK:
            return None
        starts = bytearray(len(text) + 1)
        starts[-1] = 1
        ways = [(starts, starts)]
        for piece in reversed(self.pieces):
            if isinstance(piece, str):
                present = starts = _literal_starts(piece, text, starts)
            elif piece.first:
                present = piece.present(text, starts)
                starts = _either(present, starts)
            else:
                present = starts = piece.present(text, starts)
            ways.append((starts, present))
        return self._captures(text, ways) if starts[0] else None

    def _captures(self, text: str, ways: list[tuple[bytearray, bytearray]]) -> list[str | None]:
        """What the blocks hold. `ways` are the positions where each piece can begin, and where it
        can begin and be there, the last piece's end first.
        """
        captures: list[str | None] = []
        position = 0
        for index, piece in enumerate(self.pieces):
            if isinstance(piece, str):
                position += len(piece)
                continue
            if not ways[-index - 1][1][position]:
                captures.append(None)
                continue
            start = position + len(piece.first)
            ends, preferred = ways[-index - 2]
            position = piece.longest(text, start, preferred)
            if position < 0:
                position = piece.longest(text, start, ends)
            captures.append(text[start:position])
        return captures


def _is_plain(pieces: Sequence[Piece]) -> bool:
    """Whether each block but the last ends at its own stop, so that nothing has to be weighed."""
    blocks = [index for index, piece in enumerate(pieces) if isinstance(piece, Block)]
    for index in blocks:
        block, following = pieces[index], pieces[index + 1 : index + 2]
        assert isinstance(block, Block)
        if block.first or block.most is not None:
            return False
        ends = [isinstance(each, str) and each[0] in block.stop for each in following]
        if index != blocks[-1] and not all(ends):
            return False
    return True


def _expression(pieces: Sequence[Piece]) -> str:
    """A regular expression whose blocks never give back, except for the last one."""
    last = next((each for each in reversed(pieces) if isinstance(each, Block)), None)
    return "".join(
        re.escape(piece)
        if isinstance(piece, str)
        else f"({piece.pattern})"
        if piece is last
        else f"({piece.pattern}+)"
        for piece in pieces
    )


def _literal_starts(literal: str, text: str, ends: bytearray) -> bytearray:
    starts = bytearray(len(ends))
    at = text.find(literal)
    while at >= 0:
        starts[at] = ends[at + len(literal)]
        at = text.find(literal, at + 1)
    return starts


def _either(some: bytearray, others: bytearray) -> bytearray:
    both = int.from_bytes(some, "big") | int.from_bytes(others, "big")
    return bytearray(both.to_bytes(len(some), "big"))
