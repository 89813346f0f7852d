"""How a handler that answers the server is called."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any

from fastmcp._runtime.threads import run_in_thread


async def call_handler(handler: Callable[..., Any], *arguments: Any) -> Any:
    """What a handler gives: a coroutine function is awaited, a plain one called in a thread.

    What is asked of a client is answered by a person or a model: a plain function that waits for
    one on the event loop would hold up every other call of the client.
    """
    if _is_async(handler):
        return await handler(*arguments)
    value = await run_in_thread(functools.partial(handler, *arguments))
    return await value if inspect.isawaitable(value) else value


def _is_async(handler: Callable[..., Any]) -> bool:
    while isinstance(handler, functools.partial):
        handler = handler.func
    return inspect.iscoroutinefunction(handler) or inspect.iscoroutinefunction(
        getattr(handler, "__call__", None)  # noqa: B004 - the method itself is looked at
    )
