"""ResourceSecurity: which values of a URI's parameters are refused, before a function sees them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from typing import Any, cast
from urllib.parse import unquote

from msgspec import Struct

from fastmcp.exceptions import ResourceSecurityError

_SEPARATOR = re.compile(r"[/\\]")
_ROOTED = re.compile(r"[/\\]|[A-Za-z]:")
_LAYERS = 5


class ResourceSecurity(Struct, frozen=True):
    """Refuses values that could lead a file access out of its folder: `..` as a segment, paths
    that begin at a root or a drive, and NUL. Values of `exempt_params` are not looked at.

    Values are looked at as they are decoded, and as further decoding would make them.
    """

    reject_path_traversal: bool = True
    reject_absolute_paths: bool = True
    reject_null_bytes: bool = True
    exempt_params: AbstractSet[str] = frozenset()

    def validate(self, params: Mapping[str, object]) -> str | None:
        """The first parameter whose value is refused; None when all are fine."""
        for name, value in params.items():
            if name not in self.exempt_params and any(map(self._refuses, _texts(value))):
                return name
        return None

    def _refuses(self, text: str) -> bool:
        if text.isalnum():
            return False
        checks: list[tuple[bool, Callable[[str], bool]]] = [
            (self.reject_path_traversal, _climbs),
            (self.reject_absolute_paths, _is_absolute),
            (self.reject_null_bytes, _has_null),
        ]
        wanted = [check for on, check in checks if on]
        return any(check(form) for form in _forms(text) for check in wanted)


class InheritSecurity(Struct, frozen=True):
    """Stands for the server's own `resource_security`."""


INHERIT_SECURITY = InheritSecurity()
DEFAULT_RESOURCE_SECURITY = ResourceSecurity()


def screen(
    uri: str,
    values: Mapping[str, object],
    policy: ResourceSecurity | InheritSecurity | None,
    default: ResourceSecurity | None,
) -> None:
    """Check the values in a URI by a component's policy, or else by the server's.

    Raises:
        ResourceSecurityError: a value is refused; for the client there is no such resource.
    """
    chosen = default if isinstance(policy, InheritSecurity) else policy
    if chosen is not None and values and chosen.validate(values) is not None:
        raise ResourceSecurityError(f"Resource not found: {uri}")


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for name, item in cast("Mapping[Any, Any]", value).items():
            yield str(name)
            yield from _texts(item)
    elif isinstance(value, (list, tuple, set, frozenset)):
        for item in cast("Iterable[Any]", value):
            yield from _texts(item)


def _forms(text: str) -> Iterator[str]:
    """The text, and what it becomes when it is decoded again and again."""
    yield text
    for _ in range(_LAYERS):
        if "%" not in text or (decoded := unquote(text)) == text:
            return
        yield (text := decoded)


def _climbs(text: str) -> bool:
    # A file system may drop blanks at the end of a segment.
    return ".." in text and any(part.strip() == ".." for part in _SEPARATOR.split(text))


def _is_absolute(text: str) -> bool:
    return _ROOTED.match(text) is not None


def _has_null(text: str) -> bool:
    return "\0" in text
