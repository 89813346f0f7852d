"""`{"result": …}`: how servers of this family carry a value that is no object."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

WRAPPED = "x-fastmcp-wrap-result"
"""The keyword of an output schema which says that `result` alone is the value."""


def says_wrapped(meta: Mapping[str, Any] | None) -> bool:
    """Whether the `_meta` of a result says that its value is wrapped."""
    notes = (meta or {}).get("fastmcp")
    return isinstance(notes, dict) and bool(cast("dict[str, Any]", notes).get("wrap_result"))


def unwrapped(structured: Any, *, wrapped: bool) -> Any:
    """The value that structured content carries."""
    if not wrapped or not isinstance(structured, dict):
        return structured
    members = cast("dict[str, Any]", structured)
    return members.get("result", members)
