"""How a component's function is called: decided once, when it is read."""

from __future__ import annotations

import functools
from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import Any

from fastmcp._components.injection.call import Call, Step
from fastmcp._components.injection.steps import Running, Wiring, call_plainly, settled
from fastmcp._runtime.threads import run_in_thread

from .function import is_async_generator
from .signature import Signature


def invoker(signature: Signature, *, threaded: bool = True) -> Callable[..., Awaitable[Any]]:
    """A coroutine function that calls it: awaited, in a worker thread, or on the loop.

    Its dependencies are opened before and closed after. A generator's items become a list.
    """
    call, plan = signature.call, signature.plan
    if signature.is_async or is_async_generator(call):
        awaited = call if signature.is_async else functools.partial(_collected, call)
        if plan is None:
            return awaited
        return functools.partial(_await_with, plan.steps, plan.wiring, awaited, threaded)
    if plan is not None:
        steps = (*plan.steps, Running(call, plan.wiring))
        return functools.partial(_run_with, steps, threaded)
    return functools.partial(
        _in_thread if threaded else _here, functools.partial(call_plainly, call)
    )


async def _collected(call: Callable[..., Any], /, **arguments: Any) -> Any:
    return await settled(call(**arguments))


async def _in_thread(call: Callable[..., Any], /, **arguments: Any) -> Any:
    value = await run_in_thread(call, **arguments)
    if isinstance(value, (Awaitable, AsyncGenerator)):
        return await settled(value)
    return value


async def _here(call: Callable[..., Any], /, **arguments: Any) -> Any:
    value = call(**arguments)
    if isinstance(value, (Awaitable, AsyncGenerator)):
        return await settled(value)
    return value


async def _run_with(steps: tuple[Step, ...], threaded: bool, /, **arguments: Any) -> Any:
    """Run a plan whose last step is the function."""
    call = Call(steps, arguments)
    await call.proceed(threaded=threaded)
    return call.outcome()


async def _await_with(
    steps: tuple[Step, ...],
    wiring: Wiring,
    function: Callable[..., Awaitable[Any]],
    threaded: bool,
    /,
    **arguments: Any,
) -> Any:
    """Run a plan, and the coroutine function that it is for."""
    call = Call(steps, arguments)
    await call.proceed(threaded=threaded)
    if call.error is None:
        try:
            call.end(await function(**arguments, **wiring.keywords(call.values)))
        except BaseException as error:
            call.fail(error)
    await call.proceed(threaded=threaded)
    return call.outcome()
