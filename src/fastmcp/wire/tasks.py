"""Tasks, in the core shape of 2025-11-25 and in the extension's shape of 2026-07-28."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal, TypeAlias

from msgspec import UNSET, UnsetType

from fastmcp.wire.model import Model
from fastmcp.wire.revisions import R2025_11_25, R2026_07_28, between, since, until
from fastmcp.wire.shapes import (
    NotificationParams,
    PaginatedRequestParams,
    RequestParams,
    Result,
)

__all__ = [
    "TASKS_EXTENSION",
    "CancelTaskRequestParams",
    "CancelTaskResult",
    "CreateTaskResult",
    "GetTaskPayloadRequestParams",
    "GetTaskPayloadResult",
    "GetTaskRequestParams",
    "GetTaskResult",
    "ListTasksRequestParams",
    "ListTasksResult",
    "Task",
    "TaskMetadata",
    "TaskNotificationParams",
    "TaskStatus",
    "TaskStatusNotificationParams",
    "UpdateTaskRequestParams",
]

TASKS_EXTENSION: Final = "io.modelcontextprotocol/tasks"

TaskStatus: TypeAlias = Literal["working", "input_required", "completed", "failed", "cancelled"]

# Both shapes demand their time to live and allow null for it, so absence must differ from null.
CoreTtl: TypeAlias = Annotated[int | UnsetType | None, until(R2025_11_25)]
CorePollInterval: TypeAlias = Annotated[int | None, until(R2025_11_25)]
ExtensionTtl: TypeAlias = Annotated[int | UnsetType | None, since(R2026_07_28)]
ExtensionPollInterval: TypeAlias = Annotated[int | None, since(R2026_07_28)]


class TaskMetadata(Model):
    """The wish that a request be run as a task, kept for `ttl` milliseconds."""

    ttl: int | None = None


TaskAugmentation: TypeAlias = Annotated[TaskMetadata | None, between(R2025_11_25, R2025_11_25)]


class Task(Model):
    """A task of 2025-11-25. Times are ISO 8601; `ttl` is null for no limit."""

    task_id: str
    status: TaskStatus
    created_at: str
    last_updated_at: str
    ttl: int | None
    status_message: str | None = None
    poll_interval: int | None = None


class CreateTaskResult(Result):
    """The answer that a task was made instead: `task` in 2025-11-25, else the flat members."""

    task: Annotated[Task | None, until(R2025_11_25)] = None
    task_id: Annotated[str | None, since(R2026_07_28)] = None
    status: Annotated[TaskStatus | None, since(R2026_07_28)] = None
    status_message: Annotated[str | None, since(R2026_07_28)] = None
    created_at: Annotated[str | None, since(R2026_07_28)] = None
    last_updated_at: Annotated[str | None, since(R2026_07_28)] = None
    ttl_ms: ExtensionTtl = UNSET
    poll_interval_ms: ExtensionPollInterval = None


class GetTaskRequestParams(RequestParams):
    """Names a task."""

    task_id: str


class GetTaskResult(Result):
    """A task's present state.

    `result`, `error` and `input_requests` come with a completed, failed or waiting task of the
    extension; `result` is the finished request's whole result, `error` a JSON-RPC error.
    """

    task_id: str
    status: TaskStatus
    created_at: str
    last_updated_at: str
    status_message: str | None = None
    ttl: CoreTtl = UNSET
    poll_interval: CorePollInterval = None
    ttl_ms: ExtensionTtl = UNSET
    poll_interval_ms: ExtensionPollInterval = None
    input_requests: Annotated[dict[str, Any] | None, since(R2026_07_28)] = None
    result: Annotated[dict[str, Any] | None, since(R2026_07_28)] = None
    error: Annotated[dict[str, Any] | None, since(R2026_07_28)] = None


class GetTaskPayloadRequestParams(RequestParams):
    """Names the task whose underlying result is awaited, in 2025-11-25."""

    task_id: str


class GetTaskPayloadResult(Result):
    """The underlying request's result; decode the raw result by that request's own type."""


class UpdateTaskRequestParams(RequestParams):
    """Answers to some of a waiting task's input requests, by key."""

    task_id: str
    input_responses: dict[str, Any]


class CancelTaskRequestParams(RequestParams):
    """Names a task."""

    task_id: str


class CancelTaskResult(Result):
    """The cancelled task in 2025-11-25; nothing but the acknowledgement in the extension."""

    task_id: Annotated[str | None, until(R2025_11_25)] = None
    status: Annotated[TaskStatus | None, until(R2025_11_25)] = None
    created_at: Annotated[str | None, until(R2025_11_25)] = None
    last_updated_at: Annotated[str | None, until(R2025_11_25)] = None
    status_message: Annotated[str | None, until(R2025_11_25)] = None
    ttl: CoreTtl = UNSET
    poll_interval: CorePollInterval = None


class ListTasksRequestParams(PaginatedRequestParams):
    """Params of `tasks/list`."""


class ListTasksResult(Result):
    """One page of tasks, in 2025-11-25."""

    tasks: list[Task]
    next_cursor: str | None = None


class TaskStatusNotificationParams(NotificationParams):
    """A task of 2025-11-25 has changed; all of it is here."""

    task_id: str
    status: TaskStatus
    created_at: str
    last_updated_at: str
    ttl: int | None
    status_message: str | None = None
    poll_interval: int | None = None


class TaskNotificationParams(NotificationParams):
    """A task of the extension has changed; all of it is here, as in `GetTaskResult`."""

    task_id: str
    status: TaskStatus
    created_at: str
    last_updated_at: str
    ttl_ms: int | None
    status_message: str | None = None
    poll_interval_ms: int | None = None
    input_requests: dict[str, Any] | None = None
    result: dict[str, Any] | None = None
    error: dict[str, Any] | None = None
