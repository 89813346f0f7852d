"""Tools: functions that a model can call."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .base import Tool as Tool
    from .base import ToolResult as ToolResult
    from .function_tool import FunctionTool as FunctionTool

_HOME = {"Tool": "base", "ToolResult": "base", "FunctionTool": "function_tool"}

__all__ = ["FunctionTool", "Tool", "ToolResult"]


def __getattr__(name: str) -> Any:
    if (home := _HOME.get(name)) is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    value = getattr(import_module(f"{__name__}.{home}"), name)
    globals()[name] = value
    return value
