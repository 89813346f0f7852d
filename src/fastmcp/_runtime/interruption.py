"""Ending a request that is being served so that it is still answered: with an error."""

from __future__ import annotations

import asyncio
import inspect
from typing import Any
from weakref import WeakSet

from fastmcp.exceptions import McpError

STOPPED = -32000

_interrupted: WeakSet[asyncio.Task[Any]] = WeakSet()


class ServerStopping(McpError):
    """The server ends, and with it what was not finished by then."""

    def __init__(self) -> None:
        super().__init__(
            code=STOPPED, message="The server is stopping, and did not finish this request"
        )


def interrupt(task: asyncio.Task[Any]) -> None:
    """Cancel a task that serves a request; whoever answers for it says why.

    One that has yet to begin would end before anybody could answer, so it begins first.
    """
    coroutine: Any = task.get_coro()
    if inspect.iscoroutine(coroutine) and inspect.getcoroutinestate(coroutine) == "CORO_CREATED":
        task.get_loop().call_soon(interrupt, task)
        return
    _interrupted.add(task)
    task.cancel()


def was_interrupted() -> bool:
    """Whether the cancellation that the current task has just caught was an interruption. Then it
    is over, and the task goes on; not so when somebody else cancelled it as well.
    """
    task = asyncio.current_task()
    if task is None or task not in _interrupted:
        return False
    _interrupted.discard(task)
    return task.uncancel() == 0
