"""Names that Python can have, for those that JSON has."""

from __future__ import annotations

import keyword
import re
from collections.abc import Iterable


def attribute_names(names: Iterable[str]) -> dict[str, str]:
    """An attribute for each property: `class` is `class_`, `home-town` is `home_town`."""
    found: dict[str, str] = {}
    taken: set[str] = set()
    for name in names:
        made = base = identifier(name)
        number = 2
        while made in taken:
            made = f"{base}_{number}"
            number += 1
        taken.add(made)
        found[name] = made
    return found


def identifier(name: str) -> str:
    """The name itself if Python can have it, else the one that FastMCP makes of it."""
    if name.isidentifier() and not name.startswith("__"):
        return f"{name}_" if keyword.iskeyword(name) else name
    made = re.sub("_+", "_", re.sub(r"[^0-9a-zA-Z_]", "_", name))
    if not re.match("[a-zA-Z_]", name):
        made = f"field_{made.lstrip('_')}"
    if not name.endswith("_"):
        made = made.rstrip("_")
    made = made or "field"
    return f"{made}_" if keyword.iskeyword(made) else made


def class_name(title: object, definition: str | None, place: str | None) -> str:
    """The name of a class: its title, what it is called where it is defined, or the property that
    it is found at.
    """
    if place is not None:
        place = "".join(word[:1].upper() + word[1:] for word in re.split(r"[\W_]+", place))
    for candidate in (title, definition, place):
        if isinstance(candidate, str) and re.search(r"\w", candidate):
            return identifier(candidate[:100])
    return "Root"
