"""Content blocks that decode by their type, contents by their members, and the unknown kept."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from fastmcp.wire.content import (
    AudioContent,
    BlobResourceContents,
    EmbeddedResource,
    ImageContent,
    ResourceLink,
    TextContent,
    TextResourceContents,
    ToolResultContent,
    ToolUseContent,
    UnknownContent,
)
from fastmcp.wire.features import CallToolResult, PromptMessage, ReadResourceResult
from fastmcp.wire.inputs import CreateMessageResult, SamplingMessage


def decoded_block(block: dict[str, Any]) -> Any:
    data = json.dumps({"role": "user", "content": block})
    return msgspec.json.decode(data, type=SamplingMessage).content


@pytest.mark.parametrize(
    ("block", "expected"),
    [
        ({"type": "text", "text": "x"}, TextContent(text="x")),
        (
            {"type": "image", "data": "eA==", "mimeType": "image/png"},
            ImageContent(data="eA==", mime_type="image/png"),
        ),
        (
            {"type": "audio", "data": "eA==", "mimeType": "audio/wav"},
            AudioContent(data="eA==", mime_type="audio/wav"),
        ),
        (
            {"type": "resource_link", "uri": "a://b", "name": "n"},
            ResourceLink(uri="a://b", name="n"),
        ),
        (
            {"type": "resource", "resource": {"uri": "a://b", "text": "x"}},
            EmbeddedResource(resource=TextResourceContents(uri="a://b", text="x")),
        ),
        (
            {"type": "resource", "resource": {"uri": "a://b", "blob": "eA=="}},
            EmbeddedResource(resource=BlobResourceContents(uri="a://b", blob="eA==")),
        ),
        (
            {"type": "tool_use", "id": "1", "name": "t", "input": {"a": 1}},
            ToolUseContent(id="1", name="t", input={"a": 1}),
        ),
        (
            {"type": "tool_result", "toolUseId": "1", "content": [{"type": "text", "text": "x"}]},
            ToolResultContent(tool_use_id="1", content=[TextContent(text="x")]),
        ),
    ],
    ids=str,
)
def test_blocks_decode_by_their_type(block: dict[str, Any], expected: Any) -> None:
    """Each kind of block becomes its own class."""
    assert decoded_block(block) == expected


def test_an_unknown_block_survives_verbatim() -> None:
    """A new kind of block neither fails the result nor loses a member."""
    block: dict[str, Any] = {"type": "hologram", "depth": [1, None], "_meta": {"k": {}}}
    data: dict[str, Any] = {"content": [{"type": "text", "text": "x"}, block]}
    result = msgspec.json.decode(json.dumps(data), type=CallToolResult)
    text, unknown = result.content
    assert text == TextContent(text="x")
    assert isinstance(unknown, UnknownContent)
    assert (unknown.type, unknown.model_dump()) == ("hologram", block)
    assert json.loads(msgspec.json.encode(result)) == data
    assert result.model_dump(exclude_defaults=True) == data


@pytest.mark.parametrize("name", ["a", "list"])
def test_sampled_content_is_a_block_or_a_list(name: str) -> None:
    """Both forms decode and encode as they came."""
    block = {"type": "text", "text": "x"}
    content = block if name == "a" else [block, {"type": "new"}]
    data = {"role": "assistant", "content": content, "model": "m"}
    result = msgspec.json.decode(json.dumps(data), type=CreateMessageResult)
    first = result.content[0] if isinstance(result.content, list) else result.content
    assert first == TextContent(text="x")
    assert json.loads(msgspec.json.encode(result)) == data


@pytest.mark.parametrize(
    ("block", "complaint"),
    [
        ({"text": "x"}, "type"),
        ({"type": 1}, "type"),
        ({"type": "text"}, "`text`"),
        ({"type": "text", "text": 1}, "Expected `str`"),
        ({"type": "resource", "resource": {"uri": "a://b"}}, "`text`"),
        ({"type": "resource", "resource": {"blob": "eA=="}}, "`uri`"),
    ],
)
def test_a_malformed_block_is_refused(block: dict[str, Any], complaint: str) -> None:
    """A known kind must have its members."""
    with pytest.raises(msgspec.ValidationError, match=complaint):
        decoded_block(block)


def test_blocks_may_be_given_as_dicts() -> None:
    """A constructor takes what a decoder takes."""
    block: Any = {"type": "text", "text": "x"}
    assert CallToolResult(content=[block]).content == [TextContent(text="x")]
    assert PromptMessage(role="user", content=block).content == TextContent(text="x")


def test_contents_have_only_the_member_of_their_kind() -> None:
    """`hasattr` tells text from binary contents."""
    data = b'{"contents":[{"uri":"a","text":""},{"uri":"b","blob":"","mimeType":"x/y"}]}'
    text, blob = msgspec.json.decode(data, type=ReadResourceResult).contents
    assert isinstance(text, TextResourceContents)
    assert isinstance(blob, BlobResourceContents)
    assert (hasattr(text, "blob"), hasattr(blob, "text")) == (False, False)
    assert (blob.uri, blob.mime_type) == ("b", "x/y")


def test_uris_are_kept_as_written() -> None:
    """Nothing is normalised: lookups compare verbatim."""
    uri = "HTTP://Example.COM/%7Ea/../b?q"
    link = msgspec.json.decode(json.dumps({"uri": uri, "name": "n"}), type=ResourceLink)
    assert link.uri == uri


def test_tool_results_tell_null_from_absent() -> None:
    """`structured_content` reads as None either way, and is sent only if it was there."""
    data = b'{"type":"tool_result","toolUseId":"1","content":[]%s}'
    for extra in (b"", b',"structuredContent":null'):
        result = msgspec.json.decode(data % extra, type=ToolResultContent)
        assert result.structured_content is None
        assert msgspec.json.encode(result) == data % extra
