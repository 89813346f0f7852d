"""How a component's function is called: decided once, when it is read."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Awaitable, Callable
from typing import Any

from fastmcp._runtime.threads import run_in_thread

from .signature import Signature


def invoker(signature: Signature, *, threaded: bool = True) -> Callable[..., Awaitable[Any]]:
    """A coroutine function that calls it: awaited, in a worker thread, or on the loop.

    A generator's items become a list.
    """
    if signature.is_async:
        return signature.call
    if inspect.isasyncgenfunction(signature.call):
        return functools.partial(_collect, signature.call)
    if inspect.isgeneratorfunction(signature.call):
        return functools.partial(run_in_thread, functools.partial(_exhaust, signature.call))
    if threaded:
        return functools.partial(run_in_thread, signature.call)
    return functools.partial(_call_here, signature.call)


async def _collect(call: Callable[..., Any], /, **arguments: Any) -> list[Any]:
    return [item async for item in call(**arguments)]


def _exhaust(call: Callable[..., Any], /, **arguments: Any) -> list[Any]:
    return list(call(**arguments))


async def _call_here(call: Callable[..., Any], /, **arguments: Any) -> Any:
    return call(**arguments)
