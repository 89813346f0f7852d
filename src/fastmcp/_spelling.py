"""Names that were probably meant, for the messages about those that were written."""

from __future__ import annotations

from collections.abc import Iterable

# Longer names are nobody's slip, and comparing them would cost what their sender likes.
LONGEST = 60


def nearest(name: str, known: Iterable[str], *, cutoff: float = 0.6) -> str | None:
    """The known name that is most like this one; None when none is."""
    if len(name) > LONGEST:
        return None
    from difflib import get_close_matches  # only ever needed for a message

    folded = {each.lower(): each for each in known}
    found = get_close_matches(name.lower(), folded, n=1, cutoff=cutoff)
    return folded[found[0]] if found else None


def unexpected_keyword(function: str, name: str, known: Iterable[str]) -> TypeError:
    """The error for a keyword that a function does not take."""
    near = nearest(name, known)
    hint = "" if near is None else f"; did you mean {near}=?"
    return TypeError(f"{function} got an unexpected keyword argument {name!r}{hint}")
