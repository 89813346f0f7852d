"""What supplies a parameter: its default, its annotation, or the client."""

from __future__ import annotations

import types
import typing
from typing import Any, cast

from .borrowed import as_dependency, supplied_by
from .dependencies import MISSING, Dependency, Injectable, Reading


def dependency_of(annotation: Any, default: Any) -> Dependency[Any] | None:
    """What supplies a parameter; None for one that the client fills.

    Raises:
        InvalidSignature: it is a dependency of Docket's that means nothing here.
    """
    given = as_dependency(default)
    if given is not None:
        return given
    annotation = getattr(annotation, "__value__", annotation)  # of a `type` statement
    if isinstance(annotation, type):
        return _injected(annotation, default) if issubclass(annotation, Injectable) else None
    origin = typing.get_origin(annotation)
    if origin is typing.Annotated:
        inner, *extras = typing.get_args(annotation)
        for extra in extras:
            given = supplied_by(extra)
            if given is not None:
                return given
            if isinstance(extra, type) and issubclass(extra, Dependency):
                return cast("Any", extra)()
        return dependency_of(inner, default)
    if origin in (typing.Union, types.UnionType):
        members = typing.get_args(annotation)
        default = None if types.NoneType in members else default
        found = (dependency_of(member, default) for member in members)
        return next((each for each in found if each is not None), None)
    return None


def _injected(annotated: type[Injectable], default: Any) -> Reading[Any]:
    """The current instance; one that may be missing is then its default."""
    if default is MISSING:
        return Reading(annotated.current)

    def read() -> Any:
        try:
            return annotated.current()
        except RuntimeError:
            return default

    return Reading(read)
