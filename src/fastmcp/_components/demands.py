"""Functions that return what they need from the client instead of a result."""

from __future__ import annotations

from typing import Any

from fastmcp.wire.inputs import InputRequiredResult

from .foreign import plain


def demand_of(value: Any) -> InputRequiredResult | None:
    """The demand that a value is, ours or the official package's; None for other values."""
    if isinstance(value, InputRequiredResult):
        return value
    if hasattr(value, "input_requests") and hasattr(value, "request_state"):
        return InputRequiredResult.model_validate(plain(value))
    return None
