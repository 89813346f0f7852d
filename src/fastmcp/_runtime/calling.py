"""Calling a function of the user's that may be plain or async."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any

from .threads import run_in_thread


async def call(function: Callable[..., Any], *arguments: Any) -> Any:
    """What a function gives: an async one is awaited, a plain one called in a worker thread, so
    that it holds up nobody else. An awaitable that a plain one gives is awaited, too.
    """
    if is_async(function):
        return await function(*arguments)
    value = await run_in_thread(functools.partial(function, *arguments))
    return await value if inspect.isawaitable(value) else value


def is_async(function: Callable[..., Any]) -> bool:
    """Whether calling it gives a coroutine: also a partial of such a function, and an object."""
    while isinstance(function, functools.partial):
        function = function.func
    return inspect.iscoroutinefunction(function) or inspect.iscoroutinefunction(
        getattr(function, "__call__", None)  # noqa: B004 - the method itself is looked at
    )
