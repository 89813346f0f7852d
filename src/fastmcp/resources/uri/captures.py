"""What captured text means: values for the variables, as text, lists or mappings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, TypeAlias

from .block import Block
from .decoding import decode, reveal
from .pattern import Pattern
from .template import Variable

Shape: TypeAlias = Literal["text", "list", "map"]
Shapes: TypeAlias = Mapping[str, Shape]
"""By key; a variable that is not there is text, or a list where it is exploded into pieces."""

Pair: TypeAlias = tuple[str, str]
Reading: TypeAlias = tuple[Variable, Any]


def read_text(pattern: Pattern, text: str, shapes: Shapes) -> list[Reading] | None:
    """The values in a text; None when it is of another form, or a block holds too many."""
    captures = pattern.match(text)
    if captures is None:
        return None
    readings: list[Reading] = []
    for block, captured in zip(pattern.blocks, captures, strict=True):
        if captured is None:
            continue
        if block.sign == ";":
            readings += read_pairs(block.variables, pairs_of(captured, ";"), shapes)
            continue
        shares = _shares(block, captured, shapes)
        if shares is None:
            return None
        for variable, share in zip(block.variables, shares, strict=False):
            readings.append((variable, _positional(block.sign, variable, share, shapes)))
    return readings


def pairs_of(text: str, separator: str) -> list[Pair]:
    """The pairs of a query or of path parameters; the values still as they were decoded."""
    pairs = (item.partition("=") for item in text.split(separator) if item)
    return [(reveal(name), value) for name, _, value in pairs]


def read_pairs(variables: Sequence[Variable], pairs: list[Pair], shapes: Shapes) -> list[Reading]:
    """The values of named variables, in whatever order they stand; what is not named is ignored,
    or else belongs to an exploded mapping.
    """
    given: dict[str, list[str]] = {}
    for name, text in pairs:
        given.setdefault(name, []).append(text)
    readings: list[Reading] = []
    for variable in variables:
        if variable.exploded and shapes.get(variable.key) == "map":
            others = {_plain(each.name) for each in variables if each is not variable}
            free = {name: reveal(t[0]) for name, t in given.items() if name not in others}
            readings += [(variable, free)] if free else []
        elif (texts := given.get(_plain(variable.name))) is not None:
            readings.append((variable, _named(variable, texts, shapes)))
    return readings


def _plain(name: str) -> str:
    return reveal(decode(name)) if "%" in name else name


def settle(readings: list[Reading]) -> dict[str, Any] | None:
    """The values by key, when they agree: a variable that stands in several places has one value,
    of which `{x:3}` shows at most the beginning.
    """
    values: dict[str, Any] = {}
    simple = True
    for variable, value in readings:
        known = values.get(variable.key)
        simple = simple and known is None and variable.length is None
        if known is None or variable.length is None or len(value) > len(known):
            values[variable.key] = value
    if simple or all(_shows(variable, text, values[variable.key]) for variable, text in readings):
        return values
    return None


def _shows(variable: Variable, shown: Any, value: Any) -> bool:
    if variable.length is None or not isinstance(shown, str) or not isinstance(value, str):
        return shown == value
    return shown == value[: variable.length]


def _shares(block: Block, text: str, shapes: Shapes) -> list[str] | None:
    """The part of a block's text that belongs to each variable, as in `{x,y}`. A list or a mapping
    takes what the others leave; None when nothing takes it.
    """
    variables = block.variables
    if len(variables) == 1:
        return [text]
    items = text.split(",")
    surplus = len(items) - len(variables)
    if surplus <= 0:
        return items
    for index, variable in enumerate(variables):
        if variable.exploded or shapes.get(variable.key) in ("list", "map"):
            end = index + surplus + 1
            return [*items[:index], ",".join(items[index:end]), *items[end:]]
    return None


def _positional(sign: str, variable: Variable, text: str, shapes: Shapes) -> Any:
    in_pieces = variable.exploded and sign in ("/", ".")
    shape = shapes.get(variable.key, "list" if in_pieces else "text")
    if shape == "text":
        return reveal(text)
    items = text.split(sign if in_pieces else ",")
    return [reveal(item) for item in items] if shape == "list" else _map(variable, text, items)


def _named(variable: Variable, texts: list[str], shapes: Shapes) -> Any:
    shape = shapes.get(variable.key, "list" if variable.exploded else "text")
    if shape == "text":
        return reveal(texts[0])
    if variable.exploded:
        return [reveal(text) for text in texts]
    items = [item for text in texts for item in text.split(",")]
    return [reveal(item) for item in items] if shape == "list" else _map(variable, texts[0], items)


def _map(variable: Variable, text: str, items: list[str]) -> Any:
    """A mapping: `a=1,b=2` where it is exploded, or else `a,1,b,2`; the text where it is neither,
    for the function's own parameter to judge.
    """
    if variable.exploded:
        pairs = [item.partition("=") for item in items]
        found = [(name, value) for name, equals, value in pairs if equals]
        whole = len(found) == len(pairs)
    else:
        found = list(zip(items[::2], items[1::2], strict=False))
        whole = len(items) % 2 == 0
    return {reveal(name): reveal(value) for name, value in found} if whole else reveal(text)
