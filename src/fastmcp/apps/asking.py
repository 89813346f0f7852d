"""What a tool that opens an interface gives: the data of the page, and what the model reads."""

from __future__ import annotations

from typing import Any

from fastmcp._components.app_config import UI_EXTENSION_ID
from fastmcp.server.context import Context
from fastmcp.tools.tool_result import ToolResult

WAITS = "The user sees this now. Stop here; what they do comes as their next message."
CANNOT = "This client shows no interfaces, so the user sees nothing of this: ask them in text."


def asking(data: dict[str, Any], text: str = WAITS) -> ToolResult:
    """The data of a page; the model reads `text`, or that its user sees no page."""
    context = Context.current_or_none()
    shows = context is None or context.client_supports_extension(UI_EXTENSION_ID)
    return ToolResult(text if shows else CANNOT, data)
