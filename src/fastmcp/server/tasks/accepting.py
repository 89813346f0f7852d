"""Which requests are run as tasks: those whose client asks for it, and whose component lets it."""

from __future__ import annotations

from typing import Any

from msgspec import UNSET, DecodeError, Struct, UnsetType, json

from fastmcp._components.component import Component
from fastmcp._runtime.exchange import SessionRecord
from fastmcp.exceptions import MethodNotFound
from fastmcp.wire.revisions import R2025_11_25
from fastmcp.wire.tasks import TASKS_EXTENSION, CreateTaskResult, TaskMetadata

from ..context import Context
from ..inputs.asking import rounds_of
from ..request.detached import Nobody
from ..state.session_names import values_of
from .becoming import BECOMING
from .config import TaskConfig
from .rendering import created, undeclared
from .submission import task_of

FOLLOWED = 1_000
"""Of so many of its tasks a handshake session is told, the latest ones."""


async def accepted(
    context: Context, component: Component, arguments: Any = None
) -> CreateTaskResult | None:
    """The answer to a request that is run as a task; None for one that is waited for.

    Raises:
        MethodNotFound: the component has to be called the other way.
        MissingCapability: as MethodNotFound, for a modern client.
        ValidationError: the arguments do not fit.
    """
    exchange = context.exchange
    config: TaskConfig | None = component.task or context.host._parts.tasks.default
    if exchange.component is not None or exchange.task is not None:
        return None  # it is a part of what was asked for
    if isinstance(exchange.peer, Nobody):
        return None
    wish = _wish(context)
    mode = "forbidden" if config is None else config.mode
    if wish is None:
        if mode == "required":
            _require(context, component)
        return None
    if config is None or mode == "forbidden":
        if not context.revision.modern and context.host._parts.tasks.offered:
            raise MethodNotFound(f"The {component.KIND} {component.name!r} cannot be run as a task")
        return None
    component.check_arguments(arguments)
    ttl = None if wish.ttl is None else max(wish.ttl, 0) / 1000
    if config.deferred:
        rounds_of(exchange)  # what is asked before is known to the task
        values_of(exchange)[BECOMING] = lambda: _begun(context, component, config, ttl)
        return None
    return await _begun(context, component, config, ttl)


async def _begun(
    context: Context, component: Component, config: TaskConfig, ttl: float | None
) -> CreateTaskResult:
    service = context.host._parts.tasks.service()
    record = task_of(context, component, config, ttl)
    await service.submit(record)
    if context.exchange.session is not None:
        _follow(context.exchange.session, record.id)
    return created(record, context.revision)


def _follow(session: SessionRecord, id: str) -> None:
    """Have a session hear of a task."""
    if session.tasks is None:
        session.tasks = {}
    session.tasks[id] = None
    if len(session.tasks) > FOLLOWED:
        del session.tasks[next(iter(session.tasks))]


def _wish(context: Context) -> TaskMetadata | None:
    """What the client said of a task: a modern one that it can deal with any, for a tool."""
    if context.revision.modern:
        of_tools = context.exchange.method == "tools/call"
        declared = context.client_supports_extension(TASKS_EXTENSION)
        return TaskMetadata() if of_tools and declared else None
    if context.revision != R2025_11_25:
        return None
    try:
        wish = _read_wish(context.exchange.params).task
    except DecodeError:
        return None
    return None if wish is UNSET else wish


class _Wishing(Struct):
    task: TaskMetadata | UnsetType = UNSET


_read_wish = json.Decoder(_Wishing).decode


def _require(context: Context, component: Component) -> None:
    if not context.revision.modern:
        raise MethodNotFound(
            f"The {component.KIND} {component.name!r} has to be called as a task: with `task` in "
            "the parameters, in a session of 2025-11-25"
        )
    if context.exchange.method == "tools/call":
        raise undeclared(
            f"The tool {component.name!r} runs as a task: declare the extension {TASKS_EXTENSION}"
        )
