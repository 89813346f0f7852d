"""TaskConfig, by the name of FastMCP's module."""

from __future__ import annotations

from fastmcp._components.task_config import DEFAULT_POLL_INTERVAL as DEFAULT_POLL_INTERVAL
from fastmcp._components.task_config import TaskConfig as TaskConfig
from fastmcp._components.task_config import TaskMeta as TaskMeta
from fastmcp._components.task_config import TaskMode as TaskMode
