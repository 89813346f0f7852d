"""Components that middleware lists in the place of others, made once for each."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from fastmcp._components.component import Component

C = TypeVar("C", bound=Component)


def made_of(component: C, what: str, make: Callable[[C], C]) -> C:
    """The `what` of a component. It is kept with the entries that lists show of it, which go when
    a member of it is set.
    """
    kept: dict[Any, Any] = vars(component).setdefault("_entries", {})
    made = kept.get(what)
    if made is None:
        made = kept[what] = make(component)
    return made
