"""Handlers of tasks, whose code is loaded by the first request that needs it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from msgspec import UNSET

from fastmcp._components.component import Component
from fastmcp._runtime.dispatch import Handler
from fastmcp.server.context import Context
from fastmcp.wire.tasks import TASKS_EXTENSION, CreateTaskResult


def may_be_task(context: Context, component: Component, wish: Any = UNSET) -> bool:
    """Whether a request has to be looked at for being run as a task, or for having to be. `wish` is
    what one of 2025-11-25 says of it, if that has been read.
    """
    config = component.task or context.host._parts.tasks.default
    if config is None:
        return wish is not None and wish is not UNSET
    if config.mode == "required":
        return True
    exchange = context.exchange
    sender = exchange.sender
    if sender.revision.modern:
        extensions = sender.capabilities.get("extensions")
        return extensions is not None and TASKS_EXTENSION in extensions
    return b'"task"' in bytes(exchange.params) if wish is UNSET else wish is not None


async def background(
    context: Context, component: Component, arguments: Any
) -> CreateTaskResult | None:
    """The answer to a request that is run as a task; None for one that is waited for."""
    from fastmcp.server.tasks.accepting import accepted

    return await accepted(context, component, arguments)


async def followed(context: Context, ids: Sequence[str] | None) -> set[str]:
    """Those of the tasks that a client wants to hear of which are its own."""
    if not ids:
        return set()
    from fastmcp.server.tasks.requests import own_tasks

    return await own_tasks(context, ids)


def of_tasks(name: str) -> Handler[Context]:
    """The handler of that name."""

    async def act(context: Context, params: Any) -> Any:
        from fastmcp.server.tasks import requests

        return await getattr(requests, name)(context, params)

    return act
