"""How many sessions there may be, and how many of them one caller may have."""

from __future__ import annotations

from collections import Counter


class Quota:
    """Counts the sessions of this process, `limit` in all and `each` per authenticated caller."""

    def __init__(self, limit: int, each: int) -> None:
        self._limit = limit
        self._each = each
        self._open = 0
        self._of: Counter[str] = Counter()

    def take(self, principal: str | None) -> bool:
        """Count one more session of this caller; False when there are too many."""
        if self._open >= self._limit:
            return False
        if principal is not None:
            if self._of[principal] >= self._each:
                return False
            self._of[principal] += 1
        self._open += 1
        return True

    def give_back(self, principal: str | None) -> None:
        """A session of this caller is over."""
        self._open -= 1
        if principal is not None:
            self._of[principal] -= 1
            if not self._of[principal]:
                del self._of[principal]
