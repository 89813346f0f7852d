"""What is said of a name that a server does not have."""

from __future__ import annotations

from collections.abc import Collection

from fastmcp._spelling import nearest
from fastmcp.exceptions import ConfigurationError

_MOST = 10


def missing(what: str, name: str, known: Collection[str]) -> ConfigurationError:
    """The error for a name of a `what` that is none of those known."""
    near = nearest(name, known)
    if near is not None:
        return ConfigurationError(f"There is no {what} {name!r}; did you mean {near!r}?")
    if not known:
        return ConfigurationError(f"There is no {what} {name!r}: the server has none")
    some = ", ".join(sorted(known)[:_MOST])
    more = ", …" if len(known) > _MOST else ""
    return ConfigurationError(f"There is no {what} {name!r}; there are {some}{more}")
