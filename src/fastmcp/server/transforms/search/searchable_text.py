"""What of a tool is searched."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

from fastmcp.tools.base import Tool

_NOTHING: dict[Any, Any] = {}


def searchable_texts(tools: Sequence[Tool]) -> list[str]:
    """The names and descriptions of tools and of their parameters, put together once."""
    kept = (vars(tool).get("_derived", _NOTHING).get(searchable_texts) for tool in tools)
    return [text or _made(tool) for tool, text in zip(tools, kept, strict=True)]


def _made(tool: Tool) -> str:
    return cast("str", tool._make_derived(searchable_texts, _text))


def _text(tool: Tool) -> Any:
    parts = [tool.name, tool.description or ""]
    properties: Any = tool.parameters.get("properties")
    if isinstance(properties, dict):
        for name, schema in cast("dict[str, Any]", properties).items():
            parts.append(name)
            if isinstance(schema, dict):
                parts.append(str(cast("dict[str, Any]", schema).get("description") or ""))
    return " ".join(part for part in parts if part)
