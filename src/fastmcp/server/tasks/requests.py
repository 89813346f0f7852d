"""Handlers of tasks, in both eras."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from msgspec import UNSET, Raw, Struct, json

from fastmcp.exceptions import InvalidParams, McpError, MethodNotFound, TimedOut
from fastmcp.server.context import Context
from fastmcp.server.inputs.asking import as_answer
from fastmcp.server.subscriptions import MAX_SUBSCRIPTIONS
from fastmcp.server.tasks.record import TaskRecord
from fastmcp.server.tasks.rendering import RELATED_TASK, as_task, cancelled_now, got, undeclared
from fastmcp.server.tasks.service import TaskService, known
from fastmcp.wire.shapes import EmptyResult
from fastmcp.wire.tasks import (
    TASKS_EXTENSION,
    CancelTaskRequestParams,
    CancelTaskResult,
    GetTaskPayloadRequestParams,
    GetTaskRequestParams,
    GetTaskResult,
    ListTasksRequestParams,
    ListTasksResult,
    UpdateTaskRequestParams,
)

PAGE = 100


async def get_task(context: Context, params: GetTaskRequestParams) -> GetTaskResult:
    service = await _service(context)
    return got(await service.find(context, params.task_id), context.revision)


async def update_task(context: Context, params: UpdateTaskRequestParams) -> EmptyResult:
    service = await _service(context)
    record = await service.find(context, params.task_id)
    await service.answer(record.id, params.input_responses)
    return EmptyResult()


async def cancel_task(context: Context, params: CancelTaskRequestParams) -> CancelTaskResult:
    service = await _service(context)
    record = await service.find(context, params.task_id)
    record, cancelled = await service.cancel(record.id)
    if context.revision.modern:
        return CancelTaskResult()
    if not cancelled:
        raise InvalidParams(f"Task {record.id} has ended: it is {record.status}")
    return cancelled_now(record)


async def list_tasks(context: Context, params: ListTasksRequestParams) -> ListTasksResult:
    service = await _service(context)
    ids = await service.listed(context)
    start = 0
    if params.cursor is not None:
        if params.cursor not in ids:
            raise InvalidParams(f"Invalid cursor: {params.cursor!r}")
        start = ids.index(params.cursor) + 1
    page = ids[start : start + PAGE]
    records = [record for id in page if (record := await service.store.get(id)) is not None]
    following = page[-1] if start + PAGE < len(ids) else None
    return ListTasksResult(tasks=[as_task(each) for each in records], next_cursor=following)


async def task_result(context: Context, params: GetTaskPayloadRequestParams) -> Raw:
    """The result of the request that became the task, once it is there; what the task asks goes to
    the client that waits.
    """
    service = await _service(context)
    record = await service.find(context, params.task_id)
    while not record.ended:
        if record.status == "input_required":
            await _ask_for(context, service, record)
            reached = await service.until(record.id, lambda now: now.status != "input_required")
        else:
            reached = await service.until(record.id, lambda now: now.status != "working")
        record = known(record.id, reached)
    if record.error is not None:
        raise McpError(code=record.error.code, message=record.error.message, data=record.error.data)
    if record.result is UNSET:
        raise InvalidParams(f"Task {record.id} was cancelled: it has no result")
    return _related(record.result, record.id)


def _related(result: Raw, id: str) -> Raw:
    """The result, with the task that it is of in its `_meta`."""
    members: dict[str, Any] = json.decode(result, type=dict[str, Raw])
    return Raw(json.encode({**members, "_meta": _related_to(id, members.get("_meta"))}))


def _related_to(id: str, meta: Raw | None) -> dict[str, Any]:
    """A `_meta` that says what task it belongs to."""
    given: dict[str, Any] = {} if meta is None else json.decode(meta, type=dict[str, Raw])
    return {**given, RELATED_TASK: {"taskId": id}}


class _Question(Struct):
    method: str
    params: dict[str, Raw] | None = None


async def _ask_for(context: Context, service: TaskService, record: TaskRecord) -> None:
    """Ask the client what the task asks, until it is answered, here or elsewhere."""
    asking = asyncio.ensure_future(_answers(context, record))
    over = asyncio.ensure_future(
        service.until(record.id, lambda now: now.status != "input_required")
    )
    try:
        await asyncio.wait((asking, over), return_when=asyncio.FIRST_COMPLETED)
        if asking.done():
            await service.answer(record.id, asking.result())
    finally:
        for each in (asking, over):
            each.cancel()
        await asyncio.wait((asking, over))


async def _answers(context: Context, record: TaskRecord) -> dict[str, Any]:
    exchange = context.exchange

    async def answer(key: str, question: Raw) -> tuple[str, Raw]:
        request = json.decode(question, type=_Question)
        members: dict[str, Any] = request.params or {}
        asked = {**members, "_meta": _related_to(record.id, members.get("_meta"))}
        try:
            return key, await exchange.peer.request(request.method, asked, exchange.id)
        except TimedOut:
            raise
        except McpError as refused:
            return key, as_answer(refused)

    return dict(await asyncio.gather(*(answer(*each) for each in record.questions.items())))


async def own_tasks(context: Context, ids: Sequence[str]) -> set[str]:
    """Those of the ids that are tasks of the caller's.

    Raises:
        MissingCapability: the client did not say that it knows tasks.
    """
    service = await _service(context)
    found = [await service.look_for(context, id) for id in ids[:MAX_SUBSCRIPTIONS]]
    return {each.id for each in found if each is not None}


async def _service(context: Context) -> TaskService:
    """The tasks of the server that the client is connected to.

    Raises:
        MethodNotFound: it has none.
        MissingCapability: a modern client did not say that it knows tasks.
    """
    tasks, method = context.host._parts.tasks, context.exchange.method
    if not tasks.offered:
        raise MethodNotFound(f"Method not found: {method}; this server has no tasks")
    if context.revision.modern and not context.client_supports_extension(TASKS_EXTENSION):
        raise undeclared(f"{method} needs a client that declares the extension {TASKS_EXTENSION}")
    return tasks.service()
