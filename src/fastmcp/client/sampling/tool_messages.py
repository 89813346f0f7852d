"""The order in which tools are called and answered in a conversation (PROTOCOL 3.10)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

from fastmcp.exceptions import InvalidParams
from fastmcp.wire.content import ToolResultContent, ToolUseContent
from fastmcp.wire.inputs import SamplingMessage


def blocks_of(message: SamplingMessage) -> list[Any]:
    """The content of a message as a list of blocks."""
    content: Any = message.content
    return cast("list[Any]", content) if isinstance(content, list) else [content]


def check_tool_messages(messages: Sequence[SamplingMessage]) -> None:
    """Hold each call of a tool to be answered in the very next message, which has nothing else.

    Raises:
        InvalidParams: one is not, or something is answered that nobody called.
    """
    called: set[str] = set()
    for message in messages:
        blocks = blocks_of(message)
        answered = {block.tool_use_id for block in blocks if isinstance(block, ToolResultContent)}
        if answered and not all(isinstance(block, ToolResultContent) for block in blocks):
            raise InvalidParams("A message with the results of tools has to have nothing else")
        if answered != called:
            ids = ", ".join(sorted(answered ^ called))
            raise InvalidParams(
                f"Calls of tools are answered in the very next message; these are not: {ids}"
            )
        called = {block.id for block in blocks if isinstance(block, ToolUseContent)}
    if called:
        raise InvalidParams(f"Calls of tools without results: {', '.join(sorted(called))}")
