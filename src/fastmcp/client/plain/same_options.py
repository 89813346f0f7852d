"""Classes that are constructed as another one is, without writing its parameters again."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any, Concatenate, ParamSpec, TypeVar

S = TypeVar("S")
P = ParamSpec("P")


def same_options_as(
    other: Callable[P, Any],
) -> Callable[[Callable[[S, Any, dict[str, Any]], None]], Callable[Concatenate[S, P], None]]:
    """Decorates an `__init__` that takes the first argument of `other` and a dict of the rest, by
    name; it is called as `other` is.
    """

    def decorate(
        init: Callable[[S, Any, dict[str, Any]], None],
    ) -> Callable[Concatenate[S, P], None]:
        @functools.wraps(getattr(other, "__init__"))  # noqa: B009 - of a class, not of an object
        def construct(self: S, /, *args: P.args, **kwargs: P.kwargs) -> None:
            options = _signature(other).bind(*args, **kwargs).arguments
            first = next(iter(options))
            init(self, options.pop(first), options)

        return construct

    return decorate


@functools.cache
def _signature(function: Callable[..., Any]) -> inspect.Signature:
    return inspect.signature(function)
