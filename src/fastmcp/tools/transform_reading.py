"""Reading what is to become of tools, by their names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from fastmcp._spelling import nearest
from fastmcp.wire.model import Model

from .arg_transform import ArgTransformConfig
from .tool_transform import ToolTransformConfig


def read_changes(given: Mapping[str, Any]) -> dict[str, ToolTransformConfig]:
    """Changes as a configuration has them.

    Raises:
        ValueError: one is unreadable; the text begins with the tool's name.
    """
    changes: dict[str, ToolTransformConfig] = {}
    for name, each in given.items():
        if isinstance(each, Mapping):
            _require_keys(name, cast("Mapping[str, Any]", each))
        try:
            changes[name] = ToolTransformConfig.model_validate(each)
        except (ValueError, TypeError) as error:
            raise ValueError(f"{name}: {error}") from None
    return changes


def _require_keys(name: str, change: Mapping[str, Any]) -> None:
    """Refuse a key that there is not, with the one that was probably meant."""
    places: list[tuple[str, Mapping[str, Any], type[Model]]] = [(name, change, ToolTransformConfig)]
    arguments = change.get("arguments")
    if isinstance(arguments, Mapping):
        for key, each in cast("Mapping[str, Any]", arguments).items():
            if isinstance(each, Mapping):
                inner = cast("Mapping[str, Any]", each)
                places.append((f"{name}.arguments.{key}", inner, ArgTransformConfig))
    for place, given, model in places:
        known = model.__struct_fields__
        for key in given:
            if key not in known:
                near = nearest(key, known)
                hint = f"did you mean {near!r}?" if near else f"use {', '.join(known)}"
                raise ValueError(f"{place}: unknown key {key!r}; {hint}")
