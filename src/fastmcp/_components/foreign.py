"""Objects of the official package, which are accepted wherever ours are."""

from __future__ import annotations

from typing import Any

from msgspec import convert


def plain(value: Any) -> Any:
    """The wire form, as builtins, of an object of the official package."""
    return value.model_dump(mode="json", by_alias=True, exclude_none=True)


def as_model(value: Any, model: type[Any]) -> Any:
    """`value` as a wire model: one already, a mapping, or an object of the official package."""
    if value is None or isinstance(value, model):
        return value
    return convert(value if isinstance(value, dict) else plain(value), model)
