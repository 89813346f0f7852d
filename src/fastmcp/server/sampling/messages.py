"""The messages of a conversation: from all that may stand for one, and as a client takes them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias, cast

from fastmcp._components.blocks import as_block, text_block
from fastmcp._components.foreign import plain
from fastmcp.wire.content import (
    ToolResultContent,
    ToolUseContent,
    UnknownContent,
    content_block,
)
from fastmcp.wire.inputs import SamplingMessage
from fastmcp.wire.model import Model
from fastmcp.wire.revisions import R2025_11_25, Revision

Messages: TypeAlias = (
    str | SamplingMessage | Mapping[str, Any] | Sequence[str | SamplingMessage | Mapping[str, Any]]
)


def either(messages: Messages | None, prompt: Messages | None) -> Messages:
    """What was given, by either name.

    Raises:
        TypeError: neither was, or both.
    """
    if (messages is None) == (prompt is None):
        raise TypeError("Give the model either messages or prompt=")
    return cast("Messages", prompt if messages is None else messages)


def as_messages(given: Any) -> list[SamplingMessage]:
    """A text, a message of any library or as a dict, or a sequence of them, as new messages.

    Raises:
        TypeError: something else.
        ValueError: a message whose content is none.
    """
    if isinstance(given, Sequence) and not isinstance(given, str):
        return [_message(each) for each in cast("Sequence[Any]", given)]
    return [_message(given)]


def as_content(given: Any) -> Any:
    """The block, or the list of blocks, that content means: a text, a block of any library, an
    `Image` or the like, a dict, or a list of them.
    """
    if isinstance(given, (list, tuple)):
        return [_block(each) for each in cast("Sequence[Any]", given)]
    return _block(given)


def blocks_of(content: Any) -> list[Any]:
    """The blocks of content, which is one or a list of them."""
    return cast("list[Any]", content) if isinstance(content, list) else [content]


def speaks_of_tools(messages: list[SamplingMessage]) -> bool:
    """Whether calls of tools, or their results, are among the messages."""
    kinds = (ToolUseContent, ToolResultContent)
    return any(isinstance(block, kinds) for each in messages for block in blocks_of(each.content))


def fitted(messages: list[SamplingMessage], revision: Revision) -> list[SamplingMessage]:
    """The messages as a revision has them: up to 2025-06-18 each has a single block."""
    if revision >= R2025_11_25:
        return messages
    return [
        SamplingMessage(role=each.role, content=block)
        for each in messages
        for block in blocks_of(each.content)
    ]


def _message(given: Any) -> SamplingMessage:
    if isinstance(given, str):
        return SamplingMessage(role="user", content=text_block(given))
    members = _members(given)
    role, content = members.get("role"), members.get("content")
    if role not in ("user", "assistant") or content is None:
        raise TypeError(
            "A message to sample from is a text, a SamplingMessage, or a dict with a role (user or "
            f"assistant) and content, not {type(given).__name__}"
        )
    return SamplingMessage(role=role, content=as_content(content), meta=members.get("_meta"))


def _members(given: Any) -> dict[str, Any]:
    if isinstance(given, dict):
        return cast("dict[str, Any]", given)
    names = {"role": "role", "content": "content", "_meta": "meta"}
    return {name: getattr(given, attribute, None) for name, attribute in names.items()}


def _block(given: Any) -> Any:
    if isinstance(given, str):
        return text_block(given)
    block = as_block(given)
    if block is None:
        is_foreign = hasattr(given, "model_dump") and not isinstance(given, Model)
        block: Any = content_block(plain(given) if is_foreign else given)
    if not isinstance(block, (Model, UnknownContent)):
        raise TypeError(f"Content of a message is a text or a block, not {type(given).__name__}")
    return block
