"""Tools: functions that a model can call."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastmcp._lazy import lazy_names

if TYPE_CHECKING:
    from .base import Tool as Tool
    from .base import ToolResult as ToolResult
    from .function_tool import FunctionTool as FunctionTool


__all__ = ["FunctionTool", "Tool", "ToolResult"]

__getattr__ = lazy_names(
    __name__,
    {"Tool": ".base", "ToolResult": ".base", "FunctionTool": ".function_tool"},
)
