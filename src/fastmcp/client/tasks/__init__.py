"""Background tasks: calls that a server carries out while its client does something else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastmcp._lazy import lazy_names

if TYPE_CHECKING:
    from .call_tool_task import call_tool_task as call_tool_task
    from .notification_handler import TaskNotificationHandler as TaskNotificationHandler
    from .task import PromptTask as PromptTask
    from .task import ResourceTask as ResourceTask
    from .task import Task as Task
    from .task import ToolTask as ToolTask

__all__ = [
    "PromptTask",
    "ResourceTask",
    "Task",
    "TaskNotificationHandler",
    "ToolTask",
    "call_tool_task",
]

lazy_names(
    __name__,
    {
        "PromptTask": ".task",
        "ResourceTask": ".task",
        "Task": ".task",
        "TaskNotificationHandler": ".notification_handler",
        "ToolTask": ".task",
        "call_tool_task": ".call_tool_task",
    },
)
