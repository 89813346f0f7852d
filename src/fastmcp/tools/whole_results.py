"""Values that are results already: of ours, of other libraries, or of another server's JSON."""

from __future__ import annotations

from typing import Any, TypeAlias, cast

from fastmcp._components.blocks import BLOCK_TYPES, is_block
from fastmcp._components.demands import demand_of
from fastmcp._components.foreign import plain
from fastmcp.wire.features import CallToolResult
from fastmcp.wire.inputs import InputRequiredResult

from .tool_result import ToolResult

WholeResult: TypeAlias = ToolResult | CallToolResult | InputRequiredResult

_OURS = (ToolResult, CallToolResult, InputRequiredResult)
_TELLING = {"structuredContent", "structured_content", "isError", "is_error", "resultType"}
_MEMBERS = _TELLING | {"content", "_meta", "meta"}


def whole_result(value: Any) -> Any:
    """The result that a value is, for it to be sent as it is; None when it is data."""
    if isinstance(value, _OURS):
        return value
    if isinstance(value, dict):
        members = cast("dict[str, Any]", value)
        return _of_json(members) if "content" in members else None
    return _of_object(value) if has_result_members(value) else demand_of(value)


def has_result_members(value: Any) -> bool:
    """Whether an object, or a class, has what every library's result of a call has."""
    return hasattr(value, "content") and (
        hasattr(value, "structured_content") or hasattr(value, "structuredContent")
    )


def _of_object(value: Any) -> CallToolResult | None:
    if hasattr(value, "model_dump"):
        return _validated(plain(value))
    return _validated(
        {
            "content": value.content,
            "structuredContent": value.structured_content,
            "isError": getattr(value, "is_error", False),
            "_meta": getattr(value, "meta", None),
        }
    )


def _of_json(members: dict[str, Any]) -> CallToolResult | None:
    """The answer of a server to `tools/call`, handed on as it came.

    It has nothing but the members of a result, blocks of a known type, and a member that tells it
    from other data with a `content`.
    """
    names = members.keys()
    if names & _TELLING and names <= _MEMBERS and _are_blocks(members["content"]):
        return _validated(members)
    return None


def _are_blocks(content: Any) -> bool:
    return isinstance(content, list) and all(map(_is_block, cast("list[Any]", content)))


def _is_block(item: Any) -> bool:
    if not isinstance(item, dict):
        return is_block(item)
    kind = cast("dict[str, Any]", item).get("type")
    return isinstance(kind, str) and kind in BLOCK_TYPES


def _validated(members: dict[str, Any]) -> CallToolResult | None:
    given = {name: value for name, value in members.items() if value is not None}
    try:
        return CallToolResult.model_validate(given)
    except ValueError:
        return None
