"""What the annotations of a function mean."""

from __future__ import annotations

import inspect
import sys
import types
import typing
from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from .function import closure_of, innermost, is_object


class Hints(Struct, frozen=True):
    """The annotations that mean something, and why the others do not."""

    known: dict[str, Any]
    unknown: dict[str, Exception]


def hints_of(call: Any) -> Hints:
    """Evaluate the annotations of a function, a callable object, or a class's constructor."""
    target = _annotated(call)
    annotations: dict[str, Any] | None = getattr(target, "__annotations__", None)
    if not annotations:
        return Hints({}, {})
    names: dict[str, Any] = {p.__name__: p for p in getattr(target, "__type_params__", ())}
    names.update(closure_of(target))
    try:
        return Hints(typing.get_type_hints(target, None, names, include_extras=True), {})
    except Exception:
        return _one_by_one(target, annotations, {**_around(target), **names})


def _one_by_one(target: Any, annotations: dict[str, Any], names: dict[str, Any]) -> Hints:
    hints = Hints({}, {})
    for name, annotation in annotations.items():
        alone = types.SimpleNamespace(__annotations__={name: annotation})
        try:
            hints.known.update(
                typing.get_type_hints(alone, target.__globals__, names, include_extras=True)
            )
        except Exception as error:
            hints.unknown[name] = error
    return hints


def _annotated(call: Any) -> Any:
    target = innermost(call)
    if isinstance(target, type):
        target = target.__init__
    elif is_object(target):
        target = type(target).__call__
    return inspect.unwrap(getattr(target, "__func__", target))


def _around(function: Any) -> Mapping[str, Any]:
    """The variables of the enclosing function, while that is running: it decorates this one, whose
    annotations may name its local classes.
    """
    enclosing, found, _ = function.__qualname__.rpartition(".<locals>.")
    frame = sys._getframe() if found else None
    while frame is not None:
        code = frame.f_code
        if code.co_qualname == enclosing and code.co_filename == function.__code__.co_filename:
            return frame.f_locals
        frame = frame.f_back
    return {}
