"""Tasks as the wire shows them, in the shapes of both eras."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final

from msgspec import UNSET, Raw, json, to_builtins

from fastmcp.exceptions import MissingCapability
from fastmcp.wire.model import Model
from fastmcp.wire.notifications import ProgressNotificationParams
from fastmcp.wire.revisions import LATEST_MODERN, Revision
from fastmcp.wire.tasks import (
    TASKS_EXTENSION,
    CancelTaskResult,
    CreateTaskResult,
    GetTaskResult,
    Task,
)

from .record import TaskRecord

RELATED_TASK: Final = "io.modelcontextprotocol/related-task"


def created(record: TaskRecord, revision: Revision) -> CreateTaskResult:
    """The answer to a request that has become a task."""
    if revision.modern:
        return CreateTaskResult(result_type="task", **_modern(record))
    return CreateTaskResult(task=as_task(record))


def as_task(record: TaskRecord) -> Task:
    """A task of 2025-11-25."""
    return Task(**_core(record))


def got(record: TaskRecord, revision: Revision) -> GetTaskResult:
    """The state of a task: in the extension with its result, its error, or what it asks."""
    if not revision.modern:
        return GetTaskResult(**_core(record))
    return GetTaskResult(**_modern(record), **outcome(record))


def cancelled_now(record: TaskRecord) -> CancelTaskResult:
    """The state of a task of 2025-11-25 that has been cancelled."""
    return CancelTaskResult(**_core(record))


def undeclared(text: str) -> MissingCapability:
    """The error for a modern client that did not say that it knows tasks."""
    return MissingCapability(text, {"requiredCapabilities": {"extensions": {TASKS_EXTENSION: {}}}})


def outcome(record: TaskRecord) -> dict[str, Any]:
    """What comes with the state of a task in the extension."""
    members: dict[str, Any] = {}
    if record.questions:
        members["input_requests"] = record.questions
    if record.result is not UNSET:
        members["result"] = record.result
    if record.error is not None:
        members["error"] = to_builtins(record.error)
    return members


def notifications_of(record: TaskRecord, *, modern: bool) -> list[tuple[str, dict[str, Any]]]:
    """What tells the client of a task how it is now. One that asked for progress hears of that."""
    if modern:
        return [("notifications/tasks", _members(got(record, LATEST_MODERN)))]
    told = [("notifications/tasks/status", _members(as_task(record)))]
    token, progress = record.caller.progress_token, record.progress
    if token is not None and progress is not None and not record.ended:
        params = ProgressNotificationParams(
            progress_token=token,
            progress=progress.progress,
            total=progress.total,
            message=progress.message,
            meta={RELATED_TASK: {"taskId": record.id}},
        )
        told.insert(0, ("notifications/progress", _members(params)))
    return told


def _members(model: Model) -> dict[str, Any]:
    return json.decode(json.encode(model), type=dict[str, Raw])


def _core(record: TaskRecord) -> dict[str, Any]:
    return {
        **_common(record),
        "status": record.status,
        "ttl": _milliseconds(record.ttl),
        "poll_interval": _milliseconds(record.poll_interval),
    }


def _modern(record: TaskRecord) -> dict[str, Any]:
    has_result = record.result is not UNSET  # which may tell of a failure
    return {
        **_common(record),
        "status": "completed" if has_result else record.status,
        "ttl_ms": _milliseconds(record.ttl),
        "poll_interval_ms": _milliseconds(record.poll_interval),
    }


def _common(record: TaskRecord) -> dict[str, Any]:
    return {
        "task_id": record.id,
        "status_message": record.status_message,
        "created_at": _time(record.created_at),
        "last_updated_at": _time(record.updated_at),
    }


def _milliseconds(seconds: float | None) -> int | None:
    return None if seconds is None else round(seconds * 1000)


def _time(seconds: float) -> str:
    return (
        datetime.fromtimestamp(seconds, UTC)
        .isoformat(timespec="milliseconds")
        .replace("+00:00", "Z")
    )
