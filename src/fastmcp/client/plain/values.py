"""What a server sent, as plain Python values."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Iterable
from typing import Any, cast

from msgspec import json

from fastmcp._hydration.wrapping import says_wrapped, unwrapped
from fastmcp.wire.content import (
    AudioContent,
    BlobResourceContents,
    EmbeddedResource,
    ImageContent,
    TextContent,
)
from fastmcp.wire.features import CallToolResult, GetPromptResult
from fastmcp.wire.model import Model


def listed(component: Model) -> dict[str, Any]:
    """An entry of a list, under the protocol's names; `description` is always there."""
    members = component.model_dump(exclude_none=True)
    members.setdefault("description", "")
    return members


def result_value(result: CallToolResult) -> Any:
    """What a tool returned: its data, else its content.

    Text is a str, a picture or a sound is bytes, and so is a resource by what it holds; a link is
    a dict. Several of them are a list, and nothing is None.
    """
    if result.structured_content is None and "structured_content" not in result.model_fields_set:
        return _one_or_list(block_value(block) for block in result.content)
    return _value_in(result.structured_content, result)


def texts_of(result: CallToolResult) -> str:
    """The texts of a result, such as what a tool says of its failure."""
    return "\n".join(block.text for block in result.content if isinstance(block, TextContent))


def _value_in(data: Any, result: CallToolResult) -> Any:
    """The value that the server put into an object, as `-> int` gives `{"result": 1}`.

    Servers of FastMCP say so. With others the text tells, which has what the function returned.
    """
    wrapped = says_wrapped(result.meta)
    if not wrapped and isinstance(data, dict) and list(cast("dict[str, Any]", data)) == ["result"]:
        wrapped = not any(_is_json_of(data, block) for block in result.content)
    return unwrapped(data, wrapped=wrapped)


def _is_json_of(data: Any, block: Any) -> bool:
    try:
        return isinstance(block, TextContent) and json.decode(block.text) == data
    except (ValueError, RecursionError):
        return False


def block_value(block: Any) -> Any:
    """A content block as a value."""
    match block:
        case TextContent():
            return block.text
        case ImageContent() | AudioContent():
            return b64decode(block.data)
        case EmbeddedResource():
            return contents_value(block.resource)
        case _:
            return block.model_dump(exclude_none=True)


def contents_value(contents: Any) -> str | bytes:
    """The text of a resource, or its bytes."""
    if isinstance(contents, BlobResourceContents):
        return b64decode(contents.blob)
    return contents.text


def resource_value(contents: Iterable[Any]) -> Any:
    """What was read: a text or bytes, or a list when there are several."""
    return _one_or_list(map(contents_value, contents))


def prompt_value(prompt: GetPromptResult) -> dict[str, Any]:
    """A rendered prompt; the content of a message is its text, or else a block as a dict."""
    return {
        "description": prompt.description or "",
        "messages": [
            {"role": message.role, "content": _message_content(message.content)}
            for message in prompt.messages
        ],
    }


def _message_content(block: Any) -> Any:
    return block.text if isinstance(block, TextContent) else block.model_dump(exclude_none=True)


def _one_or_list(values: Iterable[Any]) -> Any:
    found = list(values)
    return found[0] if len(found) == 1 else found or None
