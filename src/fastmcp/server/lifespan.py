"""Lifespans as values: what a server opens when it starts, composed with `|`."""

from __future__ import annotations

import functools
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

from fastmcp.utilities.lifespan import LifespanFunction, combine_lifespans, manager_of


class Lifespan:
    """A lifespan function that can be composed: `FastMCP(lifespan=database | cache)`.

    `a | b` enters a, then b, leaves them in reverse and merges the mappings that they yield, those
    of b winning. One of the two may be a plain function.
    """

    def __init__(self, fn: LifespanFunction) -> None:
        self._fn = fn
        functools.update_wrapper(self, fn)

    @asynccontextmanager
    async def __call__(self, server: Any) -> AsyncGenerator[Any]:
        async with manager_of(self._fn, server) as result:
            yield {} if result is None else result

    def __or__(self, other: LifespanFunction) -> ComposedLifespan:
        return ComposedLifespan(self, other) if callable(other) else NotImplemented

    def __ror__(self, other: LifespanFunction) -> ComposedLifespan:
        return ComposedLifespan(other, self) if callable(other) else NotImplemented


class ContextManagerLifespan(Lifespan):
    """A `Lifespan` of an async context manager function, which `Lifespan` takes as well."""


class ComposedLifespan(Lifespan):
    """Two lifespans as one, each left even if the other fails at its end."""

    def __init__(self, left: LifespanFunction, right: LifespanFunction) -> None:
        super().__init__(combine_lifespans(left, right))


def lifespan(fn: LifespanFunction) -> Lifespan:
    """Make a lifespan that can be composed: a decorator for async functions that yield once."""
    return Lifespan(fn)
