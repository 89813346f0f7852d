"""Defaults of parameters, as their schemas show them."""

from __future__ import annotations

from collections.abc import Set
from math import isfinite
from typing import Any, cast

_AS_THEY_ARE = (str, int, bool, type(None))


def shown_default(value: Any) -> Any:
    """A default as JSON data, the way pydantic writes it.

    Raises:
        ValueError: it cannot be JSON.
    """
    if type(value) in _AS_THEY_ARE:
        return value
    if isinstance(value, Set):
        value = _sorted(cast("Set[Any]", value))
    shown = _as_json(value)
    if not _is_finite(shown):
        raise ValueError("JSON has no NaN and no infinity")
    return shown


def _as_json(value: Any) -> Any:
    import pydantic_core

    try:
        return pydantic_core.to_jsonable_python(value)
    except pydantic_core.PydanticSerializationError:
        from .rich_types import json_of_instance

        return json_of_instance(value)


def _sorted(values: Set[Any]) -> list[Any]:
    """In one order whenever there is one, so that a schema does not differ from run to run."""
    try:
        return sorted(values)
    except TypeError:
        return list(values)


def _is_finite(value: Any) -> bool:
    if isinstance(value, float):
        return isfinite(value)
    if isinstance(value, dict):
        return all(_is_finite(member) for member in cast("dict[str, Any]", value).values())
    return not isinstance(value, list) or all(_is_finite(item) for item in cast("list[Any]", value))
