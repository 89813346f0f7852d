"""Names of components: what an operation is called, as a client can call it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping

from .route import HTTPRoute

_LONGEST = 56
_SEPARATORS = re.compile(r"[\s\-\.]+")
_OTHERS = re.compile(r"[^a-zA-Z0-9_]")
_UNDERSCORES = re.compile(r"_+")


def slug(text: str) -> str:
    """Letters, digits and single underscores."""
    text = _OTHERS.sub("", _SEPARATORS.sub("_", text))
    return _UNDERSCORES.sub("_", text).strip("_")


def usual_name(route: HTTPRoute, names: Mapping[str, str]) -> str:
    """The name that is given for the operation's id; or the id, as far as `__`; or the summary, or
    the method and the path.
    """
    operation, by_path = route.operation_id, f"{route.method}_{route.path}"
    if operation is None:
        wanted = route.summary or by_path
    else:
        wanted = names.get(operation) or operation.split("__")[0]
    return (slug(wanted) or slug(operation or "") or slug(by_path))[:_LONGEST]


class Names:
    """The names of one kind; a second one of the same name has its number after it."""

    def __init__(self) -> None:
        self._count: Counter[str] = Counter()
        self._taken: set[str] = set()

    def unique(self, name: str) -> str:
        """The name, or one like it that nothing has yet."""
        self._count[name] += 1
        found = name if self._count[name] == 1 else f"{name}_{self._count[name]}"
        while found in self._taken:
            self._count[name] += 1
            found = f"{name}_{self._count[name]}"
        self._taken.add(found)
        return found
