"""Tools: functions that a model can call."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastmcp._lazy import alias_module, lazy_names

if TYPE_CHECKING:
    from .base import Tool as Tool
    from .base import ToolResult as ToolResult
    from .function_tool import FunctionTool as FunctionTool
    from .function_tool import tool as tool
    from .transformed_tool import TransformedTool as TransformedTool
    from .transformed_tool import forward as forward
    from .transformed_tool import forward_raw as forward_raw


__all__ = [
    "FunctionTool",
    "Tool",
    "ToolResult",
    "TransformedTool",
    "forward",
    "forward_raw",
    "tool",
]

lazy_names(
    __name__,
    {
        "FunctionTool": ".function_tool",
        "Tool": ".base",
        "ToolResult": ".base",
        "TransformedTool": ".transformed_tool",
        "forward": ".transformed_tool",
        "forward_raw": ".transformed_tool",
        "tool": ".function_tool",
    },
)

# The module was called so once; the attribute of that name is the decorator.
alias_module("fastmcp.tools.tool", ".base", ".function_tool", ".tool_transform", "fastmcp.types")
