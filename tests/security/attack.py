"""Attack: one that is on record, or that has to fail, and the tests that show that it does."""

from __future__ import annotations

from typing import NamedTuple


class Attack(NamedTuple):
    """`id` is how it is known, `what` happens in it, `held_by` the tests: `path::function`, below
    the folder of tests, `...` for the path of the one before.
    """

    id: str
    what: str
    held_by: str

    def tests(self) -> list[tuple[str, str]]:
        """The file and the function of each test."""
        found: list[tuple[str, str]] = []
        path = ""
        for each in self.held_by.split():
            named, _, function = each.partition("::")
            path = path if named == "..." else named
            found.append((f"{path}.py", f"test_{function}"))
        return found
