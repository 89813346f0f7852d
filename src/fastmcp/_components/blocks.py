"""Recognising content blocks: ours, the official package's by shape, and media objects."""

from __future__ import annotations

from typing import Any

from msgspec import convert

from fastmcp.wire.content import content_block
from fastmcp.wire.model import Model

from .media import Media

BLOCK_TYPES = frozenset(("text", "image", "audio", "resource", "resource_link"))


def is_block(value: Any) -> bool:
    """Whether a value is a content block or makes one."""
    if isinstance(value, Media):
        return True
    return getattr(value, "type", None) in BLOCK_TYPES and hasattr(value, "model_dump")


def as_block(value: Any) -> Any | None:
    """The content block that a value is or makes; None when it is data.

    A dict is always data, even one that looks like a block.
    """
    if not is_block(value):
        return None
    if isinstance(value, Media):
        return value.to_content()  # type: ignore[attr-defined]
    return value if isinstance(value, Model) else content_block(plain(value))


def plain(value: Any) -> Any:
    """The wire form, as builtins, of an object of the official package."""
    return value.model_dump(mode="json", by_alias=True, exclude_none=True)


def as_model(value: Any, model: type[Any]) -> Any:
    """`value` as a wire model: one already, a mapping, or an object of the official package."""
    if value is None or isinstance(value, model):
        return value
    return convert(value if isinstance(value, dict) else plain(value), model)
