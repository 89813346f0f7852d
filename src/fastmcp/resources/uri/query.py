"""The query of a URI template: `{?x,y}`, `{&z}`, and parameters that are written out."""

from __future__ import annotations

from collections.abc import Sequence

from fastmcp.exceptions import InvalidSignature

from .block import blocks_of
from .captures import Pair, Reading, Shapes, pairs_of, read_pairs, read_text
from .decoding import decode, reveal
from .pattern import Pattern, Piece
from .template import QUERY_SIGNS, Expression, Part, Variable


class Query:
    """Parameters in any order; those that the template does not name are ignored.

    The `variables` may be absent. What is written out, as in `?kind=x` or `?q={q}`, has to be
    there: `fixed` has the pattern of each such value.
    """

    __slots__ = ("_shapes", "fixed", "opening", "variables")

    def __init__(
        self,
        variables: tuple[Variable, ...],
        shapes: Shapes,
        fixed: tuple[tuple[str, Pattern], ...] = (),
        opening: str = "?",
    ) -> None:
        self.variables: tuple[Variable, ...] = variables
        self.fixed: tuple[tuple[str, Pattern], ...] = fixed
        self.opening: str = opening
        self._shapes = shapes

    def read(self, text: str) -> list[Reading] | None:
        """The values in a decoded query; None when something is missing or has another form."""
        if not text and not self.fixed:
            return []
        pairs = pairs_of(text.replace("+", " "), "&")
        required = {name for name, _ in self.fixed}
        free = [pair for pair in pairs if pair[0] not in required]
        readings = read_pairs(self.variables, free, self._shapes)
        for name, pattern in self.fixed:
            found = self._read_fixed(name, pattern, pairs)
            if found is None:
                return None
            readings += found
        return readings

    def _read_fixed(self, name: str, pattern: Pattern, pairs: list[Pair]) -> list[Reading] | None:
        """The values in the first parameter of that name which has the form."""
        for given, text in pairs:
            found = read_text(pattern, text, self._shapes) if given == name else None
            if found is not None:
                return found
        return None


def parse_query(template: str, opening: str, parts: Sequence[Part], shapes: Shapes) -> Query | None:
    """The query that parts of a template make, without the `?` or `&` that opens it.

    None when one of its parameters has no name of its own, as in `?{x,y}`.

    Raises:
        InvalidSignature: literal text follows an expression that takes the rest of the query.
    """
    variables: list[Variable] = []
    segments: list[list[Part]] = [[]]
    closed = False
    for part in parts:
        if isinstance(part, Expression) and part.sign in QUERY_SIGNS:
            variables += part.variables
            segments.append([])
            closed = True
        elif closed and not (isinstance(part, str) and part.startswith("&")):
            written = part if isinstance(part, str) else part.text
            raise InvalidSignature(
                f"The URI template {template!r} has {written!r} within its query; begin it with &, "
                "or put it before the query"
            )
        elif isinstance(part, str):
            first, *others = part.split("&")
            segments[-1] += [first] if first else []
            segments.extend([each] if each else [] for each in others)
            closed = False
        else:
            segments[-1].append(part)
    fixed = [_fixed(segment) for segment in segments if segment]
    named = tuple(each for each in fixed if each is not None)
    if len(named) < len(fixed):
        return None
    return Query(tuple(variables), shapes, named, opening)


def _fixed(segment: list[Part]) -> tuple[str, Pattern] | None:
    """A parameter that is written out: its name, and the pattern of its value."""
    first, *others = segment
    name, equals, beginning = first.partition("=") if isinstance(first, str) else ("", "", "")
    if not name or (others and not equals):
        return None
    pieces: list[Piece] = [_literal(beginning)] if beginning else []
    for part in others:
        pieces += [_literal(part)] if isinstance(part, str) else blocks_of(part, in_query=True)
    return reveal(decode(name)), Pattern(pieces)


def _literal(text: str) -> str:
    return decode(text.replace("+", " "))
