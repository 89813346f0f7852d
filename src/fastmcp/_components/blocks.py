"""Content blocks: recognising them, ours and the official package's by shape, and making them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, cast

from fastmcp.wire.content import TextContent, UnknownContent, content_block
from fastmcp.wire.model import Model

from .foreign import plain
from .media import Media
from .writing import to_json

BLOCK_TYPES = frozenset(("text", "image", "audio", "resource", "resource_link"))
_DATA = frozenset((dict, list, tuple, str, int, float, bool, type(None)))


def is_block(value: Any) -> bool:
    """Whether a value is a content block or makes one.

    A model of the author's own with a `type` is data: every block has `annotations`, too.
    """
    if type(value) in _DATA:
        return False
    if isinstance(value, (Media, UnknownContent)):
        return True
    kind = getattr(value, "type", None)
    return (
        isinstance(kind, str)
        and kind in BLOCK_TYPES
        and hasattr(value, "annotations")
        and hasattr(value, "model_dump")
    )


def holds_blocks(value: Any) -> bool:
    """Whether a value is a block, or a list of values some of which are."""
    if isinstance(value, (list, tuple, set, frozenset)):
        return any(is_block(item) for item in cast("Iterable[Any]", value))
    return is_block(value)


def as_block(value: Any) -> Any | None:
    """The content block that a value is or makes; None when it is data.

    A dict is always data, even one that looks like a block.
    """
    if not is_block(value):
        return None
    if isinstance(value, Media):
        return value.to_content()
    return value if isinstance(value, (Model, UnknownContent)) else content_block(plain(value))


def to_blocks(value: Any) -> list[Any]:
    """The content that a value means: blocks as they are, text, and other data as JSON text.

    Raises:
        ValueError: it has no JSON; the text names the type, and what to do.
    """
    if value is None or (isinstance(value, (list, tuple)) and not value):
        return []
    if isinstance(value, str):
        return [text_block(value)]
    if isinstance(value, (bytes, bytearray)):
        return [text_block(_text_of(value))]
    if not holds_blocks(value):
        return [TextContent(text=to_json(value).decode())]
    block = as_block(value)
    if block is not None:
        return [block]
    items = cast("Iterable[Any]", value)
    return [block for item in items for block in to_blocks(item)]


def text_block(text: str) -> TextContent:
    """A block of that text, which may be of a subclass of `str`, and not quite Unicode."""
    if type(text) is not str:
        text = str.__str__(text)
    if not text.isascii():
        text = text.encode("utf-8", "backslashreplace").decode()
    return TextContent(text=text)


def _text_of(value: bytes | bytearray) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError:
        import base64

        return base64.b64encode(value).decode()
