"""Block: a stretch of a URI that holds the values of variables."""

from __future__ import annotations

import re

from .template import OPERATORS, Expression, Variable


class Block:
    """A stretch of text to be captured: without `stop`, from `least` to `most` characters long.

    One with a `first` character begins with that, or is not there at all.
    """

    __slots__ = ("_runs", "first", "least", "most", "sign", "stop", "variables")

    def __init__(
        self,
        sign: str,
        variables: tuple[Variable, ...],
        *,
        first: str = "",
        stop: str = "",
        least: int = 0,
        most: int | None = None,
    ) -> None:
        self.sign: str = sign
        self.variables: tuple[Variable, ...] = variables
        self.first: str = first
        self.stop: str = stop
        self.least: int = least
        self.most: int | None = most
        self._runs = re.compile(f"[^{re.escape(stop)}]+" if stop else "(?s:.+)")

    @property
    def pattern(self) -> str:
        """It as a regular expression, when it is there, whatever its length."""
        one = f"[^{re.escape(self.stop)}]" if self.stop else "."
        return one + ("+" if self.least else "*")

    def present(self, text: str, ends: bytearray) -> bytearray:
        """Where it can begin, and be there, so that it ends at one of `ends`."""
        inner = self._inner_starts(text, ends)
        if not self.first:
            return inner
        starts = bytearray(len(ends))
        at = text.find(self.first)
        while at >= 0:
            starts[at] = inner[at + 1]
            at = text.find(self.first, at + 1)
        return starts

    def _inner_starts(self, text: str, ends: bytearray) -> bytearray:
        starts = bytearray(len(ends)) if self.least else bytearray(ends)
        for run in self._runs.finditer(text):
            start, end = run.span()
            last = ends.rfind(1, start + 1, end + 1)
            if last > 0 and self.most is None:
                starts[start:last] = b"\1" * (last - start)
            elif last > 0:
                self._mark_near(starts, ends, start, last)
        return starts

    def _mark_near(self, starts: bytearray, ends: bytearray, start: int, last: int) -> None:
        """Mark the positions from which the next end is at most as far as it can be long."""
        assert self.most is not None
        nearest = last
        for position in range(last - 1, start - 1, -1):
            if ends[position + 1]:
                nearest = position + 1
            if nearest - position <= self.most:
                starts[position] = 1

    def longest(self, text: str, start: int, ends: bytearray) -> int:
        """The last of `ends` that it can reach from `start`, where its text begins; or -1."""
        run = self._runs.match(text, start)
        limit = start if run is None else run.end()
        if self.most is not None:
            limit = min(limit, start + self.most)
        return ends.rfind(1, start + self.least, limit + 1)


def blocks_of(
    expression: Expression, following: str | Expression | None = None, *, in_query: bool = False
) -> list[Block]:
    """What an expression captures. `{/x,y}` is `{/x}{/y}`; other variables share a block.

    `following` is the next part, which tells where a value ends. In a query there are no segments,
    and a value may be empty.
    """
    sign, variables = expression.sign, expression.variables
    groups = [(each,) for each in variables] if sign in (".", "/") else [variables]
    first = OPERATORS[sign].first
    stop = "" if in_query else _stop(expression, following)
    return [
        Block(
            sign,
            group,
            first=first,
            stop=stop,
            least=0 if first or in_query else 1,
            most=group[0].length if len(group) == 1 and sign != ";" else None,
        )
        for group in groups
    ]


def _stop(expression: Expression, following: str | Expression | None) -> str:
    """The characters that end a value: those of a segment, unless the expression spans segments.

    One of several labels ends at the next, while a single one is all that follows its dot.
    """
    sign, variables = expression.sign, expression.variables
    if sign in ("+", "#"):
        return ""
    exploded = any(variable.exploded for variable in variables)
    stop = "" if exploded and sign in ("", "/") else "/"
    if sign == "." and len(variables) > 1 and not exploded:
        stop += "."
    if isinstance(following, Expression) and following.sign == ";":
        stop += ";"
    return stop
