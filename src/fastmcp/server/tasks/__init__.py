"""Background tasks: calls that are answered at once with a task, and done by a worker."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastmcp._lazy import lazy_names

if TYPE_CHECKING:
    from .config import TaskConfig as TaskConfig
    from .config import TaskMeta as TaskMeta
    from .config import TaskMode as TaskMode

__all__ = ["TaskConfig", "TaskMeta", "TaskMode"]

lazy_names(__name__, dict.fromkeys(__all__, ".config"))
