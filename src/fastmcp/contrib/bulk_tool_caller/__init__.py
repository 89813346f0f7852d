"""Many calls of tools in one."""

from __future__ import annotations

from .bulk_tool_caller import BulkToolCaller

__all__ = ["BulkToolCaller"]
