"""UriMatcher: finds the values of a URI template's variables in a URI."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any

from .block import blocks_of
from .captures import Reading, Shape, Shapes, read_text, settle
from .decoding import decode, reveal
from .pattern import Pattern, Piece
from .query import Query, parse_query
from .template import QUERY_SIGNS, Expression, Part, UriTemplate, parse_template


class UriMatcher:
    """A template made ready for matching: its path, its query and its fragment.

    What a URI has beyond the template's path, a query that the template does not speak of, is
    ignored. `filled` are the keys of the variables outside of `{?…}` and `{&…}`.
    """

    __slots__ = ("_fragment", "_keys", "_path", "_query", "_shapes", "_whole", "filled", "queried")

    def __init__(self, template: UriTemplate, shapes: Shapes) -> None:
        path, query, fragment = _sections(template, shapes)
        self._path = _pattern(path)
        self._query = query
        self._fragment = _pattern(fragment) if fragment else None
        self._shapes = shapes
        self._whole = any(
            "?" in part if isinstance(part, str) else part.sign == "+" for part in path
        )
        alone = self._fragment is None and (query is None or not query.fixed)
        self._keys = _text_keys(self._path, shapes) if alone else None
        self.queried: set[str] = {v.key for v in (query.variables if query is not None else ())}
        self.filled: set[str] = {variable.key for variable in template.variables} - self.queried

    @property
    def prefix(self) -> str:
        """What every decoded URI of the template begins with."""
        return self._path.prefix

    def match(self, uri: str) -> dict[str, Any] | None:
        """The values in a URI, by key, decoded once; None when it is of another form."""
        text = decode(uri)
        fragment = query = ""
        if self._fragment is not None:
            text, mark, fragment = text.partition("#")
            fragment = mark + fragment
        if self._query is not None:
            text, _, query = text.partition(self._query.opening)
        elif not self._whole:
            text = text.partition("?")[0]
        if self._keys is not None and not query:
            captures = self._path.match(text)
            if captures is None:
                return None
            return dict(zip(self._keys, [reveal(each or "") for each in captures], strict=True))
        readings: list[Reading] = []
        for found in self._readings(text, query, fragment):
            if found is None:
                return None
            readings += found
        return settle(readings)

    def _readings(self, text: str, query: str, fragment: str) -> Iterator[list[Reading] | None]:
        yield read_text(self._path, text, self._shapes)
        if self._query is not None:
            yield self._query.read(query)
        if self._fragment is not None:
            yield read_text(self._fragment, fragment, self._shapes)


@lru_cache(4096)
def matcher_of(template: str, shapes: frozenset[tuple[str, Shape]] = frozenset()) -> UriMatcher:
    """The matcher of a template whose variables have these shapes.

    Raises:
        InvalidSignature: the text is not a template, or cannot be matched.
    """
    return UriMatcher(parse_template(template), dict(shapes))


def _text_keys(path: Pattern, shapes: Shapes) -> tuple[str, ...] | None:
    """The keys of a path whose blocks are all texts of their own; None when there are others."""
    variables = [variable for block in path.blocks for variable in block.variables]
    keys = tuple(variable.key for variable in variables)
    plain = all(
        not block.first and len(block.variables) == 1 and block.most is None
        for block in path.blocks
    )
    texts = all(shapes.get(key, "text") == "text" for key in keys)
    return keys if plain and texts and len(set(keys)) == len(keys) else None


def _pattern(parts: Sequence[Part]) -> Pattern:
    pieces: list[Piece] = []
    for part, following in zip(parts, [*parts, None][1:], strict=True):
        pieces += [decode(part)] if isinstance(part, str) else blocks_of(part, following)
    return Pattern(pieces)


def _sections(
    template: UriTemplate, shapes: Shapes
) -> tuple[Sequence[Part], Query | None, Sequence[Part]]:
    """The parts of the path, the query, and the parts of the fragment."""
    rest, fragment = _split(template.parts, "#", ("#",))
    path, query = _split(rest, "?", QUERY_SIGNS)
    found = _query(template, query, shapes)
    if query and found is None:
        # A query without names is matched as it stands, up to what has names.
        path, query = _split(rest, "", QUERY_SIGNS)
        found = _query(template, query, shapes)
    return path, found, fragment


def _query(template: UriTemplate, parts: Sequence[Part], shapes: Shapes) -> Query | None:
    if not parts:
        return None
    first = parts[0]
    if isinstance(first, Expression):
        return parse_query(template.text, first.operator.first, parts, shapes)
    rest = [first[1:], *parts[1:]] if len(first) > 1 else parts[1:]
    return parse_query(template.text, "?", rest, shapes)


def _split(
    parts: Sequence[Part], mark: str, signs: tuple[str, ...]
) -> tuple[Sequence[Part], Sequence[Part]]:
    """The parts before and from the first one with a sign, or the first literal's `mark` on."""
    for index, part in enumerate(parts):
        if isinstance(part, Expression):
            if part.sign in signs:
                return parts[:index], parts[index:]
        elif mark and (at := part.find(mark)) >= 0:
            before = [part[:at]] if at else []
            return [*parts[:index], *before], [part[at:], *parts[index + 1 :]]
    return parts, ()
