"""The reader of what may be one thing or another."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from msgspec import UNSET

from .readers import Misfit, Reader, Run

FREE = 8
"""So many alternatives are looked at without being counted."""
TRIAL = 5
"""How many steps it is to try one of them."""


class Union(Reader):
    """One of several alternatives.

    A value that fits one of them as it is stays so. Among the others the one is chosen that knows
    most of the value's properties.
    """

    __slots__ = ("_alternatives",)

    def __init__(self, alternatives: list[Reader]) -> None:
        super().__init__()
        self._alternatives = alternatives

    def parts(self) -> Sequence[Reader]:
        return self._alternatives

    def settle(self) -> None:
        self._alternatives = sorted(self._alternatives, key=lambda each: not each.plain)

    def admits(self, value: Any) -> bool:
        return any(each.admits(value) for each in self._alternatives)

    def read(self, value: Any, run: Run) -> Any:
        if not run.strict or type(value) not in (list, dict):
            return self._read(value, run)
        # Inside alternatives that are tried, each part of the value is tried but once.
        key = (id(self), id(value))
        if key not in run.tried:
            outer, run.known = run.known, 0
            try:
                run.tried[key] = (self._read(value, run), run.known)
            except Misfit as misfit:
                run.tried[key] = (misfit, 0)
            finally:
                run.known = outer
        found, known = run.tried[key]
        if isinstance(found, Misfit):
            raise found
        run.known += known
        return found

    def _read(self, value: Any, run: Run) -> Any:
        run.spend(max(0, len(self._alternatives) - FREE))
        candidates = [each for each in self._alternatives if each.admits(value)]
        if len(candidates) == 1:
            return candidates[0].read(value, run)
        outer, run.strict = run.strict, True
        try:
            found, known = _best(candidates, value, run)
        finally:
            run.strict = outer
        if found is UNSET:
            raise Misfit("one of the alternatives of its schema")
        run.known += known
        return found


def _best(candidates: list[Reader], value: Any, run: Run) -> tuple[Any, int]:
    """What the best candidate reads, and how many properties it knows; UNSET if none fits."""
    found, most = UNSET, -1
    outer = run.known
    for candidate in candidates:
        run.spend(TRIAL)
        run.known = 0
        try:
            read = candidate.read(value, run)
        except Misfit:
            continue
        finally:
            known, run.known = run.known, outer
        if candidate.plain:
            return read, known
        if known > most:
            found, most = read, known
    return found, most
