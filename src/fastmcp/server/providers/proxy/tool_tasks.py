"""Calls of tools that may run as tasks on the server behind a proxy.

Where the client in front may be given a task, it is given one of the proxy's own, which knows that
of the server behind from its beginning: whoever runs it, in whatever process, goes on with that.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeAlias

from msgspec import UNSET, Raw, Struct, UnsetType, json, structs

from fastmcp._components.task_config import TaskConfig
from fastmcp._runtime.exchange import Exchange
from fastmcp.client.client import Client
from fastmcp.client.tasks.created import created_in
from fastmcp.client.tool_calls import needs_tasks
from fastmcp.exceptions import McpError
from fastmcp.wire.features import Tool, ToolExecution
from fastmcp.wire.methods import METHODS
from fastmcp.wire.revisions import REVISIONS
from fastmcp.wire.tasks import TASKS_EXTENSION, TaskMetadata

from ...context import Context
from ...inputs.asking import rounds_of
from ...request.detached import Nobody
from ...state.session_names import values_of
from ...tasks.becoming import BECOMING
from .backend import Backend
from .held_errands import place_of

Ask: TypeAlias = Callable[[TaskMetadata | None], Awaitable[Raw]]
"""Makes the call, with the wish that it be a task or without."""


class ProxiedTaskConfig(TaskConfig, frozen=True):
    """That of a tool which the server behind may run as a task."""


class Begun(Struct, omit_defaults=True):
    """What the server behind has made of a call: a task of this id, or an answer."""

    task: str = ""
    answer: Raw | UnsetType = UNSET


_read = json.Decoder(Begun).decode


def offers_tasks(client: Client) -> bool:
    """Whether a server runs calls of tools as tasks."""
    offered = client.server_capabilities
    if _is_modern(client):
        unasked = offered.tools is None  # its mode is pinned, and it has not said what it offers
        return unasked or TASKS_EXTENSION in (offered.extensions or {})
    return offered.tasks is not None and "tools" in (offered.tasks.requests or {})


def with_tasks(client: Client, tools: list[Tool]) -> list[Tool]:
    """What a server lists, which if it is modern does not say of a tool whether it may be a task:
    where there are tasks any may.
    """
    if not _is_modern(client) or not offers_tasks(client):
        return tools
    execution = ToolExecution(task_support="optional")
    return [structs.replace(tool, execution=execution) for tool in tools]


def _is_modern(client: Client) -> bool:
    return REVISIONS[client.protocol_version].modern


def config_of(tool: Tool) -> TaskConfig | None:
    """How a listed tool may be called."""
    support = None if tool.execution is None else tool.execution.task_support
    if support is None or support == "forbidden":
        return None
    return ProxiedTaskConfig(mode=support, deferred=True)


async def call_result(backend: Backend, name: str, config: TaskConfig, ask: Ask) -> Raw:
    """The answer to a call of a tool of the server behind, waited for where it is a task there and
    cannot be one here.

    Raises:
        Suspended: the call goes on as a task of the proxy's.
        McpError: the server behind answered with an error.
    """
    front = Context.current_or_none()
    if front is None or not METHODS[front.exchange.method].interactive:
        begun, place = await _begin(None, config, ask), ""
    else:
        place = place_of(front.exchange, "task", name)
        begun = await _begun(front, place, config, ask)
    if begun.answer is not UNSET:
        return begun.answer
    return await backend.finished(begun.task, f"{place} waits")


async def _begun(front: Context, place: str, config: TaskConfig, ask: Ask) -> Begun:
    """What was begun in an earlier run for the same request, or else is now."""
    exchange = front.exchange
    known = None if exchange.rounds is None else exchange.rounds.record.steps.get(place)
    if known is not None:
        return _read(known)
    begun = await _begin(exchange, config, ask)
    becomes_task = _becomes_task(exchange, begun)
    if begun.task or becomes_task:
        rounds_of(exchange).record.steps[place] = Raw(json.encode(begun))
    if becomes_task:
        await front.become_task()
    return begun


async def _begin(exchange: Exchange | None, config: TaskConfig, ask: Ask) -> Begun:
    in_task = exchange is not None and (exchange.task is not None or _may_become_task(exchange))
    wish = TaskMetadata() if in_task or config.mode == "required" else None
    try:
        raw = await ask(wish)
    except McpError as error:
        if wish is not None or not needs_tasks(error) or _can_declare(exchange):
            raise
        raw = await ask(TaskMetadata())
    created = created_in(raw)
    return Begun(answer=raw) if created is None else Begun(task=created.state.task_id)


def _may_become_task(exchange: Exchange) -> bool:
    """Whether the request is for such a tool itself, and may be answered with a task."""
    return _is_for_proxied(exchange) and BECOMING in values_of(exchange)


def _becomes_task(exchange: Exchange, begun: Begun) -> bool:
    """Whether it is: a client of the handshake era has asked for that, whatever comes of it."""
    wished = not exchange.sender.revision.modern or bool(begun.task)
    return exchange.task is None and wished and _may_become_task(exchange)


def _can_declare(exchange: Exchange | None) -> bool:
    """Whether the client in front can make the call again, and say that it knows tasks."""
    if exchange is None or isinstance(exchange.peer, Nobody) or exchange.task is not None:
        return False
    return exchange.sender.revision.modern and _is_for_proxied(exchange)


def _is_for_proxied(exchange: Exchange) -> bool:
    component = exchange.component
    return component is not None and isinstance(component.task, ProxiedTaskConfig)
